//! `:monitor`: what changes in the lab, above the prompt, while other things are typed.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::thread::JoinHandle;

use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::Flow;
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};
use crate::net::events::{Change, Event, Events, Object, What};
use crate::net::fields::TableId;
use crate::net::namespace::Namespaces;
use crate::net::route::TABLE_LOCAL;
use crate::repl::Session;

type Print = Box<dyn FnMut(String) + Send>;

/// Listens until it is dropped.
pub struct Monitor {
    stop: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
}

pub fn run(session: &mut Session<'_>, argument: &str) -> mlua::Result<Flow> {
    let on = match argument {
        "on" => true,
        "off" => false,
        "" => session.monitor.is_none(),
        other => {
            return session.refuse(&format!("usage: :monitor [on|off], not {other:?}"));
        }
    };
    session.monitor = None;
    if !on {
        println!("monitoring is off");
        return Ok(Flow::GoOn);
    }
    let print = session.source.printer();
    match Monitor::start(session.lab.place.sandboxed, &session.lab.namespaces, print) {
        Ok(monitor) => {
            session.monitor = Some(monitor);
            println!(
                "monitoring links, addresses, routes, rules, neighbours and nftables; :monitor off ends it"
            );
        }
        Err(e) => session.complain(&e.to_string()),
    }
    Ok(Flow::GoOn)
}

impl Monitor {
    fn start(sandboxed: bool, all: &Namespaces, mut print: Print) -> Result<Monitor> {
        let stop = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        let (ours, directory) = (stop.clone(), all.path(""));
        // Those that are made from here on get a number, by which the kernel tells their events.
        all.note_numbers(sandboxed);
        let (ready, opened) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().name("nsh-monitor".into()).spawn(move || {
            let open = || -> Result<(Namespaces, Events)> {
                let all = Namespaces::new(directory)?;
                // Nsid and netconf say nothing that a person asks for by themselves.
                let objects: Vec<Object> =
                    Object::ALL.iter().copied().filter(|o| *o != Object::Nsid).collect();
                let events = Events::open(&all, &objects, sandboxed)?;
                Ok((all, events))
            };
            match open() {
                Ok((all, events)) => {
                    let _ = ready.send(None);
                    listen(&all, events, &ours, &mut print);
                }
                Err(e) => {
                    let _ = ready.send(Some(e));
                }
            }
        });
        let thread = thread.map_err(|e| Error::from(e).detail("a thread"))?;
        // Don't return until the monitor is listening.
        match opened.recv() {
            Ok(None) => Ok(Monitor { stop, thread: Some(thread) }),
            Ok(Some(e)) => Err(e),
            Err(_) => Err(Error::new(crate::base::error::Kind::Io, "the monitor ended")),
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.stop.write(1);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(all: &Namespaces, mut events: Events, stop: &EventFd, print: &mut Print) {
    loop {
        {
            let mut fds: Vec<(BorrowedFd<'_>, PollFlags)> = vec![(stop.as_fd(), PollFlags::POLLIN)];
            fds.extend(events.fds().into_iter().map(|fd| (fd, PollFlags::POLLIN)));
            match wait::wait_background(&fds, Deadline::NEVER) {
                Ok(ready) if !ready[0] => {}
                _ => return,
            }
        }
        let mut lines = Vec::new();
        if let Err(e) = events.drain(all, |event| lines.extend(tell(&event))) {
            print(format!("monitoring ended: {}\n", e.message()));
            return;
        }
        if !lines.is_empty() {
            print(lines.join("\n") + "\n");
        }
    }
}

/// A line as `ip monitor` would have it, the namespace in front; `None` for what is of no interest.
fn tell(event: &Event) -> Option<String> {
    let what = match &event.what {
        What::Link(link, _) => {
            format!("link {} {} mtu {}", link.name, link.state(), link.mtu())
        }
        What::Port(name) => format!("port {name}"),
        What::Address(a) => {
            let tentative = if a.tentative == Some(true) { " tentative" } else { "" };
            format!("address {} dev {}{tentative}", a.prefix(), a.dev())
        }
        What::Route(r) => {
            // The kernel's own, one for each address.
            if r.table == Some(TableId(TABLE_LOCAL)) {
                return None;
            }
            format!("route {}", r.words(&["dst", "via", "dev", "hops"]))
        }
        What::Rule(rule) => rule.in_changes(),
        What::Neigh(n) => {
            let lladdr = n.lladdr.as_ref().map(|l| format!(" lladdr {l}")).unwrap_or_default();
            format!("neigh {} dev {}{lladdr} {}", n.ip(), n.dev(), n.state())
        }
        What::Netconf(c) => format!("netconf {} {} = {}", c.dev, c.name, c.value),
        What::Nft(n) => format!("nft {} {} {} {}", n.object, n.family, n.table, n.name).trim_end().to_owned(),
        What::Nsid(_) => return None,
        What::Lost => return Some("(events were lost: too many at once)".to_owned()),
    };
    let deleted = if event.change == Change::Deleted { "deleted " } else { "" };
    Some(format!("[{}] {deleted}{what}", event.namespace))
}

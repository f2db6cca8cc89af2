//! `:monitor`: what changes in the lab, above the prompt, while other things are typed.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::thread::JoinHandle;

use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::Flow;
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};
use crate::net::events::{self, Events, Object};
use crate::net::namespace::Namespaces;
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
                let mut objects = events::all_here(all.host());
                objects.retain(|object| *object != Object::Nsid);
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
        if let Err(e) =
            events.drain(all, |event| lines.extend((!event.is_noise()).then(|| event.to_string())))
        {
            print(format!("monitoring ended: {}\n", e.message()));
            return;
        }
        if !lines.is_empty() {
            print(lines.join("\n") + "\n");
        }
    }
}

//! Captures: what passes the links of one or several namespaces, decoded, kept, waited for, saved.

mod app;
mod bpf;
mod decode;
mod expression;
mod files;
mod filter;
mod icmp;
mod packet;
mod pcap;
mod read;
mod show;
mod socket;
mod tunnel;

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::poll::PollFlags;
use nix::sched::CloneFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};

pub use app::{App, Bgp, Dhcp, Dns, Ospf, Question, ResourceRecord, dns_type};
pub use decode::decode;
pub use expression::Expression;
pub use files::Destination;
pub use filter::{Filter, Proto, is_kind, kinds};
pub use icmp::number as icmp_number;
pub use packet::*;
pub use pcap::Writer;
pub use read::{parse, read};
pub use show::WithLink;
pub use tunnel::Tunnel;

use crate::base::alone::own;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use files::Files;
use socket::{Settings, Socket};

/// The slots of all rings together, 32 MiB; one ring has at most a quarter of them.
const SLOTS: usize = 16 * 1024;
const FEWEST_SLOTS: usize = 128;
/// The reading thread only keeps the rings from running full, so that it may rest: this long is 4 million packets a
/// second.
const REST: Duration = Duration::from_millis(1);
const STACK: usize = 256 * 1024;
/// How many sockets are opened at once.
const AT_ONCE: usize = 64;

/// Where to capture.
pub struct Place<'a> {
    pub namespace: &'a Namespace,
    /// The names of links; none for all, those too that are added later.
    pub links: Vec<String>,
}

/// How to capture.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What to keep. More can be asked of a capture later, but not what it left out.
    pub filter: Filter,
    /// How many bytes of each packet to keep.
    pub snaplen: u32,
    /// Receive what is for others too (`PACKET_MR_PROMISC`).
    pub promisc: bool,
    /// How many packets to keep; later ones are counted as dropped.
    pub max_packets: usize,
    /// How many bytes of packets to keep.
    pub max_bytes: usize,
    /// Keep the last packets rather than the first; earlier ones are forgotten, and not counted as dropped.
    pub last: bool,
    /// Write them to files while they come, too.
    pub destination: Option<Destination>,
}

impl Default for Recording {
    fn default() -> Self {
        Recording {
            filter: Filter::default(),
            snaplen: 262_144,
            promisc: false,
            max_packets: 100_000,
            max_bytes: 256 << 20,
            last: false,
            destination: None,
        }
    }
}

/// How many packets a capture lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// The kernel had no room for them in the ring.
    pub kernel: u64,
    /// They came when `max_packets` or `max_bytes` were reached.
    pub limit: u64,
}

/// A running capture. Dropping it ends it.
pub struct Capture {
    shared: Arc<Shared>,
    /// Whether it sees more than one link, so that its lines need names.
    several: bool,
}

struct Shared {
    state: Mutex<State>,
    /// Readable when the reading thread found packets since it was last cleared.
    news: EventFd,
    /// Readable when the reading thread has to look at the sockets anew; without any, it ends.
    look: EventFd,
}

struct State {
    /// None once the capture is stopped.
    sockets: Vec<Socket>,
    /// Those of a stopped capture, for the reading thread to close.
    closing: Vec<Socket>,
    packets: VecDeque<Arc<Packet>>,
    /// How many there were before those in `packets`, and are cleared.
    cleared: u64,
    bytes: usize,
    options: Recording,
    drops: Drops,
    files: Option<Files>,
    /// How many packets `expect` has passed.
    expected: u64,
    /// What came to one socket while another was looked at: what comes to that one then may be older.
    held: Vec<Arc<Packet>>,
}

/// Begins to capture in all of `places`, as `tcpdump -i LINK`; when it returns, nothing is missed from then on.
///
/// Raises `not_found` for a link that isn't there, `permission` without CAP_NET_RAW.
pub fn start(places: &[Place<'_>], options: Recording) -> Result<Capture> {
    let sockets = open(places, &options)?;
    let files = options.destination.clone().map(Files::create).transpose()?;
    let several = places.len() > 1 || places.iter().any(|p| p.links.len() != 1);
    let state = State {
        sockets,
        closing: Vec::new(),
        packets: VecDeque::new(),
        cleared: 0,
        bytes: 0,
        options,
        drops: Drops::default(),
        files,
        expected: 0,
        held: Vec::new(),
    };
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let shared = Arc::new(Shared {
        state: Mutex::new(state),
        news: EventFd::from_flags(flags)?,
        look: EventFd::from_flags(flags)?,
    });
    let thread = std::thread::Builder::new().name("nsh-capture".into()).stack_size(STACK);
    let reading = shared.clone();
    own(|| thread.spawn(move || reading.run())).map_err(|e| Error::from(e).detail("starting a thread"))?;
    Ok(Capture { shared, several })
}

/// Opens the sockets, each by a thread of its own: the kernel waits for RCU when it makes a ring, 10 to 20 ms, and
/// waits for all at once.
fn open(places: &[Place<'_>], options: &Recording) -> Result<Vec<Socket>> {
    let mut wanted = Vec::new();
    for place in places {
        let name: Arc<str> = place.namespace.name().into();
        let links: Vec<Option<&str>> = match &place.links[..] {
            [] => vec![None],
            links => links.iter().map(|l| Some(l.as_str())).collect(),
        };
        wanted.extend(links.into_iter().map(|link| (place.namespace, name.clone(), link)));
    }
    let program = bpf::program(&options.filter, options.snaplen)?;
    let settings = Settings {
        program: &program,
        snaplen: options.snaplen,
        promisc: options.promisc,
        slots: match options.last && options.destination.is_none() {
            // Others may follow, of which nobody knows how many.
            true => SLOTS / 64,
            false => (SLOTS / wanted.len().max(1)).clamp(FEWEST_SLOTS, SLOTS / 4),
        },
    };
    if let [(namespace, name, link)] = &wanted[..] {
        let opened = namespace.within(|| Socket::open(name.clone(), *link, &settings));
        return Ok(vec![opened.map_err(|e| e.in_namespace(name))?]);
    }
    let mut sockets = Vec::with_capacity(wanted.len());
    for some in wanted.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let mut threads = Vec::with_capacity(some.len());
            for (namespace, name, link) in some {
                let (fd, settings) = (namespace.descriptor()?, &settings);
                let thread = std::thread::Builder::new().stack_size(STACK);
                threads.push(thread.spawn_scoped(scope, move || {
                    nix::sched::setns(fd, CloneFlags::CLONE_NEWNET)?;
                    Socket::open(name.clone(), *link, settings).map_err(|e| e.in_namespace(name))
                })?);
            }
            for thread in threads {
                let opened = thread.join();
                sockets
                    .push(opened.unwrap_or_else(|_| Err(Error::new(Kind::Io, "opening a socket failed")))?);
            }
            Ok::<(), Error>(())
        })?;
    }
    Ok(sockets)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reading thread's life. Nobody depends on its speed but the kernel's rings: who wants to know what came
    /// looks for himself.
    fn run(&self) {
        loop {
            let (found, fds, closing) = {
                let mut state = self.lock();
                (state.drain(), state.share(), std::mem::take(&mut state.closing))
            };
            // The kernel waits for RCU here too, 30 ms, and the script doesn't.
            drop(closing);
            if fds.is_empty() {
                return;
            }
            let look = (self.look.as_fd(), PollFlags::POLLIN);
            let ready = if found > 0 {
                let _ = self.news.write(1);
                wait::wait_background(&[look], Deadline::after(REST))
            } else {
                let polled: Vec<_> = std::iter::once(look)
                    .chain(fds.iter().map(|fd| (fd.as_fd(), PollFlags::POLLIN)))
                    .collect();
                wait::wait_background(&polled, Deadline::NEVER)
            };
            match ready {
                Ok(ready) if ready[0] => {
                    let _ = self.look.read();
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

impl State {
    /// Takes over all that the kernel has. Returns how many packets there were, unwanted ones included.
    fn drain(&mut self) -> usize {
        let State { sockets, packets, bytes, options, drops, cleared, files, held, .. } = self;
        let begin = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut new = std::mem::take(held);
        let mut found = 0;
        for socket in sockets.iter_mut() {
            found += socket.drain(&mut |packet| {
                if !options.filter.matches(&packet) {
                    return;
                }
                let full = packets.len() + new.len() >= options.max_packets
                    || *bytes + packet.bytes.len() > options.max_bytes;
                if full && !options.last {
                    drops.limit += 1;
                    return;
                }
                *bytes += packet.bytes.len();
                new.push(Arc::new(packet));
            });
        }
        if sockets.len() > 1 {
            // Each socket's are in order; this merges them. What came since the first one was looked at has to wait.
            new.sort_by_key(|p| p.time);
            *held = new.split_off(new.partition_point(|p| p.time <= begin));
            found += held.len();
        }
        if let Some(files) = files {
            files.write(&new);
        }
        packets.extend(new);
        while packets.len() > options.max_packets || *bytes > options.max_bytes {
            let Some(old) = packets.pop_front() else { break };
            *bytes -= old.bytes.len();
            *cleared += 1;
        }
        found
    }

    /// The packets that match, in the order of their times. One socket can be found empty, and the next one already
    /// have what came later than what then comes to the first; so they may have been taken over in another order.
    fn fitting(&self, filter: &Filter) -> Vec<Arc<Packet>> {
        let mut found: Vec<_> = self.packets.iter().filter(|p| filter.matches(p)).cloned().collect();
        found.sort_by_key(|p| p.time);
        found
    }

    fn share(&self) -> Vec<Arc<std::os::fd::OwnedFd>> {
        self.sockets.iter().map(Socket::share).collect()
    }
}

impl Capture {
    /// Looks at what was captured up to this moment.
    fn now(&self) -> MutexGuard<'_, State> {
        let mut state = self.shared.lock();
        state.drain();
        state
    }

    /// Whether its lines need the names of links.
    pub fn several(&self) -> bool {
        self.several
    }

    /// The captured packets that match, complete up to this moment.
    pub fn packets(&self, filter: &Filter) -> Vec<Arc<Packet>> {
        self.now().fitting(filter)
    }

    /// How many match.
    pub fn count(&self, filter: &Filter) -> usize {
        self.now().packets.iter().filter(|p| filter.matches(p)).count()
    }

    /// Waits until `count` packets that match were captured, those included that came before the call, and returns
    /// all that match.
    ///
    /// Raises `timeout` if there are fewer at the deadline, or when the capture was stopped.
    pub fn wait(&self, filter: &Filter, count: usize, deadline: Deadline) -> Result<Vec<Arc<Packet>>> {
        let mut came = 0;
        let found = self.until(deadline, |state| {
            let found = state.fitting(filter);
            came = found.len();
            (came >= count).then_some(found)
        })?;
        found.ok_or_else(|| self.shared.lock().too_few(filter, came, count))
    }

    /// Looks until there is what is looked for; `None` when the deadline passed before, or the capture was stopped.
    fn until<T>(&self, deadline: Deadline, mut look: impl FnMut(&State) -> Option<T>) -> Result<Option<T>> {
        loop {
            let (fds, soon) = {
                let state = self.now();
                let _ = self.shared.news.read();
                let found = look(&state);
                if found.is_some() || deadline.passed() || state.sockets.is_empty() {
                    return Ok(found);
                }
                // Between looking and polling nothing gets lost: the sockets stay readable until drained, and
                // whoever drains them says so.
                (
                    state.share(),
                    if state.held.is_empty() { deadline } else { Deadline::after(Duration::ZERO) },
                )
            };
            self.poll(&fds, soon)?;
        }
    }

    /// The first packet that matches from number `cursor` on, which then is behind it; numbers begin at 0 with the
    /// capture. `None` when none came until the deadline, or the capture was stopped.
    pub fn next(&self, cursor: &mut u64, filter: &Filter, deadline: Deadline) -> Result<Option<Arc<Packet>>> {
        self.until(deadline, |state| {
            let skip = cursor.saturating_sub(state.cleared) as usize;
            let found = state.packets.iter().enumerate().skip(skip).find(|(_, p)| filter.matches(p));
            *cursor = state.cleared + found.map_or(state.packets.len(), |(i, _)| i + 1) as u64;
            found.map(|(_, packet)| packet.clone())
        })
    }

    /// Waits until there are packets, and takes them out; none when the deadline passed, or the capture was stopped.
    pub fn take(&self, deadline: Deadline) -> Result<Vec<Arc<Packet>>> {
        self.until(deadline, |state| (!state.packets.is_empty()).then_some(()))?;
        let mut state = self.now();
        let mut taken: Vec<_> = std::mem::take(&mut state.packets).into();
        state.cleared += taken.len() as u64;
        state.bytes = 0;
        taken.sort_by_key(|p: &Arc<Packet>| p.time);
        Ok(taken)
    }

    fn poll(&self, fds: &[Arc<std::os::fd::OwnedFd>], deadline: Deadline) -> Result<()> {
        let news = std::iter::once((self.shared.news.as_fd(), PollFlags::POLLIN));
        let polled: Vec<_> = news.chain(fds.iter().map(|fd| (fd.as_fd(), PollFlags::POLLIN))).collect();
        wait::wait(&polled, deadline).map(|_| ())
    }

    /// Writes the packets that match to a file; its ending, `.pcap` or `.pcapng`, tells the format. Returns how many
    /// there were.
    ///
    /// Raises `argument` for another ending, and for a `.pcap` of links with different link layers.
    pub fn save(&self, path: &Path, filter: &Filter) -> Result<usize> {
        let packets = self.packets(filter);
        pcap::save(path, packets.iter().map(|p| &**p))?;
        Ok(packets.len())
    }

    /// Forgets the packets captured so far, and goes on.
    pub fn clear(&self) {
        let mut state = self.now();
        state.cleared += state.packets.len() as u64;
        state.packets.clear();
        state.bytes = 0;
    }

    /// How many packets were lost up to this moment.
    pub fn drops(&self) -> Drops {
        let mut state = self.now();
        state.count_drops();
        state.drops
    }

    /// Whether it still captures.
    pub fn running(&self) -> bool {
        !self.shared.lock().sockets.is_empty()
    }

    /// Ends the capture; its packets stay.
    pub fn stop(&self) {
        let mut state = self.now();
        state.count_drops();
        let sockets = std::mem::take(&mut state.sockets);
        state.closing.extend(sockets);
        drop(state);
        let _ = self.shared.look.write(1);
    }

    /// The files that it has written, complete up to this moment.
    ///
    /// Raises what kept it from writing them.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        self.now().files.as_ref().map_or(Ok(Vec::new()), Files::outcome)
    }

    /// Writes a comment to the last packet that matches; `None` if none does.
    pub fn comment(&self, text: String, filter: &Filter) -> Option<Arc<Packet>> {
        let mut state = self.now();
        let packet = state.packets.iter_mut().rev().find(|p| filter.matches(p))?;
        Arc::make_mut(packet).comment = Some(text);
        Some(packet.clone())
    }

    /// Waits for a packet that matches, behind the one that this found last.
    ///
    /// Raises `timeout` if none comes by the deadline, with the last of those that came instead.
    pub fn expect(&self, filter: &Filter, deadline: Deadline) -> Result<Arc<Packet>> {
        let begin = self.shared.lock().expected;
        let mut cursor = begin;
        let found = self.next(&mut cursor, filter, deadline)?;
        let mut state = self.shared.lock();
        if let Some(found) = found {
            state.expected = cursor;
            return Ok(found);
        }
        let skip = begin.saturating_sub(state.cleared) as usize;
        let others: Vec<_> = state.packets.iter().skip(skip).collect();
        let shown = filter.shown();
        let mut detail =
            format!("no packet{} came", if shown.is_empty() { shown } else { format!(" ({shown})") });
        if state.sockets.is_empty() {
            detail.push_str(", and the capture is stopped");
        }
        detail.push_str(&match others.len() {
            0 => "; nothing else came either".to_owned(),
            n => format!("; {n} {} came instead: ", if n == 1 { "other" } else { "others" }),
        });
        let last: Vec<_> = others.iter().rev().take(3).rev().map(|p| WithLink(p).to_string()).collect();
        detail.push_str(&last.join("; "));
        Err(Error::new(Kind::Timeout, detail))
    }

    /// Captures in another namespace, too, on all of its links.
    pub fn watch(&self, namespace: &Namespace) -> Result<()> {
        let options = self.shared.lock().options.clone();
        let place = Place { namespace, links: Vec::new() };
        let more = open(&[place], &options)?;
        self.shared.lock().sockets.extend(more);
        let _ = self.shared.look.write(1);
        Ok(())
    }

    /// Captures no more in a namespace, which could not go while a socket is in it. What came from it stays.
    pub fn unwatch(&self, namespace: &str) {
        let mut state = self.now();
        state.count_drops();
        let (gone, stay) = std::mem::take(&mut state.sockets).into_iter().partition(|s| s.is_in(namespace));
        state.sockets = stay;
        state.closing.extend::<Vec<Socket>>(gone);
        drop(state);
        let _ = self.shared.look.write(1);
    }

    /// The packets captured so far as a pcapng file's bytes.
    pub fn pcapng(&self) -> Vec<u8> {
        let packets = self.packets(&Filter::default());
        pcap::next_generation(packets.iter().map(|p| &**p))
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn count_drops(&mut self) {
        if !self.sockets.is_empty() {
            self.drops.kernel = self.sockets.iter_mut().map(Socket::drops).sum();
        }
    }

    fn too_few(&self, filter: &Filter, found: usize, wanted: usize) -> Error {
        let shown = filter.shown();
        let of = if shown.is_empty() { String::new() } else { format!(" ({shown})") };
        let stopped = if self.sockets.is_empty() { ", and the capture is stopped" } else { "" };
        let mut detail = format!("{found} of {wanted} packets{of} came{stopped}");
        if !shown.is_empty() {
            detail.push_str(&format!("; {} in all", self.packets.len()));
        }
        if let Some(last) = self.packets.back() {
            detail.push_str(&format!("; the last is {}", WithLink(last)));
        }
        Error::new(Kind::Timeout, detail)
    }
}

#[cfg(test)]
mod tests;

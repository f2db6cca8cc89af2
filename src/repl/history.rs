//! The inputs of earlier sessions, in a file of the user's. A process outside of the sandbox writes it: inside, the home
//! directory is read-only, and through an open file the lab's processes could read and change the history.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::SigSet;
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType};
use nix::unistd::ForkResult;

use crate::sandbox;

/// How many entries are kept.
const MOST: usize = 5000;
/// A file that has grown beyond this is cut to its last entries; nothing longer is read.
const LONGEST: u64 = 4 << 20;
/// A longer entry is a pasted program, and better kept in a file.
const ENTRY: usize = 64 << 10;

/// The history, as a prompt has it.
#[derive(Default)]
pub struct History {
    entries: Vec<String>,
    /// Leads to the process that writes the file.
    writer: Option<OwnedFd>,
}

impl History {
    /// Reads the file; makes it and its directory if they are missing. If there is no file that can be written, the history
    /// has only this session's inputs.
    ///
    /// Call it before the sandbox is entered, while nsh has one thread.
    pub fn open() -> History {
        let mut recorder = Recorder(path().and_then(|path| Recorder::open_at(&path)));
        let entries = recorder.entries();
        let writer = recorder.0.is_some().then(|| recorder.start().ok()).flatten();
        History { entries, writer }
    }

    /// No file: the history has only this session's inputs.
    pub fn none() -> History {
        History::default()
    }

    /// The entries, oldest first.
    pub fn entries(&mut self) -> Vec<String> {
        std::mem::take(&mut self.entries)
    }

    /// Adds an entry, and returns when it is in the file.
    pub fn add(&mut self, entry: &str) {
        let Some(writer) = self.writer.as_ref().filter(|_| entry.len() <= ENTRY) else { return };
        let sent = socket::send(writer.as_raw_fd(), entry.as_bytes(), MsgFlags::MSG_NOSIGNAL);
        let answered = sent.and_then(|_| socket::recv(writer.as_raw_fd(), &mut [0], MsgFlags::empty()));
        if !matches!(answered, Ok(1) | Err(Errno::EINTR)) {
            self.writer = None;
        }
    }
}

/// The history's file.
struct Recorder(Option<File>);

/// `$NSH_HISTORY`, else `nsh/history` under `$XDG_STATE_HOME` or `~/.local/state`. An empty `$NSH_HISTORY`: none.
fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("NSH_HISTORY") {
        return Some(PathBuf::from(path)).filter(|p| !p.as_os_str().is_empty());
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/state"));
    Some(state.or_else(home)?.join("nsh/history"))
}

impl Recorder {
    fn open_at(path: &Path) -> Option<File> {
        if let Some(directory) = path.parent() {
            let _ = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        }
        let mut options = File::options();
        options.read(true).custom_flags(libc::O_CLOEXEC | libc::O_NONBLOCK);
        let writable = options.clone().append(true).create(true).mode(0o600).open(path);
        let file = writable.or_else(|_| options.open(path)).ok()?;
        // Not a pipe or device, which could block us.
        file.metadata().is_ok_and(|m| m.is_file()).then_some(file)
    }

    /// Starts a process that adds what it receives, until the other end is closed.
    fn start(self) -> nix::Result<OwnedFd> {
        let (ours, theirs) =
            socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        // SAFETY: this process has one thread, so the child may do anything.
        match unsafe { nix::unistd::fork() }? {
            ForkResult::Parent { .. } => Ok(ours),
            ForkResult::Child => {
                drop(ours);
                self.serve(&theirs);
                sandbox::exit(0)
            }
        }
    }

    fn serve(mut self, from: &OwnedFd) {
        // Ctrl-C at the prompt is not for this one, nor does whoever reads nsh's output wait for it.
        let _ = SigSet::all().thread_set_mask();
        if let Ok(null) = File::options().read(true).write(true).open("/dev/null") {
            let _ = nix::unistd::dup2_stdin(&null);
            let _ = nix::unistd::dup2_stdout(&null);
            let _ = nix::unistd::dup2_stderr(&null);
        }
        let mut buffer = vec![0; ENTRY];
        while let Ok(length @ 1..) = socket::recv(from.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            self.add(&String::from_utf8_lossy(&buffer[..length]));
            if socket::send(from.as_raw_fd(), b"k", MsgFlags::MSG_NOSIGNAL).is_err() {
                return;
            }
        }
    }

    /// The entries, oldest first.
    fn entries(&mut self) -> Vec<String> {
        let Some(file) = &mut self.0 else { return Vec::new() };
        let Ok(text) = last_part(file) else { return Vec::new() };
        decode(&text)
    }

    /// Adds an entry; several sessions may do so at the same time.
    fn add(&mut self, entry: &str) {
        if entry.len() > ENTRY {
            return;
        }
        let Some(file) = self.0.take() else { return };
        match Flock::lock(file, FlockArg::LockExclusive) {
            Ok(mut locked) => {
                // What can't be kept (a full disk) is no reason to disturb.
                let _ = append(&mut locked, entry);
                self.0 = locked.unlock().ok();
            }
            Err((file, _)) => self.0 = Some(file),
        }
    }
}

fn append(file: &mut File, entry: &str) -> io::Result<()> {
    let line = encode(entry);
    let text = last_part(file)?;
    let long = file.metadata()?.len() > LONGEST;
    if long || text.lines().any(|other| other == line.trim_end_matches('\n')) {
        let entries = decode(&text);
        let from = if long { entries.len() / 2 } else { 0 };
        let kept = entries[from..].iter().filter(|other| *other != entry);
        let kept: String = kept.map(|e| encode(e)).collect();
        file.set_len(0)?;
        return file.write_all((kept + &line).as_bytes());
    }
    // One write, so that it stays whole wherever locks don't work.
    file.write_all(line.as_bytes())
}

fn last_part(file: &mut File) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One line for an entry; line breaks are escaped.
fn encode(entry: &str) -> String {
    format!("{}\n", entry.replace('\\', "\\\\").replace('\n', "\\n"))
}

/// The last [`MOST`] entries, each once, at its last place.
fn decode(text: &str) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut out = Vec::new();
    for line in text.lines().rev() {
        let entry = unescape(line);
        // Control characters (a binary file, say) are not for a terminal.
        let sound =
            !entry.trim().is_empty() && !entry.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        if sound && seen.insert(entry.clone()) {
            out.push(entry);
        }
        if out.len() == MOST {
            break;
        }
    }
    out.reverse();
    out
}

fn unescape(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (c, c == '\\') {
            (_, true) => match rest.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (c, _) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let directory = std::env::temp_dir().join(format!("nsh-history-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&directory);
            Place(directory)
        }

        fn open(&self) -> Recorder {
            Recorder(Recorder::open_at(&self.0.join("deep/history")))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn entries_come_back_each_once_also_from_two_sessions() {
        let place = Place::new("two");
        let (mut a, mut b) = (place.open(), place.open());
        a.add("link.list()");
        b.add("for i = 1, 2 do\n  print(\"\\n\")\nend");
        a.add("addr.list()");
        b.add("link.list()");
        let want = ["for i = 1, 2 do\n  print(\"\\n\")\nend", "addr.list()", "link.list()"];
        assert_eq!(a.entries(), want);
        assert_eq!(place.open().entries(), want);
        // In the file, too.
        let text = fs::read_to_string(place.0.join("deep/history")).unwrap();
        assert_eq!(text.matches("link.list()").count(), 1, "{text}");
    }

    #[test]
    fn a_huge_or_corrupt_file_does_no_harm() {
        let place = Place::new("huge");
        place.open().add("x");
        let path = place.0.join("deep/history");
        let mut bytes = vec![0xff, 0xfe, b'\n', 0, 7, b'\n', b'a', b'\\', b'\n'];
        for i in 0..400_000 {
            bytes.extend_from_slice(format!("print({i:12})\n").as_bytes());
        }
        fs::write(&path, bytes).unwrap();
        let entries = place.open().entries();
        assert_eq!((entries.len(), entries.last().unwrap().as_str()), (MOST, "print(      399999)"));
        place.open().add("last");
        assert_eq!(place.open().entries().last().unwrap(), "last");
        assert!(fs::metadata(&path).unwrap().len() < LONGEST);
    }

    #[test]
    fn what_is_no_file_is_no_history() {
        assert!(Recorder::open_at(Path::new("/dev/null")).is_none());
        assert!(Recorder::open_at(Path::new("/proc/no/such")).is_none());
        let mut none = Recorder(None);
        none.add("x");
        assert!(none.entries().is_empty());
    }
}

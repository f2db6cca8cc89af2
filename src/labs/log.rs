//! What a lab prints. Two files keep it; when the newer one is full, it replaces the older one. While the lab comes up, the
//! output goes to the user's terminal, too.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::Signal;

use crate::base::wait::{self, Deadline};

const NEWER: &str = "log";
const OLDER: &str = "log.1";
/// A file this large is full: 4 MiB.
const FULL: u64 = 4 << 20;
/// What a pipe holds at most, unless someone made it larger.
const PIPE: usize = 64 << 10;

/// The files, for writing.
struct Files {
    directory: PathBuf,
    newer: Option<File>,
    size: u64,
}

impl Files {
    fn open(directory: &Path) -> io::Result<File> {
        let mut options = File::options();
        options.create(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        options.open(directory.join(NEWER))
    }

    /// What can't be written (the disk is full) is lost: the lab must go on.
    fn write(&mut self, bytes: &[u8]) {
        if self.size + bytes.len() as u64 > FULL {
            let _ = fs::rename(self.directory.join(NEWER), self.directory.join(OLDER));
            self.newer = None;
            self.size = 0;
        }
        if self.newer.is_none() {
            self.newer = Files::open(&self.directory).ok();
        }
        if let Some(file) = &mut self.newer
            && file.write_all(bytes).is_ok()
        {
            self.size += bytes.len() as u64;
        }
    }
}

/// One of the lab's outputs.
struct Stream {
    pipe: Option<File>,
    /// Where the user sees it; none once the lab is up, or when nobody reads there any more.
    terminal: Option<File>,
}

impl Stream {
    fn say(&mut self, bytes: &[u8], files: &mut Files) {
        files.write(bytes);
        if let Some(terminal) = &mut self.terminal
            && write_all(terminal, bytes).is_err()
        {
            self.terminal = None;
        }
    }

    /// Moves what is there, at most a `buffer` full. Returns how many bytes.
    fn pass_on(&mut self, buffer: &mut [u8], files: &mut Files) -> usize {
        let Some(pipe) = &mut self.pipe else { return 0 };
        match pipe.read(buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => {
                self.say(&buffer[..length], files);
                return length;
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.pipe = None,
        }
        0
    }
}

/// Writes to a descriptor that another process may have made non-blocking.
fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                wait::wait_background(&[(file.as_fd(), PollFlags::POLLOUT)], Deadline::NEVER)
                    .map_err(|e| io::Error::other(e.to_string()))?;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The thread that moves a lab's output, in the supervisor.
pub struct Mover {
    thread: JoinHandle<()>,
    kick: Arc<EventFd>,
    /// The entry is about to be removed by this process itself.
    leaving: Arc<AtomicBool>,
}

impl Mover {
    /// Starts it. `pipes` and `terminals`: stdout and stderr. Once [`Mover::let_go`] was called, and all that was
    /// printed until then shown, `shown` is called.
    pub fn start(
        directory: &Path,
        pipes: [OwnedFd; 2],
        terminals: [OwnedFd; 2],
        shown: impl FnOnce() + Send + 'static,
    ) -> Result<Mover> {
        let kick = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        let newer = Files::open(directory).context("opening the log")?;
        let files = Files { directory: directory.to_owned(), newer: Some(newer), size: 0 };
        let [out, err] = pipes;
        let [terminal_out, terminal_err] = terminals;
        let stream = |pipe: OwnedFd, terminal: OwnedFd| Stream {
            pipe: Some(File::from(pipe)),
            terminal: Some(File::from(terminal)),
        };
        let streams = [stream(out, terminal_out), stream(err, terminal_err)];
        let (told, leaving) = (kick.clone(), Arc::new(AtomicBool::new(false)));
        let entry = Watched::new(directory, leaving.clone())?;
        let thread = std::thread::Builder::new().name("nsh-log".into()).stack_size(PIPE * 4);
        let thread = thread.spawn(move || run(streams, files, &told, &entry, shown))?;
        Ok(Mover { thread, kick, leaving })
    }

    /// The terminal is not needed any more.
    pub fn let_go(&self) {
        let _ = self.kick.write(1);
    }

    /// The entry is removed on purpose from here on.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    /// Waits until the lab's last process has closed its output.
    pub fn finish(self) {
        let _ = self.thread.join();
    }
}

fn inode(path: &Path) -> Option<u64> {
    path.metadata().map(|m| m.ino()).ok()
}

/// The lab's entry. Without it no command could reach the lab: then it ends.
struct Watched {
    lock: PathBuf,
    /// The lock's inode: another lab of the name may come in its place.
    inode: Option<u64>,
    inotify: Inotify,
    leaving: Arc<AtomicBool>,
}

impl Watched {
    fn new(directory: &Path, leaving: Arc<AtomicBool>) -> Result<Watched> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let removals = AddWatchFlags::IN_DELETE | AddWatchFlags::IN_DELETE_SELF | AddWatchFlags::IN_MOVE_SELF;
        inotify.add_watch(directory, removals).context("watching the lab's entry")?;
        let lock = directory.join("lock");
        Ok(Watched { inode: inode(&lock), lock, inotify, leaving })
    }

    /// Whether someone else removed it, if there is news of that.
    fn removed(&self) -> bool {
        let news = self.inotify.read_events().is_ok();
        news && !self.leaving.load(Ordering::SeqCst) && inode(&self.lock) != self.inode
    }
}

fn run(mut streams: [Stream; 2], mut files: Files, kick: &EventFd, entry: &Watched, shown: impl FnOnce()) {
    let mut buffer = vec![0; PIPE];
    let (mut shown, mut told) = (Some(shown), false);
    while streams.iter().any(|s| s.pipe.is_some()) {
        let mut fds: Vec<(BorrowedFd<'_>, PollFlags)> =
            vec![(kick.as_fd(), PollFlags::POLLIN), (entry.inotify.as_fd(), PollFlags::POLLIN)];
        fds.extend(streams.iter().filter_map(|s| Some((s.pipe.as_ref()?.as_fd(), PollFlags::POLLIN))));
        if wait::wait_background(&fds, Deadline::NEVER).is_err() {
            return;
        }
        if entry.removed() {
            if !told {
                streams[1].say(b"nsh: the lab's entry was removed, so the lab ends\n", &mut files);
                told = true;
            }
            // As `nsh down` does.
            let _ = nix::sys::signal::kill(nix::unistd::getpid(), Signal::SIGTERM);
        }
        for stream in &mut streams {
            stream.pass_on(&mut buffer, &mut files);
        }
        if kick.read().is_ok() {
            for stream in &mut streams {
                // What a pipe can hold, and no more: a daemon may go on printing without end.
                let mut moved = 0;
                while moved < PIPE {
                    match stream.pass_on(&mut buffer, &mut files) {
                        0 => break,
                        length => moved += length,
                    }
                }
                stream.terminal = None;
            }
            if let Some(shown) = shown.take() {
                shown();
            }
        }
    }
}

/// Reads a log from its beginning, across the change of files.
pub struct Reader {
    directory: PathBuf,
    /// Read first.
    older: Option<File>,
    newer: File,
}

impl Reader {
    pub fn open(directory: &Path) -> Result<Reader> {
        let mut tries = 0;
        loop {
            let newer = match File::open(directory.join(NEWER)) {
                // For a moment, while the files change places, there is only the older one.
                Err(e)
                    if e.kind() == io::ErrorKind::NotFound
                        && tries < 100
                        && directory.join(OLDER).exists() =>
                {
                    tries += 1;
                    wait::pause(Duration::from_millis(5))?;
                    continue;
                }
                newer => newer.with_context(|| directory.join(NEWER).display().to_string())?,
            };
            let older = File::open(directory.join(OLDER)).ok();
            let inode = |file: &File| file.metadata().map(|m| m.ino()).unwrap_or(0);
            // They changed places in between.
            if older.as_ref().is_none_or(|older| inode(older) != inode(&newer)) {
                return Ok(Reader { directory: directory.to_owned(), older, newer });
            }
        }
    }

    /// Copies all that there is by now. An error is one of `out`.
    pub fn copy(&mut self, out: &mut impl Write) -> io::Result<()> {
        if let Some(mut older) = self.older.take() {
            io::copy(&mut older, out)?;
        }
        loop {
            io::copy(&mut self.newer, out)?;
            let Ok(current) = File::open(self.directory.join(NEWER)) else { break };
            let same = current.metadata()?.ino() == self.newer.metadata()?.ino();
            if same {
                break;
            }
            // The last that went into the full one; then on with the new one.
            io::copy(&mut self.newer, out)?;
            self.newer = current;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_once_is_tried_again_and_links_are_not_followed() {
        let directory = std::env::temp_dir().join(format!("nsh-labs-relog-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let newer = Files::open(&directory).unwrap();
        let mut files = Files { directory: directory.clone(), newer: Some(newer), size: FULL };
        let (kept, other) = (directory.with_extension("kept"), directory.with_extension("other"));
        fs::rename(&directory, &kept).unwrap();
        files.write(b"lost");
        fs::rename(&kept, &directory).unwrap();
        fs::write(&other, "").unwrap();
        fs::remove_file(directory.join(NEWER)).unwrap();
        std::os::unix::fs::symlink(&other, directory.join(NEWER)).unwrap();
        files.write(b"not through a link");
        assert_eq!(fs::read(&other).unwrap(), b"");
        fs::remove_file(directory.join(NEWER)).unwrap();
        files.write(b"here");
        assert_eq!(fs::read(directory.join(NEWER)).unwrap(), b"here");
        fs::remove_file(other).unwrap();
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn two_files_are_all_that_is_kept() {
        let directory = std::env::temp_dir().join(format!("nsh-labs-log-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let newer = Files::open(&directory).unwrap();
        let mut files = Files { directory: directory.clone(), newer: Some(newer), size: 0 };
        let mut reader = None;
        let line = [b'x'; 1024];
        for i in 0..20_000u32 {
            files.write(&[&i.to_be_bytes()[..], &line].concat());
            if i == 0 {
                reader = Some(Reader::open(&directory).unwrap());
            }
        }
        let kept: u64 = fs::read_dir(&directory).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
        assert!(kept <= 2 * FULL && kept > FULL, "{kept}");
        let mut all = Vec::new();
        Reader::open(&directory).unwrap().copy(&mut all).unwrap();
        assert_eq!(all.len() as u64, kept);
        // In order, up to the last.
        let numbers: Vec<u32> =
            all.chunks(1028).map(|c| u32::from_be_bytes(c[..4].try_into().unwrap())).collect();
        assert!(numbers.windows(2).all(|w| w[1] == w[0] + 1));
        assert_eq!(numbers.last(), Some(&19_999));
        // One that stayed far behind goes on with what there is.
        let mut late = Vec::new();
        reader.unwrap().copy(&mut late).unwrap();
        assert_eq!(&late[late.len() - 1028..], &all[all.len() - 1028..]);
        fs::remove_dir_all(&directory).unwrap();
    }
}

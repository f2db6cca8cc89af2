//! Files whose names, kinds or contents a lab may have chosen: read without waiting for what never comes and up to a
//! limit, and written where they are meant to be and nowhere else.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, Flock, FlockArg, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use nix::sys::statfs::FsType;
use nix::unistd::UnlinkatFlags;

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// A longer script is none.
pub const LONGEST_SCRIPT: u64 = 16 << 20;

/// Reads a regular file, or what a command writes into a pipe (`<(command)` in a shell), up to so many bytes.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = open(path)?;
    if is_pipe(&file) {
        nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_RDONLY))?;
    } else {
        regular(&file)?;
    }
    read_from(file, most)
}

/// Reads a regular file through no link at all.
pub fn read_itself(path: &Path, most: u64) -> Result<Vec<u8>> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
    let file = open_at(AT_FDCWD, path, flags, ResolveFlag::empty())?;
    regular(&file)?;
    read_from(file, most)
}

/// The beginning of a regular file; fewer bytes if there are no more.
pub fn head(path: &Path, length: u64) -> Result<Vec<u8>> {
    let file = open(path)?;
    regular(&file)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads to the end, which is an error after so many bytes.
pub fn read_from(from: impl Read, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(Kind::Limit, format!("longer than {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// Locks a file that another process may have locked, at most for so long.
pub fn lock(mut file: File, patience: Duration) -> Result<Flock<File>> {
    let deadline = Deadline::after(patience);
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((file, Errno::EWOULDBLOCK)) if !deadline.passed() => file,
            Err((_, Errno::EWOULDBLOCK)) => {
                return Err(Error::new(Kind::Timeout, "another process has the file locked"));
            }
            Err((_, e)) => return Err(e.into()),
        };
        // A lock that becomes free is no event.
        wait::wait_background(&[], Deadline::after(Duration::from_millis(5)).min(deadline))?;
    }
}

/// The whole text of a file that tells no size, as those of `/proc`, or is small: in as few calls as will do.
pub fn text(path: impl AsRef<Path>) -> std::io::Result<String> {
    let mut text = String::with_capacity(8 << 10);
    // Behind `take`, nobody asks for a size first.
    File::open(path)?.take(u64::MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn open(path: &Path) -> Result<File> {
    // O_NONBLOCK: a FIFO that nobody writes to must not stop us here.
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
    Ok(nix::fcntl::open(path, flags, Mode::empty())?.into())
}

fn regular(file: &File) -> Result<()> {
    let kind = file.metadata()?.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => return Err(Error::errno(Errno::EISDIR)),
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_block_device() || kind.is_char_device() => "a device",
        () => "no file",
    };
    Err(Error::argument(format!("{what}, and no regular file")))
}

/// Whether it is a pipe without a name.
fn is_pipe(file: &File) -> bool {
    /// PIPEFS_MAGIC in linux/magic.h.
    const PIPEFS: FsType = FsType(0x5049_5045);
    nix::sys::statfs::fstatfs(file).is_ok_and(|fs| fs.filesystem_type() == PIPEFS)
}

fn open_at(directory: BorrowedFd<'_>, path: &Path, flags: OFlag, resolve: ResolveFlag) -> Result<File> {
    let resolve = resolve | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let mode = if flags.contains(OFlag::O_CREAT) { Mode::from_bits_truncate(0o666) } else { Mode::empty() };
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).mode(mode).resolve(resolve);
    match openat2(directory, path, how) {
        Ok(fd) => Ok(fd.into()),
        Err(Errno::ELOOP) => {
            Err(Error::errno(Errno::ELOOP).detail("a link stands there, and is not followed"))
        }
        Err(e) => Err(e.into()),
    }
}

/// Where a result goes that is named on the command line. In a place that scripts may write to, no link on the way
/// is followed: a script may have made it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The innermost such place that it lies in, and its path from there; else the path as it is.
    below: Option<PathBuf>,
    path: PathBuf,
}

impl Target {
    /// `writable` are the places, besides the working directory, that scripts may write to.
    pub fn of(path: &Path, writable: &[PathBuf]) -> Result<Target> {
        let cwd = std::env::current_dir()?;
        let whole = cwd.join(path);
        let identity = |path: &Path| path.metadata().map(|m| (m.dev(), m.ino())).ok();
        let places: Vec<_> = writable.iter().chain([&cwd]).filter_map(|place| identity(place)).collect();
        // The outermost: what lies below it may have been moved.
        let below = whole.ancestors().filter(|a| identity(a).is_some_and(|i| places.contains(&i))).last();
        let rest = below.and_then(|below| whole.strip_prefix(below).ok());
        match (below, rest) {
            (Some(_), Some(rest)) if rest.starts_with("..") => Ok(Target { below: None, path: whole }),
            (Some(_), Some(rest)) if rest.components().any(|c| c == Component::ParentDir) => {
                Err(Error::argument("a path by way of \"..\" may lead anywhere: name the place directly"))
            }
            (Some(below), Some(rest)) => Ok(Target { below: Some(below.to_owned()), path: rest.to_owned() }),
            _ => Ok(Target { below: None, path: whole }),
        }
    }

    /// The directory, made where it isn't there.
    pub fn directory(&self) -> Result<Directory> {
        let Some(below) = &self.below else {
            std::fs::create_dir_all(&self.path)?;
            return Directory::open(&self.path);
        };
        Directory::open(below)?.make(&self.path)
    }

    /// The file, to be written; what was in it is there still. A terminal or `/dev/null` will do, a FIFO will not:
    /// who reads from it may never come.
    pub fn file(&self) -> Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
        let file = match &self.below {
            Some(below) => Directory::open(below)?.open_at(&self.path, flags),
            None => {
                Ok(nix::fcntl::open(&self.path, flags | OFlag::O_CLOEXEC, Mode::from_bits_truncate(0o666))?
                    .into())
            }
        };
        let fifo = |file: &File| file.metadata().is_ok_and(|m| m.file_type().is_fifo()) && !is_pipe(file);
        match file {
            // ENXIO is what a FIFO without a reader gives.
            Err(e) if e.raw() == Some(Errno::ENXIO) => Err(e.detail("a FIFO or a device without a reader")),
            Ok(file) if fifo(&file) => Err(Error::argument("a FIFO, and no regular file")),
            file => file,
        }
    }

    /// Whether this is still what was opened: nobody put something else in its place.
    pub fn is_still(&self, opened: impl AsFd) -> bool {
        let path = match &self.below {
            Some(_) if self.path.as_os_str().is_empty() => Path::new("."),
            _ => &self.path,
        };
        let now = match &self.below {
            Some(below) => Directory::open(below).and_then(|d| d.open_at(path, OFlag::O_PATH)),
            None => File::open(path).map_err(Error::from),
        };
        let identity = |fd: BorrowedFd<'_>| nix::sys::stat::fstat(fd).map(|s| (s.st_dev, s.st_ino)).ok();
        now.is_ok_and(|now| identity(now.as_fd()) == identity(opened.as_fd()))
    }
}

/// A directory held open. Paths from it stay below it, and lead through no link.
#[derive(Debug)]
pub struct Directory(OwnedFd);

impl Directory {
    pub fn open(path: &Path) -> Result<Directory> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(Directory(nix::fcntl::open(path, flags, Mode::empty())?))
    }

    fn open_at(&self, path: &Path, flags: OFlag) -> Result<File> {
        open_at(self.0.as_fd(), path, flags, ResolveFlag::RESOLVE_BENEATH)
    }

    /// The directory at this path, made where it isn't there.
    pub fn make(&self, path: &Path) -> Result<Directory> {
        let mut at = Directory(self.0.try_clone()?);
        for name in path.components().map(|c| Path::new(c.as_os_str()).to_owned()) {
            match nix::sys::stat::mkdirat(&at.0, &name, Mode::from_bits_truncate(0o777)) {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(e) => return Err(e.into()),
            }
            at = Directory(at.open_at(&name, OFlag::O_DIRECTORY | OFlag::O_RDONLY)?.into());
        }
        Ok(at)
    }

    /// A new file in place of what was there, in directories that are made where they aren't there.
    pub fn create(&self, path: &Path) -> Result<File> {
        let (directory, name) = self.place(path)?;
        match nix::unistd::unlinkat(&directory.0, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(e) => return Err(e.into()),
        }
        directory.open_at(name, OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL)
    }

    /// A regular file to write at the end of.
    pub fn append(&self, path: &Path) -> Result<File> {
        let (directory, name) = self.place(path)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND | OFlag::O_NONBLOCK;
        let file = directory.open_at(name, flags)?;
        regular(&file).map(|()| file)
    }

    fn place<'a>(&self, path: &'a Path) -> Result<(Directory, &'a Path)> {
        let name = path.file_name().ok_or_else(|| Error::argument("a file needs a name"))?;
        Ok((self.make(path.parent().unwrap_or(Path::new("")))?, Path::new(name)))
    }

    /// Whether something stands there.
    pub fn has(&self, path: &Path) -> bool {
        self.open_at(path, OFlag::O_PATH | OFlag::O_NOFOLLOW).is_ok()
    }

    /// Removes what stands there, with all below it. A link is removed, not what it leads to.
    pub fn remove(&self, path: &Path) -> Result<()> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = match self.open_at(parent, OFlag::O_DIRECTORY | OFlag::O_RDONLY) {
            Ok(directory) => Directory(directory.into()),
            Err(e) if e.raw() == Some(Errno::ENOENT) => return Ok(()),
            Err(e) => return Err(e),
        };
        match path.file_name() {
            Some(name) => directory.remove_entry(Path::new(name), 0),
            None => Ok(()),
        }
    }

    fn remove_entry(&self, name: &Path, depth: usize) -> Result<()> {
        /// Directories without end would take all our descriptors.
        const DEEPEST: usize = 100;
        match nix::unistd::unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => return Ok(()),
            Err(Errno::EISDIR | Errno::EPERM) => {}
            Err(e) => return Err(e.into()),
        }
        if depth == DEEPEST {
            return Err(Error::new(Kind::Limit, "directories nested too deeply"));
        }
        let inner = Directory(self.open_at(name, OFlag::O_DIRECTORY | OFlag::O_RDONLY)?.into());
        let mut entries = nix::dir::Dir::from_fd(inner.0.try_clone()?)?;
        let names: Vec<PathBuf> = entries
            .iter()
            .filter_map(|entry| {
                use std::os::unix::ffi::OsStrExt;
                let entry = entry.ok()?;
                Some(Path::new(std::ffi::OsStr::from_bytes(entry.file_name().to_bytes())).to_owned())
            })
            .filter(|name| !matches!(name.to_str(), Some("." | "..")))
            .collect();
        names.iter().try_for_each(|name| inner.remove_entry(name, depth + 1))?;
        Ok(nix::unistd::unlinkat(&self.0, name, UnlinkatFlags::RemoveDir)?)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

//! A directory as a web site: its files, and lists of what is there, in the shape of Python's `http.server`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::sys::stat::{Mode, SFlag, fstat};

use super::url::{escape, unescape};
use crate::base::error::{Error, Result};
use crate::io::http::{Content, Reply, date};

/// A directory that is served. What lies outside of it can't be reached, neither by `..` nor by symbolic links.
pub(super) struct Directory {
    root: OwnedFd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    File,
    Directory,
    Other,
}

/// Where the kernel shows what a descriptor holds.
fn shown(fd: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// Where what a descriptor holds lies now.
fn place(fd: &OwnedFd) -> std::result::Result<PathBuf, Errno> {
    nix::fcntl::readlink(&shown(fd)).map(PathBuf::from)
}

impl Directory {
    pub fn open(path: &str) -> Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = nix::fcntl::openat(AT_FDCWD, path, flags, Mode::empty())
            .map_err(|e| Error::from(e).detail(format!("opening directory {path:?}")))?;
        Ok(Directory { root })
    }

    /// The answer to a GET of an escaped path.
    pub fn answer(&self, path: &str) -> Reply {
        let Some(segments) = segments(path) else { return Reply::error(400) };
        let slash = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
        let inside = inside(&segments);
        match self.look(&inside) {
            Ok(What::File) if slash => Reply::error(404),
            Ok(What::File) => self.file(&inside).unwrap_or_else(refused),
            Ok(What::Directory) if !slash => {
                let mut reply = Reply::error(301);
                // Made of the names alone: "//elsewhere/" would lead to another host.
                let location = segments.iter().fold(String::new(), |all, s| all + "/" + &escape(s));
                reply.headers.push(("Location".to_owned(), location + "/"));
                reply
            }
            Ok(What::Directory) => {
                for index in ["index.html", "index.htm"] {
                    let index = inside.join(index);
                    if self.look(&index) == Ok(What::File) {
                        return self.file(&index).unwrap_or_else(refused);
                    }
                }
                self.list(&segments).unwrap_or_else(refused)
            }
            Ok(What::Other) => Reply::error(403),
            Err(e) => refused(e),
        }
    }

    /// What is found is held before it is asked where it lies, so that no link that is changed meanwhile leads out.
    /// (openat2 would do it at once, but programs in a sandbox have none, nor has this process.)
    fn beneath(&self, path: &Path, flags: OFlag) -> std::result::Result<OwnedFd, Errno> {
        let found = nix::fcntl::openat(&self.root, path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        if !place(&found)?.starts_with(place(&self.root)?) {
            return Err(Errno::EXDEV);
        }
        match flags.contains(OFlag::O_PATH) {
            true => Ok(found),
            false => nix::fcntl::open(&shown(&found), flags | OFlag::O_CLOEXEC, Mode::empty()),
        }
    }

    /// What it is, without opening it: opening a device or a pipe could do something.
    fn look(&self, path: &Path) -> std::result::Result<What, Errno> {
        let stat = fstat(self.beneath(path, OFlag::O_PATH)?)?;
        Ok(match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
            SFlag::S_IFREG => What::File,
            SFlag::S_IFDIR => What::Directory,
            _ => What::Other,
        })
    }

    fn file(&self, path: &Path) -> std::result::Result<Reply, Errno> {
        let file = File::from(self.beneath(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK)?);
        let stat = fstat(&file)?;
        let mut reply = Reply::new(200, kind_of(path.as_os_str()), Vec::new());
        if let Ok(changed) = u64::try_from(stat.st_mtime) {
            reply.headers.push(("Last-Modified".to_owned(), date(changed)));
        }
        reply.content = Content::File(file, u64::try_from(stat.st_size).unwrap_or(0));
        Ok(reply)
    }

    fn list(&self, segments: &[Vec<u8>]) -> std::result::Result<Reply, Errno> {
        let path = inside(segments);
        let mut directory = Dir::from_fd(self.beneath(&path, OFlag::O_RDONLY | OFlag::O_DIRECTORY)?)?;
        let mut names = Vec::new();
        for entry in directory.iter() {
            let entry = entry?;
            let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
            if name == "." || name == ".." {
                continue;
            }
            // A link, or a file system that doesn't tell: see what is there.
            let is_directory = match entry.file_type() {
                Some(Type::Directory) => true,
                Some(Type::Symlink) | None => self.look(&path.join(&name)) == Ok(What::Directory),
                Some(_) => false,
            };
            names.push((name, is_directory, entry.file_type() == Some(Type::Symlink)));
        }
        names.sort_by_cached_key(|(name, ..)| (name.to_string_lossy().to_lowercase(), name.clone()));
        let shown = segments.iter().fold("/".to_owned(), |all, s| all + &String::from_utf8_lossy(s) + "/");
        Ok(Reply::new(200, "text/html; charset=utf-8", page(&shown, &names).into_bytes()))
    }
}

fn refused(errno: Errno) -> Reply {
    Reply::error(match errno {
        Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG => 404,
        // EXDEV: it leads out of the directory.
        Errno::EXDEV | Errno::ELOOP | Errno::EACCES | Errno::EPERM => 403,
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN => 503,
        _ => 500,
    })
}

/// The names on the way, unescaped, with `.` and `..` resolved: no further up than the root.
fn segments(path: &str) -> Option<Vec<Vec<u8>>> {
    let plain = unescape(path)?;
    if plain.contains(&0) {
        return None;
    }
    let mut names: Vec<Vec<u8>> = Vec::new();
    for name in plain.split(|b| *b == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name.to_vec()),
        }
    }
    Some(names)
}

fn inside(segments: &[Vec<u8>]) -> std::path::PathBuf {
    let mut path = std::path::PathBuf::from(".");
    path.extend(segments.iter().map(|s| OsStr::from_bytes(s)));
    path
}

fn page(path: &str, names: &[(OsString, bool, bool)]) -> String {
    let title = format!("Directory listing for {}", html(path));
    let mut out = format!(
        "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n\
         <body>\n<h1>{title}</h1>\n<hr>\n<ul>\n"
    );
    for (name, is_directory, is_link) in names {
        let slash = if *is_directory { "/" } else { "" };
        let mark = if *is_link { "@" } else { slash };
        let shown = html(&name.to_string_lossy());
        out.push_str(&format!("<li><a href=\"{}{slash}\">{shown}{mark}</a></li>\n", escape(name.as_bytes())));
    }
    out.push_str("</ul>\n<hr>\n</body>\n</html>\n");
    out
}

/// Escapes text for HTML.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
    out
}

fn kind_of(name: &OsStr) -> &'static str {
    let name = name.to_string_lossy().to_lowercase();
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" | "md" | "lua" | "log" | "conf" | "rs" | "c" | "h" | "py" | "sh" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "gz" => "application/gzip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "pcap" => "application/vnd.tcpdump.pcap",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own below the system's temporary one, removed at the end.
    struct Temporary(std::path::PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("nsh-{name}-{}", std::process::id()));
            std::fs::create_dir_all(path.join("site/sub <&>")).unwrap();
            let site = path.join("site");
            std::fs::write(path.join("secret"), "secret").unwrap();
            std::fs::write(site.join("b.txt"), "b").unwrap();
            std::fs::write(site.join("A \"1\".html"), "a").unwrap();
            std::os::unix::fs::symlink("../secret", site.join("out")).unwrap();
            std::os::unix::fs::symlink("/etc", site.join("etc")).unwrap();
            std::os::unix::fs::symlink("b.txt", site.join("within")).unwrap();
            std::os::unix::fs::symlink("sub <&>", site.join("down")).unwrap();
            nix::unistd::mkfifo(&site.join("fifo"), Mode::S_IRWXU).unwrap();
            Temporary(path)
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn body(reply: Reply) -> String {
        match reply.content {
            Content::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Content::File(file, length) => {
                let text = std::io::read_to_string(file).unwrap();
                assert_eq!(text.len() as u64, length);
                text
            }
        }
    }

    #[test]
    fn files_and_lists() {
        let temporary = Temporary::new("list");
        let directory = Directory::open(temporary.0.join("site").to_str().unwrap()).unwrap();
        assert_eq!(
            body(directory.answer("/")),
            "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <title>Directory listing for /</title>\n</head>\n<body>\n<h1>Directory listing for /</h1>\n<hr>\n<ul>\n\
             <li><a href=\"A%20%221%22.html\">A &quot;1&quot;.html</a></li>\n\
             <li><a href=\"b.txt\">b.txt</a></li>\n\
             <li><a href=\"down/\">down@</a></li>\n\
             <li><a href=\"etc\">etc@</a></li>\n\
             <li><a href=\"fifo\">fifo</a></li>\n\
             <li><a href=\"out\">out@</a></li>\n\
             <li><a href=\"sub%20%3C%26%3E/\">sub &lt;&amp;&gt;/</a></li>\n\
             <li><a href=\"within\">within@</a></li>\n\
             </ul>\n<hr>\n</body>\n</html>\n"
        );
        assert_eq!(body(directory.answer("/b.txt")), "b");
        assert_eq!(body(directory.answer("/A%20%221%22.html")), "a");
        assert_eq!(body(directory.answer("/within")), "b");
        assert!(body(directory.answer("/sub%20%3C%26%3E/")).contains("listing for /sub &lt;&amp;&gt;/<"));
        std::fs::write(temporary.0.join("site/sub <&>/index.html"), "index").unwrap();
        assert_eq!(body(directory.answer("/down/")), "index");
        let moved = directory.answer("//sub%20%3C%26%3E");
        assert_eq!(moved.status, 301);
        assert_eq!(moved.headers[1].1, "/sub%20%3C%26%3E/");
    }

    #[test]
    fn nothing_leads_out() {
        let temporary = Temporary::new("out");
        let directory = Directory::open(temporary.0.join("site").to_str().unwrap()).unwrap();
        for (path, status) in [
            ("/../secret", 404),
            ("/%2e%2e/secret", 404),
            ("/..%2fsecret", 404),
            ("/sub%20%3C%26%3E/../../secret", 404),
            ("/etc/passwd", 403),
            ("/etc", 403),
            ("/out", 403),
            ("/fifo", 403),
            ("/b.txt/", 404),
            ("/b.txt/x", 404),
            ("/nothing", 404),
            ("/%00", 400),
            ("/%zz", 400),
        ] {
            assert_eq!(directory.answer(path).status, status, "{path}");
        }
        assert_eq!(directory.answer(&format!("/{}", "x".repeat(300))).status, 404);
        assert!(Directory::open(temporary.0.join("secret").to_str().unwrap()).is_err());
    }
}

//! The pipes to and from a process.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::fcntl::{FcntlArg, OFlag};

use super::buffer::OutputBuffer;
use super::show::Shower;
use super::{Spec, Which};

/// What is read at once.
const CHUNK: usize = 64 * 1024;
/// No pipe holds more, unless someone privileged enlarged it: what a process left in it when it ended.
const FULL_PIPE: usize = 1 << 20;

/// Our end of a process's stdout or stderr.
pub(super) struct Stream {
    which: Which,
    file: Option<Arc<File>>,
    buffer: Vec<u8>,
    pub kept: OutputBuffer,
    show: Option<Shower>,
}

impl Stream {
    /// `None` stands for one that the process doesn't have.
    pub fn new(which: Which, fd: Option<OwnedFd>, spec: &Spec) -> Self {
        fd.iter().for_each(nonblocking);
        Stream {
            which,
            buffer: vec![0; if fd.is_some() { CHUNK } else { 0 }],
            file: fd.map(|fd| Arc::new(fd.into())),
            kept: OutputBuffer::new(spec.limit, spec.keep),
            show: spec.show.as_deref().map(Shower::new),
        }
    }

    /// The lines that are to be printed now, and where.
    pub fn take_lines(&mut self) -> (Which, Vec<u8>) {
        (self.which, self.show.as_mut().map(Shower::take).unwrap_or_default())
    }

    /// Nothing more is read.
    pub fn finish(&mut self) {
        if let Some(show) = &mut self.show {
            show.finish();
        }
    }

    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// A share of the descriptor to poll, so that no other thread closes it meanwhile; `None` at the end of the file.
    pub fn share(&self) -> Option<Arc<File>> {
        self.file.clone()
    }

    /// Reads what is there, one chunk at most, without waiting. Returns how much it was.
    pub fn read_some(&mut self) -> usize {
        let Some(mut file) = self.file.as_deref() else { return 0 };
        loop {
            match file.read(&mut self.buffer) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return 0,
                // The other end of a terminal is closed with an error.
                Ok(0) | Err(_) => {
                    self.file = None;
                    self.finish();
                    return 0;
                }
                Ok(n) => {
                    self.kept.add(&self.buffer[..n]);
                    if let Some(show) = &mut self.show {
                        show.add(&self.buffer[..n]);
                    }
                    return n;
                }
            }
        }
    }

    /// Reads all that is there without waiting; bounded, since something that the process left behind may print
    /// for ever.
    pub fn drain(&mut self) {
        let mut total = 0;
        while total < FULL_PIPE {
            match self.read_some() {
                0 => break,
                n => total += n,
            }
        }
    }
}

/// Our end of a process's stdin, and what is still to be written to it.
pub(super) struct Input {
    file: Arc<File>,
    text: Vec<u8>,
    written: usize,
    /// Whether to close it once all is written.
    close: bool,
}

impl Input {
    pub fn new(fd: OwnedFd, text: Vec<u8>, close: bool) -> Self {
        nonblocking(&fd);
        Input { file: Arc::new(fd.into()), text, written: 0, close }
    }

    /// A share of the descriptor to poll.
    pub fn share(&self) -> Arc<File> {
        self.file.clone()
    }

    /// Whether something is still to be written.
    pub fn pending(&self) -> bool {
        self.written < self.text.len()
    }

    pub fn push(&mut self, text: &[u8]) {
        if !self.pending() {
            self.text.clear();
            self.written = 0;
        }
        self.text.extend_from_slice(text);
    }

    /// Closes it as soon as all is written.
    pub fn close_when_done(&mut self) {
        self.close = true;
    }

    /// Whether it takes no more text.
    pub fn closing(&self) -> bool {
        self.close
    }

    /// Writes what fits without waiting. `true` when it is to be closed: all is written, or nobody reads.
    pub fn write_some(&mut self) -> bool {
        while self.pending() {
            match (&*self.file).write(&self.text[self.written..]) {
                Ok(n) => self.written += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => return true,
            }
        }
        self.close
    }
}

/// Our end alone: each end of a pipe has its own flags.
fn nonblocking(fd: &OwnedFd) {
    // Fails for no descriptor that is open.
    let _ = nix::fcntl::fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
}

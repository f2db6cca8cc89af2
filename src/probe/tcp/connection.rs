//! An established connection: sending and receiving with deadlines.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::probe::socket::{canonical, explain};

/// So much is read at once.
const CHUNK: usize = 64 * 1024;
/// No call collects more than this: 64 MiB.
pub const LIMIT: usize = 64 << 20;

/// What to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receive {
    /// What is there, as soon as there is something; at most so many bytes.
    Some(usize),
    /// Exactly so many bytes.
    Exactly(usize),
    /// Up to the next line feed. The line comes without it and without a carriage return before it.
    Line,
    /// All until the peer ends its side.
    All,
}

/// A TCP connection. Dropping it closes it.
pub struct Connection {
    stream: RefCell<Option<TcpStream>>,
    /// Received, but not yet asked for.
    pending: RefCell<Vec<u8>>,
    local: SocketAddr,
    remote: SocketAddr,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nonblocking(true)?;
        let (local, remote) = (canonical(stream.local_addr()?), canonical(stream.peer_addr()?));
        Ok(Connection { stream: RefCell::new(Some(stream)), pending: RefCell::default(), local, remote })
    }

    pub fn local(&self) -> SocketAddr {
        self.local
    }

    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Sends all of `data`. Raises `connection_reset` if the peer closed, `timeout` if it stopped taking it.
    pub fn send(&self, data: &[u8], deadline: Deadline) -> Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            let written = self.with_stream(|mut stream| match stream.write(rest) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    Ok(wait::writable(stream.as_fd(), deadline)?.then_some(0))
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => Ok(Some(0)),
                written => Ok(Some(written.map_err(|e| explain(e.into(), self.remote))?)),
            })?;
            match written {
                Some(written) => rest = &rest[written..],
                None => {
                    let sent = data.len() - rest.len();
                    return Err(Error::new(
                        Kind::Timeout,
                        format!("{} took {sent} of {} bytes and no more", self.remote, data.len()),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Ends our side: the peer reads the end of the data, and can still answer.
    pub fn finish(&self) -> Result<()> {
        self.with_stream(|stream| Ok(stream.shutdown(Shutdown::Write)?))
    }

    /// Receives. `None` when the peer has ended its side and nothing is left. At a timeout what has come stays, for
    /// the next call.
    ///
    /// Raises `timeout`, `connection_reset`, `protocol` if the peer ends in the middle of [`Receive::Exactly`], and
    /// `limit` if more than 64 MiB come.
    pub fn receive(&self, what: Receive, deadline: Deadline) -> Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(found) = self.take(what, &mut searched) {
                return Ok(Some(found));
            }
            if self.pending.borrow().len() >= LIMIT {
                return Err(Error::new(Kind::Limit, "more than 64 MiB came in"));
            }
            if !self.fill(deadline)? {
                return self.at_end(what);
            }
        }
    }

    fn at_end(&self, what: Receive) -> Result<Option<Vec<u8>>> {
        let rest = std::mem::take(&mut *self.pending.borrow_mut());
        match what {
            Receive::Exactly(n) if !rest.is_empty() => {
                let got = rest.len();
                *self.pending.borrow_mut() = rest;
                Err(Error::new(Kind::Protocol, format!("{} closed after {got} of {n} bytes", self.remote)))
            }
            // The end is what was waited for, so an empty answer is one.
            Receive::All => Ok(Some(rest)),
            _ if rest.is_empty() => Ok(None),
            _ => Ok(Some(rest)),
        }
    }

    /// What is asked for, if it has come already; `searched` bytes hold no line feed.
    fn take(&self, what: Receive, searched: &mut usize) -> Option<Vec<u8>> {
        let mut pending = self.pending.borrow_mut();
        match what {
            Receive::Some(_) if pending.is_empty() => None,
            Receive::Some(n) => {
                let end = n.min(pending.len());
                Some(pending.drain(..end).collect())
            }
            Receive::Exactly(n) if pending.len() >= n => Some(pending.drain(..n).collect()),
            Receive::Line => {
                let at = pending[*searched..].iter().position(|b| *b == b'\n');
                let Some(end) = at.map(|at| at + *searched) else {
                    *searched = pending.len();
                    return None;
                };
                let mut line: Vec<u8> = pending.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                Some(line)
            }
            Receive::Exactly(_) | Receive::All => None,
        }
    }

    /// Reads more; `false` at the end.
    fn fill(&self, deadline: Deadline) -> Result<bool> {
        let mut pending = self.pending.borrow_mut();
        self.with_stream(|mut stream| {
            let old = pending.len();
            loop {
                pending.resize(old + CHUNK, 0);
                let read = stream.read(&mut pending[old..]);
                pending.truncate(old + read.as_ref().copied().unwrap_or(0));
                match read {
                    Ok(n) => return Ok(n > 0),
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        if !wait::readable(stream.as_fd(), deadline)? {
                            return Err(Error::new(
                                Kind::Timeout,
                                format!("{} sent nothing more in time ({old} bytes wait)", self.remote),
                            ));
                        }
                    }
                    Err(e) => return Err(explain(e.into(), self.remote)),
                }
            }
        })
    }

    /// Closes. Calling it again does nothing.
    pub fn close(&self) {
        self.stream.take();
    }

    pub fn is_open(&self) -> bool {
        self.stream.borrow().is_some()
    }

    fn with_stream<T>(&self, f: impl FnOnce(&TcpStream) -> Result<T>) -> Result<T> {
        match &*self.stream.borrow() {
            Some(stream) => f(stream),
            None => Err(Error::argument("the connection was closed by this script")),
        }
    }
}

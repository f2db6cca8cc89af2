//! A socket as hyper reads and writes it.

use std::io::{IoSlice, Result};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use nix::errno::Errno;

/// A socket that doesn't block, and can be shared.
pub(super) trait Socket {
    fn receive(&self, cx: &mut Context<'_>, buffer: &mut ReadBufCursor<'_>) -> Poll<Result<()>>;
    fn send(&self, cx: &mut Context<'_>, data: &[IoSlice<'_>]) -> Poll<Result<usize>>;
    /// Ends our side.
    fn end(&self) -> Result<()>;
}

/// Receives into hyper's buffer, which isn't cleared before. Returns what came.
pub(super) fn receive<'a>(fd: BorrowedFd<'_>, buffer: &'a mut ReadBufCursor<'_>) -> Result<&'a [u8]> {
    // SAFETY: recv writes into the room that there is, and says how much of it is filled then.
    unsafe {
        let room = buffer.as_mut();
        let start = room.as_mut_ptr().cast::<u8>();
        let n = Errno::result(libc::recv(fd.as_raw_fd(), start.cast(), room.len(), 0))?.cast_unsigned();
        buffer.advance(n);
        Ok(std::slice::from_raw_parts(start, n))
    }
}

pub(super) struct Wire<S>(pub S);

impl<S: Socket + Unpin> Read for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<()>> {
        self.0.receive(cx, &mut buffer)
    }
}

impl<S: Socket + Unpin> Write for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        self.0.send(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.0.send(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(self.0.end())
    }
}

//! DNS servers: messages over UDP and TCP, answered by a function, or by another server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::errno::Errno;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Journal, Record, Server, accept, again, listener, lock, now, udp, whenever_readable};
use crate::base::error::Result;

/// A message's header.
pub const HEADER: usize = 12;
/// What answers that there is none: the server that was asked for it was silent.
pub const SERVER_FAILURE: u8 = 2;
/// How long a client may take for a message over TCP.
const IDLE: Duration = Duration::from_secs(10);
/// How long another server may take, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
const TRIES: u32 = 2;
/// How many answers of another server are waited for at most.
const WAITING: usize = 1024;

/// One query that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Empty if the message was malformed; then so is `kind`.
    pub name: String,
    /// The type of record: `A`, `MX`, ...
    pub kind: String,
    pub peer: SocketAddr,
    pub tcp: bool,
    /// The answer's code, 0 for NOERROR.
    pub rcode: u8,
    /// How many records answered.
    pub answers: u16,
    /// Whether another server answered.
    pub forwarded: bool,
    /// When, in seconds since 1970.
    pub time: f64,
}

impl Record for Asked {
    type Totals = ();

    fn size(&self) -> usize {
        size_of::<Asked>() + self.name.len() + self.kind.len()
    }
}

/// An answer on its way out.
pub struct Reply {
    pub name: String,
    pub kind: String,
    /// What is sent, a header at least; if `forward` is set, where the other server is silent.
    pub message: Vec<u8>,
    pub forward: bool,
}

/// The answer to a message, which came over TCP or not; `None` if it is to be left without one.
type Answer = dyn Fn(&[u8], bool) -> Option<Reply> + Send + Sync;

/// Serves on a socket for datagrams and a listening one. `upstream` leads to the server that is asked for the rest.
pub fn serve(
    datagrams: OwnedFd,
    listening: OwnedFd,
    address: SocketAddr,
    upstream: Option<OwnedFd>,
    answer: impl Fn(&[u8], bool) -> Option<Reply> + Send + Sync + 'static,
) -> Result<Server<Asked>> {
    Server::start(address, |mut sessions, journal| {
        let upstream = upstream.map(Upstream::new).transpose()?;
        let service = Arc::new(Service { answer: Box::new(answer), journal, upstream });
        if service.upstream.is_some() {
            sessions.spawn(service.clone().hear());
        }
        let (socket, asked, mut buffer) = (Arc::new(datagrams), service.clone(), vec![0; 1 << 16]);
        let (replying, mut forwarded) = (socket.clone(), sessions.further());
        sessions.spawn(whenever_readable(socket, move |_| {
            let datagram = match udp::receive(&replying, &mut buffer) {
                Ok(Some(datagram)) => datagram,
                Err(Errno::EAGAIN) => return false,
                // A wrong checksum, or an ICMP error for an earlier answer.
                _ => return true,
            };
            let Some(reply) = (asked.answer)(&datagram.received.data, false) else { return true };
            if reply.forward {
                let (replying, asked) = (replying.clone(), asked.clone());
                forwarded.spawn(async move {
                    let (query, peer) = (&datagram.received.data, datagram.received.from);
                    let message = asked.finish(reply, query, peer, false).await;
                    udp::answer(&replying, &datagram, &message);
                });
            } else {
                let message = asked.record(reply, datagram.received.from, false, false);
                udp::answer(&replying, &datagram, &message);
            }
            true
        })?);
        let listener = listener(listening)?;
        Ok(accept(listener, sessions, move |stream, peer| service.clone().talk(stream, peer)))
    })
}

struct Service {
    answer: Box<Answer>,
    journal: Arc<Journal<Asked>>,
    upstream: Option<Upstream>,
}

impl Service {
    /// Answers the messages of a connection, one after another.
    async fn talk(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        while let Ok(Some(query)) = timeout(IDLE, read(&stream)).await {
            let Some(reply) = (self.answer)(&query, true) else { return };
            let message = self.finish(reply, &query, peer, true).await;
            let Ok(Some(())) = timeout(IDLE, write(&stream, &message)).await else { return };
        }
    }

    async fn finish(&self, mut reply: Reply, query: &[u8], peer: SocketAddr, tcp: bool) -> Vec<u8> {
        let mut forwarded = false;
        if let (true, Some(upstream)) = (reply.forward, &self.upstream)
            && let Some(answer) = upstream.ask(query).await
        {
            (reply.message, forwarded) = (answer, true);
        }
        self.record(reply, peer, tcp, forwarded)
    }

    /// Recorded before it is answered: who has the answer finds the record.
    fn record(&self, reply: Reply, peer: SocketAddr, tcp: bool, forwarded: bool) -> Vec<u8> {
        let Reply { name, kind, message, .. } = reply;
        let (rcode, answers) = match message.get(..HEADER) {
            Some(header) => (header[3] & 0xf, u16::from_be_bytes([header[6], header[7]])),
            None => (SERVER_FAILURE, 0),
        };
        self.journal.add(Asked { name, kind, peer, tcp, rcode, answers, forwarded, time: now() });
        message
    }

    async fn hear(self: Arc<Self>) {
        if let Some(upstream) = &self.upstream {
            upstream.hear().await;
        }
    }
}

/// Another server, and who waits for its answers, by the number that their query was sent with.
struct Upstream {
    socket: UdpSocket,
    waiting: Mutex<HashMap<u16, oneshot::Sender<Vec<u8>>>>,
}

impl Upstream {
    /// `socket` is connected.
    fn new(socket: OwnedFd) -> Result<Self> {
        Ok(Upstream { socket: UdpSocket::from_std(socket.into())?, waiting: Mutex::default() })
    }

    /// The other server's answer to a query, if there is one in time.
    async fn ask(&self, query: &[u8]) -> Option<Vec<u8>> {
        let own = query.get(..2)?;
        let (sender, mut answer) = oneshot::channel();
        let number = self.enter(u16::from_be_bytes([own[0], own[1]]), sender)?;
        let mut message = query.to_vec();
        message[..2].copy_from_slice(&number.to_be_bytes());
        for _ in 0..TRIES {
            // A refusal that was told by ICMP; the next try may do better.
            let _ = self.socket.send(&message).await;
            if let Ok(Ok(mut answer)) = timeout(PATIENCE, &mut answer).await {
                answer[..2].copy_from_slice(own);
                return Some(answer);
            }
        }
        lock(&self.waiting).remove(&number);
        None
    }

    /// A number that nobody else uses: the client's own, or one beside it.
    fn enter(&self, wanted: u16, sender: oneshot::Sender<Vec<u8>>) -> Option<u16> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= WAITING {
            return None;
        }
        let mut numbers = (0..=u16::MAX).map(|further| wanted.wrapping_add(further));
        let number = numbers.find(|number| !waiting.contains_key(number))?;
        waiting.insert(number, sender);
        Some(number)
    }

    /// Hands out what the other server answers, for ever.
    async fn hear(&self) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let Ok(length) = self.socket.recv(&mut buffer).await else { continue };
            if length >= HEADER {
                let message = &buffer[..length];
                let number = u16::from_be_bytes([message[0], message[1]]);
                if let Some(sender) = lock(&self.waiting).remove(&number) {
                    let _ = sender.send(message.to_vec());
                }
            }
        }
    }
}

/// A message with its length in front; `None` at the connection's end.
async fn read(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    fill(stream, &mut length).await?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(stream, &mut message).await?;
    Some(message)
}

async fn fill(stream: &TcpStream, mut room: &mut [u8]) -> Option<()> {
    while !room.is_empty() {
        stream.readable().await.ok()?;
        match stream.try_read(room) {
            Ok(0) => return None,
            Ok(n) => room = &mut room[n..],
            Err(e) if again(&e) => {}
            Err(_) => return None,
        }
    }
    Some(())
}

async fn write(stream: &TcpStream, message: &[u8]) -> Option<()> {
    let length = u16::try_from(message.len()).ok()?;
    let framed = [&length.to_be_bytes(), message].concat();
    let mut left = framed.as_slice();
    while !left.is_empty() {
        stream.writable().await.ok()?;
        match stream.try_write(left) {
            Ok(n) => left = &left[n..],
            Err(e) if again(&e) => {}
            Err(_) => return None,
        }
    }
    Some(())
}

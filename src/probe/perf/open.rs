//! Opening the sockets of a stream: a client's and a server's end, connected to each other.

use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::socket::{SockFlag, SockType, SockaddrStorage, accept4, setsockopt, sockopt};

use super::{Options, Proto};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::endpoint::{Endpoint, Host};
use crate::probe::socket::{self, explain, needs_link};
use crate::probe::{server, tcp};

/// What the client says until the server knows where it is: the first datagram may be lost.
const HELLO: &[u8] = b"nsh perf";
const AGAIN: Duration = Duration::from_millis(100);
/// Room for datagrams that wait for their receiver.
const RECEIVE_BUFFER: i32 = 4 << 20;

/// The two ends of a stream. Both block.
pub struct Pair {
    pub client: OwnedFd,
    pub server: OwnedFd,
}

/// Who asks and who answers.
pub struct Ends<'a> {
    pub client: &'a Namespace,
    pub server: &'a Namespace,
    /// The address that the client sends to.
    pub target: SocketAddr,
}

impl Ends<'_> {
    /// Opens so many pairs, all to the same port of the server. Returns them and the address that the client sends to.
    pub fn open(&self, options: &Options, count: usize) -> Result<(Vec<Pair>, SocketAddr)> {
        match options.proto {
            Proto::Tcp => self.tcp(options, count),
            Proto::Udp => self.udp(options, count),
        }
    }

    /// Where the server listens: at the target's address if its namespace has that.
    fn listens(&self, options: &Options) -> Host {
        let ip = self.target.ip();
        match options.any || needs_link(ip) {
            false => Host::Address(ip, None),
            true if ip.is_ipv4() => Host::Address(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), None),
            true => Host::Address(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), None),
        }
    }

    fn target(&self, port: u16) -> SocketAddr {
        let mut target = self.target;
        target.set_port(port);
        target
    }

    fn tcp(&self, options: &Options, count: usize) -> Result<(Vec<Pair>, SocketAddr)> {
        let at = Endpoint { host: self.listens(options), port: options.port, dev: None };
        let (listener, address) = server::listen(self.server, &at, &no_names)?;
        if let Some(name) = &options.congestion {
            // Those that it accepts inherit it.
            congestion(&listener, name)?;
        }
        let target = self.target(address.port());
        let deadline = Deadline::secs(options.timeout);
        let pair = |_| {
            let client = tcp::stream(self.client, &[target], &options.socket, deadline)?;
            // The last acknowledgement may be lost: then the client is connected before the server knows it.
            if !wait::readable(listener.as_fd(), deadline)? {
                return Err(Error::new(Kind::Timeout, "the server got no end of the handshake"));
            }
            let accepted = accept4(listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC)?;
            // SAFETY: accept4 has just made this descriptor; nobody else has it.
            let server = TcpStream::from(unsafe { OwnedFd::from_raw_fd(accepted) });
            client.set_nonblocking(false)?;
            for end in [&client, &server] {
                // Bulk data: the kernel may gather what fills a segment.
                end.set_nodelay(false)?;
            }
            let (client, server) = (OwnedFd::from(client), OwnedFd::from(server));
            if let Some(name) = &options.congestion {
                congestion(&client, name)?;
            }
            Ok(Pair { client, server })
        };
        Ok(((0..count).map(pair).collect::<Result<_>>()?, target))
    }

    fn udp(&self, options: &Options, count: usize) -> Result<(Vec<Pair>, SocketAddr)> {
        let mut port = options.port;
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            let server = self.udp_server(options, port)?;
            port = socket::local_address(server.as_fd())?.port();
            pairs.push(self.greet(options, server, self.target(port))?);
        }
        Ok((pairs, self.target(port)))
    }

    /// All streams have the same port: what comes from a peer goes to the socket that is connected to it.
    fn udp_server(&self, options: &Options, port: u16) -> Result<OwnedFd> {
        let at = Endpoint { host: self.listens(options), port, dev: None };
        let address = at.resolve(self.server, &no_names, None)?[0];
        self.server.within(|| {
            let socket = socket::open(Family::of(address.ip()), SockType::Datagram, None)?;
            setsockopt(&socket, sockopt::ReuseAddr, &true)?;
            socket::bind(self.server, &socket, address)?;
            Ok(socket)
        })
    }

    /// Connects both ends, by a datagram that tells the server where the client is: perhaps behind NAT.
    fn greet(&self, options: &Options, server: OwnedFd, target: SocketAddr) -> Result<Pair> {
        let family = Family::of(target.ip());
        let client = socket::open_from(self.client, family, SockType::Datagram, None, &options.socket)?;
        nix::sys::socket::connect(client.as_raw_fd(), &SockaddrStorage::from(target))
            .map_err(|e| explain(e.into(), target))?;
        let (client, server) = (UdpSocket::from(client), UdpSocket::from(server));
        let deadline = Deadline::secs(options.timeout);
        let peer = loop {
            client.send(HELLO).map_err(|e| explain(e.into(), target))?;
            let ready = [(server.as_fd(), PollFlags::POLLIN)];
            wait::wait(&ready, deadline.min(Deadline::after(AGAIN)))?;
            let mut buffer = [0; 64];
            match server.recv_from(&mut buffer) {
                Ok((length, peer)) if &buffer[..length] == HELLO => break peer,
                _ if deadline.passed() => return Err(self.unheard(target, options.timeout)),
                _ => {}
            }
        };
        server.connect(peer)?;
        for end in [&client, &server] {
            end.set_nonblocking(false)?;
            socket::set_receive_buffer(end.as_fd(), RECEIVE_BUFFER);
        }
        Ok(Pair { client: client.into(), server: server.into() })
    }

    fn unheard(&self, target: SocketAddr, timeout: f64) -> Error {
        let (ip, port) = (target.ip().to_string(), target.port());
        let text = format!("no datagram to {target} reached {} in {timeout} s", self.server.name());
        Error::new(Kind::Timeout, text).hint(format!(
            "why({ip:?}, {{ proto = \"udp\", port = {port} }}) says where it is lost, while something listens there"
        ))
    }
}

/// The server's address is an address already.
fn no_names(name: &str) -> Result<Vec<IpAddr>> {
    Err(Error::new(Kind::NotFound, format!("no host named {name:?}")))
}

fn congestion(fd: &OwnedFd, name: &str) -> Result<()> {
    setsockopt(fd, sockopt::TcpCongestion, &name.into()).map_err(|e| {
        Error::from(e)
            .detail(format!("congestion control {name:?}"))
            .hint("net.ipv4.tcp_available_congestion_control lists those that this kernel has loaded")
    })
}

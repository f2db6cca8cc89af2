//! Connections over the loopback, and to where there is nobody.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::*;
use crate::net::namespace::Namespaces;
use crate::net::testing::{lab, witness};
use crate::probe::endpoint::{Endpoint, Resolve};

pub(in crate::probe) fn no_names(name: &str) -> Result<Vec<std::net::IpAddr>> {
    Err(Error::new(Kind::NotFound, format!("no host named {name:?}")))
}

/// Runs `f` in a lab whose loopback is up.
pub(in crate::probe) fn loopback(f: impl FnOnce(&Namespaces) + Send + 'static) {
    lab(|all| {
        if witness(all, "host", &["ip", "link", "set", "lo", "up"]).is_some() {
            f(all);
        }
    });
}

pub(in crate::probe) fn at(text: &str) -> Endpoint {
    Endpoint::parse(text, None).unwrap()
}

fn soon() -> Deadline {
    Deadline::secs(10.0)
}

fn server(all: &Namespaces, text: &str, options: ServerOptions) -> Server {
    listen(all.host(), &at(text), &no_names as &dyn Resolve, options).unwrap()
}

fn client(all: &Namespaces, target: SocketAddr) -> Connection {
    connect(all.host(), &[target], &Default::default(), soon()).unwrap()
}

fn on(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(text.parse().unwrap(), port)
}

#[test]
fn an_echo() {
    loopback(|all| {
        for address in ["127.0.0.1", "::1"] {
            let server = server(
                all,
                &Endpoint { port: 0, ..Endpoint::parse_or(address, 0).unwrap() }.to_string(),
                Default::default(),
            );
            assert_eq!(server.address().ip().to_string(), address);
            assert_ne!(server.address().port(), 0);
            let c = client(all, server.address());
            assert_eq!(c.remote(), server.address());
            c.send(b"one\r\ntwo\nthr", soon()).unwrap();
            assert_eq!(c.receive(Receive::Line, soon()).unwrap().unwrap(), b"one");
            assert_eq!(c.receive(Receive::Line, soon()).unwrap().unwrap(), b"two");
            // What came stays for the next call.
            let e = c.receive(Receive::Line, Deadline::secs(0.01)).unwrap_err();
            assert_eq!(e.kind(), Kind::Timeout, "{e}");
            c.send(b"ee\n", soon()).unwrap();
            assert_eq!(c.receive(Receive::Exactly(2), soon()).unwrap().unwrap(), b"th");
            assert_eq!(c.receive(Receive::Line, soon()).unwrap().unwrap(), b"ree");
            c.send(b"end", soon()).unwrap();
            c.finish().unwrap();
            assert_eq!(c.receive(Receive::All, soon()).unwrap().unwrap(), b"end");
            assert_eq!(c.receive(Receive::Some(10), soon()).unwrap(), None);
            assert_eq!(c.receive(Receive::Exactly(10), soon()).unwrap(), None);

            assert!(
                server
                    .wait_until(WaitFor { connections: Some(1), closed: Some(1), bytes: Some(18) }, soon())
                    .unwrap()
            );
            let record = &server.records()[0];
            assert_eq!((record.peer, record.local), (c.local(), c.remote()));
            assert_eq!((record.bytes_in, record.bytes_out, record.open), (18, 18, false));
            assert_eq!(record.data, b"one\r\ntwo\nthree\nend");
            let more = WaitFor { connections: Some(2), ..Default::default() };
            assert!(!server.wait_until(more, Deadline::secs(0.0)).unwrap());
            c.close();
            c.close();
            assert_eq!(c.send(b"x", soon()).unwrap_err().kind(), Kind::Argument);
        }
    });
}

/// More than all buffers take, both ways at once: no deadlock, nothing lost.
#[test]
fn much_data() {
    loopback(|all| {
        let server = server(all, "127.0.0.1:0", Default::default());
        let target = server.address();
        let data: Vec<u8> = (0..20_000_000u32).map(|i| (i % 251) as u8).collect();
        let mut sender = all.host().within(|| Ok(TcpStream::connect(target)?)).unwrap();
        let mut receiver = sender.try_clone().unwrap();
        let sent = data.clone();
        let thread = std::thread::spawn(move || {
            sender.write_all(&sent).unwrap();
            sender.shutdown(std::net::Shutdown::Write).unwrap();
        });
        let mut back = Vec::new();
        receiver.read_to_end(&mut back).unwrap();
        thread.join().unwrap();
        assert!(back == data);
        assert_eq!(server.records()[0].data.len(), 4096);

        // A peer that takes nothing.
        let full = self::server(all, "127.0.0.1:0", Default::default());
        let c = client(all, full.address());
        let e = c.send(&data, Deadline::secs(0.2)).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout, "{e}");
    });
}

#[test]
fn replies_and_banners() {
    loopback(|all| {
        let options = ServerOptions {
            reaction: Reaction::Reply(b"pong".to_vec()),
            banner: b"hello\n".to_vec(),
            ..Default::default()
        };
        let server = server(all, "[::]:0", options);
        let port = server.address().port();
        // One socket for both versions, and IPv4 is shown as IPv4.
        for address in ["127.0.0.1", "::1"] {
            let c = client(all, on(address, port));
            assert_eq!(c.receive(Receive::Line, soon()).unwrap().unwrap(), b"hello");
            c.send(b"ping", soon()).unwrap();
            assert_eq!(c.receive(Receive::All, soon()).unwrap().unwrap(), b"pong");
            assert_eq!(server.records().pop().unwrap().peer, c.local());
            assert!(c.local().to_string().starts_with(if address == "::1" { "[::1]" } else { "127.0.0.1:" }));
        }
        let sink = self::server(
            all,
            "127.0.0.1:0",
            ServerOptions { reaction: Reaction::Discard, ..Default::default() },
        );
        let c = client(all, sink.address());
        c.send(b"gone", soon()).unwrap();
        c.finish().unwrap();
        assert_eq!(c.receive(Receive::All, soon()).unwrap().unwrap(), b"");
        assert_eq!(sink.records()[0].bytes_in, 4);
    });
}

#[test]
fn wildcards() {
    loopback(|all| {
        for (text, four, six) in
            [(":0", true, true), ("[::]:0", true, true), ("0.0.0.0:0", true, false), ("[::1]:0", false, true)]
        {
            let server = server(all, text, Default::default());
            for (address, works) in [("127.0.0.1", four), ("::1", six)] {
                let target = on(address, server.address().port());
                let result = connect(all.host(), &[target], &Default::default(), soon());
                match result {
                    Ok(_) => assert!(works, "{text} {address}"),
                    Err(e) => assert!(!works && e.kind() == Kind::ConnectionRefused, "{text} {address}: {e}"),
                }
            }
        }
    });
}

#[test]
fn refusals() {
    loopback(|all| {
        let host = all.host();
        let first = server(all, ":0", Default::default());
        let port = first.address().port();
        for text in [format!(":{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
            let e = listen(host, &at(&text), &no_names as &dyn Resolve, Default::default())
                .map(drop)
                .unwrap_err();
            assert_eq!(e.kind(), Kind::AddressInUse, "{text}: {e}");
            assert!(e.message().contains(&format!("port {port} is taken")), "{e}");
            assert!(e.fields().hint.as_ref().unwrap().contains("port"), "{e}");
        }
        // At once after a stop, with connections of it still in TIME_WAIT.
        let c = client(all, on("127.0.0.1", port));
        c.send(b"x", soon()).unwrap();
        c.receive(Receive::Some(1), soon()).unwrap();
        first.stop();
        first.stop();
        assert!(!first.running());
        // A process that another test starts just now has the socket until it calls exec.
        let deadline = soon();
        let again = || listen(host, &at(&format!(":{port}")), &no_names as &dyn Resolve, Default::default());
        while let Err(e) = again().map(drop) {
            assert!(e.kind() == Kind::AddressInUse && !deadline.passed(), "{e}");
        }

        let e = connect(host, &[on("127.0.0.1", port)], &Default::default(), soon()).map(drop).unwrap_err();
        assert_eq!(e.kind(), Kind::ConnectionRefused);
        assert!(
            e.fields().hint.as_ref().unwrap().contains(&format!("nothing listens on 127.0.0.1:{port}")),
            "{e}"
        );
        let e = connect(host, &[on("8.8.8.8", 53)], &Default::default(), soon()).map(drop).unwrap_err();
        assert_eq!(e.kind(), Kind::NetworkUnreachable);
        let e = listen(host, &at("10.9.9.9:80"), &no_names as &dyn Resolve, Default::default())
            .map(drop)
            .unwrap_err();
        assert_eq!(e.kind(), Kind::AddressNotAvailable);
        let e = listen(host, &at("nobody:80"), &no_names as &dyn Resolve, Default::default())
            .map(drop)
            .unwrap_err();
        assert_eq!(e.kind(), Kind::NotFound);
        // The next address is tried when one refuses.
        let second = server(all, "[::1]:0", Default::default());
        let port = second.address().port();
        let c =
            connect(host, &[on("127.0.0.1", port), on("::1", port)], &Default::default(), soon()).unwrap();
        assert_eq!(c.remote(), on("::1", port));
    });
}

/// A route that leads nowhere, quietly: a link whose far end takes everything and says nothing.
#[test]
fn a_timeout() {
    loopback(|all| {
        all.add("sink").unwrap();
        for command in [
            "ip link add e0 type veth peer name e0 netns sink",
            "ip addr add 10.0.0.1/24 dev e0",
            "ip link set e0 up",
            "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev e0 nud permanent",
        ] {
            let command: Vec<&str> = command.split(' ').collect();
            if witness(all, "host", &command).is_none() {
                return;
            }
        }
        witness(all, "sink", &["ip", "link", "set", "e0", "up"]);
        let started = Instant::now();
        let target = [on("10.0.0.2", 80)];
        let e = connect(all.host(), &target, &Default::default(), Deadline::secs(0.1)).map(drop).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout);
        assert_eq!(e.message(), "no answer from 10.0.0.2:80 in 0.100 s");
        assert!(started.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn sources() {
    loopback(|all| {
        let server = server(all, "127.0.0.1:0", Default::default());
        let options = socket::SocketOptions {
            from: Some(socket::Source::parse("127.0.0.9").unwrap()),
            port: Some(4444),
            ttl: Some(9),
            ..Default::default()
        };
        let c = connect(all.host(), &[server.address()], &options, soon()).unwrap();
        assert_eq!(c.local(), on("127.0.0.9", 4444));
        let e = connect(all.host(), &[server.address()], &options, soon()).map(drop).unwrap_err();
        assert_eq!(e.kind(), Kind::AddressInUse, "{e}");
    });
}

/// With many connections open, also such that say nothing, a server ends at once.
#[test]
fn many_connections_and_a_quick_end() {
    loopback(|all| {
        let server = server(all, "127.0.0.1:0", Default::default());
        let clients: Vec<Connection> = (0..300).map(|_| client(all, server.address())).collect();
        for (i, c) in clients.iter().enumerate() {
            c.send(format!("{i}\n").as_bytes(), soon()).unwrap();
        }
        for (i, c) in clients.iter().enumerate() {
            assert_eq!(c.receive(Receive::Line, soon()).unwrap().unwrap(), i.to_string().as_bytes());
        }
        let started = Instant::now();
        drop(server);
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
        assert!(
            clients[0]
                .receive(Receive::Some(1), soon())
                .map_or_else(|e| e.kind() == Kind::ConnectionReset, |d| d.is_none())
        );
    });
}

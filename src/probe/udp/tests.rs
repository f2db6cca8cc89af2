//! Datagrams over the loopback, and to where there is nobody.

use std::net::SocketAddr;

use super::*;
use crate::base::error::Kind;
use crate::net::testing::witness;
use crate::probe::endpoint::{Endpoint, Resolve};
use crate::probe::tcp::Reaction;
use crate::probe::tcp::tests::{loopback, no_names};

fn options(reaction: Reaction, groups: &[(&str, Option<&str>)]) -> ServerOptions {
    let group = |(address, link): &(&str, Option<&str>)| Group {
        address: address.parse().unwrap(),
        link: link.map(str::to_owned),
    };
    ServerOptions { reaction, groups: groups.iter().map(group).collect() }
}

fn server(ns: &Namespace, at: &str, options: ServerOptions) -> Result<Server> {
    listen(ns, &Endpoint::parse(at, None).unwrap(), &no_names as &dyn Resolve, options)
}

fn on(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(text.parse().unwrap(), port)
}

#[test]
fn echoes() {
    loopback(|all| {
        let host = all.host();
        for at in ["127.0.0.1:0", "[::1]:0", "[::]:0", ":0", "0.0.0.0:0"] {
            let server = server(host, at, options(Reaction::Echo, &[])).unwrap();
            let port = server.as_ref().address().port();
            let mut asked = 0;
            // The answer comes from the address that was asked, also on a wildcard: the client is connected to it.
            for address in ["127.0.0.1", "127.0.0.7", "::1"] {
                let ip: std::net::IpAddr = address.parse().unwrap();
                let bound = server.as_ref().address().ip();
                let both = !at.starts_with("0.") && bound.is_unspecified();
                if bound != ip && !both && !(bound.is_unspecified() && ip.is_ipv4()) {
                    continue;
                }
                let reply = request(host, on(address, port), b"hello", &Default::default(), 5.0, 1).unwrap();
                assert_eq!(
                    (reply.data.as_slice(), reply.from, reply.tries),
                    (&b"hello"[..], on(address, port), 1)
                );
                asked += 1;
                assert!(server.as_ref().wait_for(asked, Deadline::secs(5.0)).unwrap());
                let received = server.as_ref().records().pop().unwrap();
                assert_eq!((received.from, received.to), (reply.local, Some(ip)), "{at} {address}");
            }
            assert!(asked > 0, "{at}");
            server.as_ref().stop();
            server.as_ref().stop();
        }
    });
}

#[test]
fn replies_and_sizes() {
    loopback(|all| {
        let host = all.host();
        let fixed = server(host, "127.0.0.1:0", options(Reaction::Reply(b"pong".to_vec()), &[])).unwrap();
        let reply = request(host, fixed.as_ref().address(), b"", &Default::default(), 5.0, 1).unwrap();
        assert_eq!(reply.data, b"pong");
        let echo = server(host, "127.0.0.1:0", options(Reaction::Echo, &[])).unwrap();
        let most = vec![7; MAX_SIZE];
        assert!(
            request(host, echo.as_ref().address(), &most, &Default::default(), 5.0, 1).unwrap().data == most
        );
        let e =
            send_to(host, echo.as_ref().address(), &vec![7; MAX_SIZE + 1], &Default::default()).unwrap_err();
        assert_eq!(e.kind(), Kind::Invalid);
        assert!(e.fields().hint.is_some(), "{e}");
    });
}

#[test]
fn refusals() {
    loopback(|all| {
        let host = all.host();
        let nobody = on("127.0.0.1", 9);
        assert!(send_to(host, nobody, b"x", &Default::default()).is_ok());
        let e = request(host, nobody, b"x", &Default::default(), 5.0, 1).unwrap_err();
        assert_eq!(e.kind(), Kind::ConnectionRefused, "{e}");
        let e = request(host, on("::1", 9), b"x", &Default::default(), 5.0, 1).unwrap_err();
        assert_eq!(e.kind(), Kind::ConnectionRefused, "{e}");
        let e = send_to(host, on("8.8.8.8", 53), b"x", &Default::default()).unwrap_err();
        assert_eq!(e.kind(), Kind::NetworkUnreachable);
        let silent = server(host, "127.0.0.1:0", options(Reaction::Discard, &[])).unwrap();
        let e = request(host, silent.as_ref().address(), b"x", &Default::default(), 0.02, 3).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout);
        assert!(e.message().ends_with("in 0.02 s, 3 times"), "{e}");
        assert_eq!(silent.as_ref().records().len(), 3);
        let e = server(host, &silent.as_ref().address().to_string(), options(Reaction::Echo, &[]))
            .map(drop)
            .unwrap_err();
        assert_eq!(e.kind(), Kind::AddressInUse);
    });
}

#[test]
fn groups_and_broadcasts() {
    loopback(|all| {
        let host = all.host();
        for command in [
            "ip link add e0 type veth peer name e1",
            "ip addr add 10.0.0.1/24 dev e0",
            "ip link set e0 up",
            "ip link set e1 up",
            "ip route add 224.0.0.0/4 dev e0",
        ] {
            let command: Vec<&str> = command.split(' ').collect();
            if witness(all, "host", &command).is_none() {
                return;
            }
        }
        let groups = options(Reaction::Echo, &[("239.1.1.1", Some("e0")), ("ff02::77", Some("e0"))]);
        let server = server(host, ":0", groups).unwrap();
        let joined = witness(all, "host", &["ip", "-j", "maddr", "show", "dev", "e0"]).unwrap().to_string();
        assert!(joined.contains("239.1.1.1") && joined.contains("ff02::77"), "{joined}");
        let port = server.as_ref().address().port();
        // Multicast from this host comes back to it (IP_MULTICAST_LOOP).
        send_to(host, on("239.1.1.1", port), b"many", &Default::default()).unwrap();
        assert!(server.as_ref().wait_for(1, Deadline::secs(5.0)).unwrap());
        let received = server.as_ref().records().pop().unwrap();
        assert_eq!(
            (received.data.as_slice(), received.to.unwrap().to_string()),
            (&b"many"[..], "239.1.1.1".into())
        );
        assert_eq!(received.from.ip().to_string(), "10.0.0.1");

        let with = |group, link| {
            self::server(host, "0.0.0.0:0", options(Reaction::Echo, &[(group, link)])).map(drop)
        };
        assert_eq!(with("10.0.0.1", None).unwrap_err().kind(), Kind::Argument);
        assert_eq!(with("ff02::1", None).unwrap_err().kind(), Kind::Argument);
        assert_eq!(with("239.1.1.1", Some("e9")).unwrap_err().kind(), Kind::NotFound);
        assert!(with("239.1.1.1", None).is_ok());
    });
}

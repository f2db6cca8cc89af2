use super::*;
use crate::net::testing::lab;

#[test]
fn an_answer_byte_by_byte() {
    let mut answer = vec![2, 10, 0, 0]; // AF_INET, TCP_LISTEN
    answer.extend([0, 80, 0, 0]); // ports, in network order
    answer.extend([127, 0, 0, 1]);
    answer.extend([0; 28]); // the rest of the address, and the peer's
    answer.extend([3, 0, 0, 0]); // bound to link 3
    answer.extend([0; 12]); // cookie, expiry
    answer.extend([1, 0, 0, 0, 5, 0, 0, 0]); // queues
    answer.extend([7, 0, 0, 0, 9, 0, 0, 0]); // user, inode
    assert_eq!(answer.len(), 72);
    let socket = diag::inet_socket(Proto::Tcp, &answer).unwrap();
    assert_eq!(socket.state(), LISTEN);
    assert_eq!(socket.at(), Some("127.0.0.1:80".parse().unwrap()));
    assert_eq!(socket.dev.as_deref(), Some("3"));
    assert_eq!(
        [socket.recv_q, socket.send_q, socket.uid, socket.inode],
        [1, 5, 7, 9].map(|n| Some(Between(n)))
    );
    for length in 0..72 {
        assert_eq!(diag::inet_socket(Proto::Tcp, &answer[..length]), None);
    }
    assert_eq!(diag::unix_socket(&answer), None);
}

#[test]
fn lines_of_proc() {
    let line = "  60: 0100007F:0001 00000000:0000 07 00000002:00000001 00:00000000 00000000 1000        0 1234 2 0 0";
    let socket = file::parse(Proto::Raw, Family::Inet, line);
    if cfg!(target_endian = "little") {
        let socket = socket.unwrap();
        assert_eq!((socket.at(), socket.state()), (Some("127.0.0.1:1".parse().unwrap()), UNCONN));
        let numbers = [socket.recv_q, socket.send_q, socket.uid, socket.inode];
        assert_eq!(numbers, [1, 2, 1000, 1234].map(|n| Some(Between(n))));
    }
    let six = "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A \
               00000000:00000000 00:00000000 00000000     0        0 5 1";
    if cfg!(target_endian = "little") {
        let socket = file::parse(Proto::Tcp, Family::Inet6, six).unwrap();
        assert_eq!(socket.at(), Some("[::1]:8080".parse().unwrap()));
    }
    for rubbish in ["", "a b c d e f g h i j", "1: 0:1 0:1 zz 0:0 0 0 0 0 0"] {
        assert_eq!(file::parse(Proto::Tcp, Family::Inet, rubbish), None);
    }
}

/// The two ways to read them tell the same.
#[test]
fn sock_diag_and_proc_agree() {
    lab(|all| {
        let ns = all.add("ns1").unwrap();
        crate::net::link::set(&ns, "lo", &crate::net::link::End::up(true).into()).unwrap();
        let _open = ns
            .within(|| {
                Ok((std::net::TcpListener::bind("[::1]:0")?, std::net::UdpSocket::bind("127.0.0.1:0")?))
            })
            .unwrap();
        let mut asked = diag::Asked::open(&ns).unwrap();
        for (proto, family) in [(Proto::Tcp, Family::Inet6), (Proto::Udp, Family::Inet)] {
            let told = asked.inet(proto, family, diag::ALL_STATES).unwrap();
            let read = file::read(&ns, proto, family).unwrap();
            assert_eq!((told.len(), read.len()), (1, 1));
            assert_eq!((told[0].at(), told[0].inode), (read[0].at(), read[0].inode));
            assert_eq!(told[0].state(), read[0].state());
        }
        let found = list(&ns, &Filter::default(), &Owners::look()).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|s| s.owners.iter().any(|o| o.pid == std::process::id())));
        assert!(list(all.host(), &Filter::default(), &Owners::nobody()).unwrap().is_empty());
    });
}

#[test]
fn states_by_either_word() {
    assert_eq!(State::parse("LISTEN").unwrap(), State::parse("listening").unwrap());
    assert_eq!(State::parse("syn-recv").unwrap(), State(1 << 3 | 1 << 12));
    assert!(State::parse("listenin").unwrap_err().to_string().contains("did you mean \"listening\"?"));
}

/// Whatever state a connection is in, of whichever family: what saves the walk misses none.
#[test]
fn connections_are_found_in_each_state() {
    lab(|all| {
        for address in ["127.0.0.1:4000", "[::1]:4000"] {
            let ns = all.add("ns1").unwrap();
            crate::net::link::set(&ns, "lo", &crate::net::link::End::up(true).into()).unwrap();
            let tcp = Filter { protos: Some(vec![Proto::Tcp]), ..Filter::default() };
            let becomes = |expected: &[&str]| {
                let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
                loop {
                    let found = list(&ns, &tcp, &Owners::nobody()).unwrap();
                    let mut states: Vec<_> = found.iter().map(|s| s.state().name()).collect();
                    states.sort_unstable();
                    if states == expected {
                        return;
                    }
                    assert!(std::time::Instant::now() < deadline, "{address}: {states:?}");
                    std::thread::yield_now();
                }
            };
            let listener = ns.within(|| Ok(std::net::TcpListener::bind(address)?)).unwrap();
            becomes(&["LISTEN"]);
            let client = ns.within(|| Ok(std::net::TcpStream::connect(address)?)).unwrap();
            let server = listener.accept().unwrap().0;
            drop(listener);
            becomes(&["ESTAB", "ESTAB"]);
            drop(client);
            drop(server);
            becomes(&["TIME-WAIT"]);
            all.del("ns1").unwrap();
        }
    });
}

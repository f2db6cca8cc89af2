//! Client and server against each other, against raw sockets, and against curl as a witness.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::*;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::io::http::Limits;
use crate::net::namespace::Namespaces;
use crate::probe::endpoint::{Endpoint, Resolve};
use crate::probe::tcp::tests::{at, loopback, no_names};

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Answer { status, headers, body: body.as_bytes().to_vec().into() }
}

fn routes(paths: &[(&str, Answer)]) -> Routes {
    let paths: HashMap<String, Answer> = paths.iter().map(|(p, a)| ((*p).to_owned(), a.clone())).collect();
    Routes::new(paths, None).unwrap()
}

fn server(all: &Namespaces, routes: Routes) -> Server {
    let quick = Duration::from_millis(300);
    let quick = Limits { idle: Duration::from_secs(5), request: quick, answer: quick };
    serve(all.host(), &at("127.0.0.1:0"), &no_names as &dyn Resolve, routes, quick).unwrap()
}

fn ask(all: &Namespaces, method: &str, url: &str, options: &Client) -> Result<Response> {
    let url = Url::parse(url)?;
    let wanted = Request { method: method.to_owned(), url, headers: Vec::new(), body: None };
    request(all.host(), &no_names as &dyn Resolve, wanted, options)
}

fn get(all: &Namespaces, url: &str) -> Result<Response> {
    ask(all, "GET", url, &Client::default())
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

/// Sends bytes as they are, and returns all that comes back before the server closes.
fn raw(all: &Namespaces, server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(all, server);
    // The server may have closed already: what it said counts.
    let _ = stream.write_all(bytes);
    let mut back = Vec::new();
    let _ = stream.read_to_end(&mut back);
    String::from_utf8_lossy(&back).into_owned()
}

fn connect(all: &Namespaces, server: &Server) -> TcpStream {
    let stream = all.host().within(|| Ok(TcpStream::connect(server.address())?)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// A server that sends `bytes` to whoever asks, and closes: what a client makes of odd answers.
fn canned(all: &Namespaces, bytes: &'static [u8]) -> (crate::probe::tcp::Server, String) {
    let options = crate::probe::tcp::ServerOptions {
        reaction: crate::probe::tcp::Reaction::Reply(bytes.to_vec()),
        ..Default::default()
    };
    let server =
        crate::probe::tcp::listen(all.host(), &at("127.0.0.1:0"), &no_names as &dyn Resolve, options)
            .unwrap();
    let url = format!("http://{}/", server.address());
    (server, url)
}

#[test]
fn a_request() {
    loopback(|all| {
        let server = server(
            all,
            routes(&[
                ("/", answer(200, &[], "hello")),
                ("/json", answer(418, &[("Content-Type", "application/json"), ("X-A", "b")], "{}")),
                ("/empty", answer(204, &[], "not sent")),
                ("/a b", answer(200, &[], "space")),
                ("/q?x=1", answer(200, &[], "query")),
            ]),
        );
        let base = format!("http://{}", server.address());
        let response = get(all, &base).unwrap();
        assert_eq!((response.status, response.reason.as_str(), text(&response)), (200, "OK", "hello"));
        assert_eq!(response.remote, server.address());
        assert!(response.time > 0.0 && response.time < 1.0, "{}", response.time);
        let type_of = |r: &Response| r.headers.iter().find(|h| h.0 == "Content-Type").unwrap().1.clone();
        assert_eq!(type_of(&response), "text/plain; charset=utf-8");
        let json = get(all, &format!("{base}/json")).unwrap();
        assert_eq!((json.status, type_of(&json).as_str(), text(&json)), (418, "application/json", "{}"));
        assert_eq!(get(all, &format!("{base}/empty")).unwrap().body, b"");
        assert_eq!(text(&get(all, &format!("{base}/a%20b")).unwrap()), "space");
        assert_eq!(text(&get(all, &format!("{base}/a b")).unwrap()), "space");
        assert_eq!(text(&get(all, &format!("{base}/q?x=1")).unwrap()), "query");
        assert_eq!(get(all, &format!("{base}/q")).unwrap().status, 404);
        assert_eq!(text(&get(all, &format!("{base}/?y")).unwrap()), "hello");
        let head = ask(all, "HEAD", &base, &Client::default()).unwrap();
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert!(head.headers.contains(&("Content-Length".to_owned(), "5".to_owned())));

        let posted = Request {
            method: "POST".to_owned(),
            url: Url::parse(&base).unwrap(),
            headers: vec![("X-Mine".to_owned(), "yes".to_owned())],
            body: Some(b"data".to_vec()),
        };
        request(all.host(), &no_names as &dyn Resolve, posted, &Client::default()).unwrap();
        assert!(server.wait_for(10, Deadline::secs(5.0)).unwrap());
        let requests = server.records();
        let last = requests.last().unwrap();
        assert_eq!(
            (last.method.as_str(), last.path.as_str(), last.body.as_slice()),
            ("POST", "/", &b"data"[..])
        );
        assert!(last.headers.contains(&("X-Mine".to_owned(), "yes".to_owned())));
        assert_eq!((requests[0].peer, requests[0].status, requests[0].bytes), (response.local, 200, 5));
        assert_eq!((requests[1].status, requests[1].path.as_str()), (418, "/json"));
    });
}

#[test]
fn redirects() {
    loopback(|all| {
        let to = |status, location| answer(status, &[("Location", location)], "");
        let server = server(
            all,
            routes(&[
                ("/", answer(200, &[], "end")),
                ("/a", to(302, "/b")),
                ("/b", to(307, "x/../../")),
                ("/loop", to(301, "/loop")),
            ]),
        );
        let url = |path: &str| format!("http://{}{path}", server.address());
        assert_eq!(get(all, &url("/a")).unwrap().status, 302);
        let follow = Client { redirects: 5, ..Client::default() };
        let end = ask(all, "GET", &url("/a"), &follow).unwrap();
        assert_eq!((text(&end), end.url.to_string()), ("end", url("/")));
        let e = ask(all, "GET", &url("/loop"), &follow).unwrap_err();
        assert_eq!((e.kind(), e.message().as_str()), (Kind::Protocol, "more than 5 redirects"));
    });
}

#[test]
fn a_directory_as_curl_sees_it() {
    loopback(|all| {
        let directory = std::env::temp_dir().join(format!("nsh-http-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let large: Vec<u8> = (0..5_000_000u32).map(|i| (i % 253) as u8).collect();
        std::fs::write(directory.join("large"), &large).unwrap();
        let site = Routes::new(HashMap::new(), directory.to_str()).unwrap();
        let server = server(all, site);
        let base = format!("http://{}", server.address());
        assert!(text(&get(all, &base).unwrap()).contains("<title>Directory listing for /</title>"));
        assert!(get(all, &format!("{base}/large")).unwrap().body == large);
        assert_eq!(ask(all, "POST", &base, &Client::default()).unwrap().status, 405);
        let curl = |arguments: &[&str]| {
            all.host()
                .within(|| Ok(std::process::Command::new("curl").arg("-s").args(arguments).output()))
                .unwrap()
        };
        match curl(&[&format!("{base}/large"), &format!("{base}/large")]) {
            Ok(output) => assert!(output.stdout == [&large[..], &large[..]].concat()),
            Err(e) => crate::net::testing::skipped(format!("curl: {e}")),
        }
        // Two requests over one connection.
        let requests = server.records();
        if requests.len() == 5 {
            assert_eq!(requests[3].peer, requests[4].peer);
        }
        std::fs::remove_dir_all(&directory).unwrap();
    });
}

#[test]
fn keep_alive_and_pipelines() {
    loopback(|all| {
        let server = server(all, routes(&[("/", answer(200, &[], "hello"))]));
        let two = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let back = raw(all, &server, two);
        assert!(back.starts_with("HTTP/1.1 200 OK\r\n") && back.contains("HTTP/1.1 404 Not Found"), "{back}");
        assert!(back.contains("Connection: keep-alive") && back.ends_with("404 Not Found\n"), "{back}");
        let chunked =
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
            3\r\nabc\r\n0\r\n\r\n";
        assert!(raw(all, &server, chunked).starts_with("HTTP/1.1 200"));
        assert_eq!(server.records().last().unwrap().body, b"abc");
        let old = raw(all, &server, b"GET / HTTP/1.0\r\n\r\n");
        assert!(old.contains("Connection: close") && old.ends_with("hello"), "{old}");
        let proxied = b"GET http://b/ HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n";
        assert!(raw(all, &server, proxied).ends_with("hello"));
        let mut stream = connect(all, &server);
        stream
            .write_all(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            .unwrap();
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"ok").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
    });
}

#[test]
fn what_is_not_http() {
    loopback(|all| {
        let server = server(all, routes(&[("/", answer(200, &[], "hello"))]));
        let long = [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'a'; 70_000]].concat();
        let many = [b"GET / HTTP/1.1\r\n".to_vec(), b"a: b\r\n".repeat(200), b"\r\n".to_vec()].concat();
        for (bytes, status) in [
            (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], "400"),
            (b"GET /\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\n\r\n", "400"),
            (b"GET / HTTP/2.0\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", "413"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"),
            (&long, "431"),
            (&many, "431"),
        ] {
            let back = raw(all, &server, bytes);
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
            assert!(back.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {back}");
        }
        // Garbage of every kind: whatever it says, it goes on.
        let mut seed = 1u64;
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 33) as u8
                })
                .collect();
            let mut stream = connect(all, &server);
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
        }
        assert!(server.running());
        assert_eq!(text(&get(all, &format!("http://{}/", server.address())).unwrap()), "hello");
    });
}

#[test]
fn slow_clients_are_left() {
    loopback(|all| {
        let body = "x".repeat(20_000_000);
        let server = server(all, routes(&[("/", answer(200, &[], &body))]));
        let started = Instant::now();
        // Nothing, half a head, half a body, and an answer that nobody takes.
        assert_eq!(raw(all, &server, b""), "");
        assert_eq!(raw(all, &server, b"GET / HTTP/1.1\r\nHost"), "");
        assert_eq!(raw(all, &server, b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"), "");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        let mut idle = connect(all, &server);
        idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(server.wait_for(1, Deadline::secs(5.0)).unwrap());
        // The others are served meanwhile, and the end is quick all the same.
        assert_eq!(get(all, &format!("http://{}/", server.address())).unwrap().body.len(), body.len());
        let started = Instant::now();
        server.stop();
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    });
}

#[test]
fn odd_answers() {
    loopback(|all| {
        let ok = |bytes| {
            let (_server, url) = canned(all, bytes);
            get(all, &url).map(|r| (r.status, String::from_utf8(r.body).unwrap()))
        };
        assert_eq!(ok(b"HTTP/1.0 200 OK\r\n\r\nto the end").unwrap(), (200, "to the end".into()));
        assert_eq!(ok(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nabc").unwrap(), (200, "ab".into()));
        let continued = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(ok(continued).unwrap(), (201, String::new()));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        assert_eq!(ok(chunked).unwrap(), (200, "abc".into()));
        // One that doesn't wait for the question.
        let hasty = crate::probe::tcp::ServerOptions {
            banner: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhasty".to_vec(),
            ..Default::default()
        };
        let hasty =
            crate::probe::tcp::listen(all.host(), &at("127.0.0.1:0"), &no_names as &dyn Resolve, hasty);
        let hasty = hasty.unwrap();
        for _ in 0..20 {
            assert_eq!(text(&get(all, &format!("http://{}/", hasty.address())).unwrap()), "hasty");
        }
        let error = |bytes| -> Error { ok(bytes).unwrap_err() };
        for (bytes, text) in [
            (&b""[..], "closed the connection without an answer"),
            (b"HTTP/1.1 200 OK\r\nX", "in the middle of its head"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "6 bytes of the body missing, after 3"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                "in the middle of a chunked body",
            ),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP"),
        ] {
            let e = error(bytes);
            assert!(e.kind() == Kind::Protocol && e.message().contains(text), "{e}");
        }
        let e = ask(all, "GE T", "http://127.0.0.1:1/", &Client::default()).unwrap_err();
        assert_eq!(e.kind(), Kind::Argument);
        assert_eq!(get(all, "http://127.0.0.1:1/").unwrap_err().kind(), Kind::ConnectionRefused);
        assert_eq!(get(all, "http://nobody/").unwrap_err().kind(), Kind::NotFound);
        // Who accepts and says nothing.
        let silent = crate::probe::tcp::ServerOptions {
            reaction: crate::probe::tcp::Reaction::Discard,
            ..Default::default()
        };
        let names = &no_names as &dyn Resolve;
        let mute =
            crate::probe::tcp::listen(all.host(), &Endpoint::parse(":0", None).unwrap(), names, silent)
                .unwrap();
        let quick = Client { timeout: 0.1, ..Client::default() };
        let e = ask(all, "GET", &format!("http://127.0.0.1:{}/", mute.address().port()), &quick).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout);
    });
}

#[test]
fn a_taken_port() {
    loopback(|all| {
        let first = server(all, routes(&[]));
        let taken = first.address().to_string();
        let again =
            serve(all.host(), &at(&taken), &no_names as &dyn Resolve, routes(&[]), Default::default());
        let e = again.map(drop).unwrap_err();
        assert_eq!(e.kind(), Kind::AddressInUse);
        assert!(e.fields().hint.as_ref().unwrap().contains(&first.address().port().to_string()), "{e}");
    });
}

#[test]
fn the_record_keeps_the_beginnings_of_bodies() {
    loopback(|all| {
        let server = server(all, routes(&[("/", answer(200, &[], "ok"))]));
        let url = Url::parse(&format!("http://{}/", server.address())).unwrap();
        let body = Some(vec![b'x'; 8 << 20]);
        let wanted = Request { method: "POST".to_owned(), url, headers: Vec::new(), body };
        request(all.host(), &no_names as &dyn Resolve, wanted, &Client::default()).unwrap();
        let served = server.records();
        assert_eq!(served.iter().map(|s| s.body.len()).collect::<Vec<_>>(), [64 << 10]);
    });
}

//! The client: one request, one connection, one answer.

use std::net::SocketAddr;
use std::time::Instant;

use super::message::{Body, Framing, HEAD_LIMIT, HEADERS, Headers, check_header, copy, header};
use super::url::Url;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::endpoint::Resolve;
use crate::probe::socket;
use crate::probe::tcp::{self, Connection};

/// The largest body that is taken, 64 MiB.
pub const BODY_LIMIT: usize = 64 << 20;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET` and the like; case matters.
    pub method: String,
    pub url: Url,
    /// In addition to Host, User-Agent, Accept, Connection and Content-Length, or in place of them.
    pub headers: Headers,
    pub body: Option<Vec<u8>>,
}

/// How it is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seconds for all of it, redirects included; 10 unless told.
    pub timeout: f64,
    /// How many redirects are followed; 0 unless told.
    pub redirects: u32,
    pub family: Option<Family>,
    pub socket: socket::Options,
}

impl Default for Options {
    fn default() -> Self {
        Options { timeout: 10.0, redirects: 0, family: None, socket: Default::default() }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Response {
    /// 100 to 999.
    pub status: u16,
    /// The words behind the status; may be empty.
    pub reason: String,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// Seconds from connecting to the body's end, redirects included.
    pub time: f64,
    /// Our own address and port, and the server's.
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// What was asked for in the end, after redirects.
    pub url: Url,
}

/// Asks a server, as `curl URL`. Any status is an answer, 404 and 500 as well.
///
/// Raises what [`tcp::connect`] raises, `timeout`, `protocol` if the answer isn't HTTP, `limit` if its head has more
/// than 64 KiB or its body more than 64 MiB.
pub fn request(
    ns: &Namespace,
    names: &dyn Resolve,
    mut request: Request,
    options: &Options,
) -> Result<Response> {
    check(&request)?;
    let (started, deadline) = (Instant::now(), Deadline::secs(options.timeout));
    for followed in 0.. {
        let mut response = exchange(ns, names, &request, options, deadline)?;
        let location = header(&response.headers, "location");
        let Some(location) = location.filter(|_| is_redirect(response.status) && options.redirects > 0)
        else {
            response.time = started.elapsed().as_secs_f64();
            return Ok(response);
        };
        if followed == options.redirects {
            return Err(Error::new(Kind::Protocol, format!("more than {followed} redirects")));
        }
        request.url = request.url.join(location)?;
        // RFC 9110, 15.4: what was posted is not posted again, but for 307 and 308.
        if response.status == 303 || (matches!(response.status, 301 | 302) && request.method == "POST") {
            if request.method != "HEAD" {
                request.method = "GET".to_owned();
            }
            request.body = None;
        }
    }
    Err(Error::new(Kind::Protocol, "too many redirects"))
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn check(request: &Request) -> Result<()> {
    if request.method.is_empty() || !request.method.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') {
        return Err(Error::argument(format!("malformed method {:?}", request.method)));
    }
    request.headers.iter().try_for_each(|(name, value)| check_header(name, value))
}

fn exchange(
    ns: &Namespace,
    names: &dyn Resolve,
    request: &Request,
    options: &Options,
    deadline: Deadline,
) -> Result<Response> {
    let at = &request.url.at;
    let targets = at.targets(ns, names, options.socket.family(&at.host, options.family))?;
    let connection = tcp::connect(ns, &targets, &options.socket, deadline)?;
    let mut out = head(request).into_bytes();
    out.extend_from_slice(request.body.as_deref().unwrap_or_default());
    // A server may answer, and close, before it has taken everything: its answer counts.
    let sent = connection.send(&out, deadline);
    let answered = receive(&connection, request, deadline);
    match (sent, answered) {
        (_, Ok(response)) => Ok(response),
        (Err(e), Err(_)) | (Ok(()), Err(e)) => Err(e),
    }
}

fn head(request: &Request) -> String {
    let mut out = format!("{} {} HTTP/1.1\r\n", request.method, request.url.target);
    let version = concat!("nsh/", env!("CARGO_PKG_VERSION"));
    let length = request.body.as_ref().map(|body| body.len().to_string());
    let ours = [
        ("Host", Some(request.url.host())),
        ("User-Agent", Some(version.to_owned())),
        ("Accept", Some("*/*".to_owned())),
        ("Connection", Some("close".to_owned())),
        ("Content-Length", length),
    ];
    for (name, value) in ours {
        if let Some(value) = value.filter(|_| header(&request.headers, name).is_none()) {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    for (name, value) in &request.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    out
}

fn receive(connection: &Connection, request: &Request, deadline: Deadline) -> Result<Response> {
    let (status, reason, headers) = loop {
        let head = receive_head(connection, deadline)?;
        // 1xx are announcements; 101 would end HTTP, but nobody asked for that.
        if head.0 >= 200 {
            break head;
        }
    };
    let framing = if request.method == "HEAD" || matches!(status, 204 | 304) {
        Framing::Length(0)
    } else {
        Framing::of(&headers, Framing::ToEnd)?
    };
    let mut body = Body::new(framing, BODY_LIMIT);
    while !body.take(&mut connection.pending())? {
        if !connection.fill(deadline)? {
            body.end()?;
            break;
        }
    }
    let (local, remote) = (connection.local(), connection.remote());
    Ok(Response {
        status,
        reason,
        headers,
        body: body.data,
        time: 0.0,
        local,
        remote,
        url: request.url.clone(),
    })
}

fn receive_head(connection: &Connection, deadline: Deadline) -> Result<(u16, String, Headers)> {
    loop {
        if let Some(head) = parse_head(&mut connection.pending())? {
            return Ok(head);
        }
        if !connection.fill(deadline)? {
            let got = connection.pending().len();
            return Err(Error::new(
                Kind::Protocol,
                match got {
                    0 => format!("{} closed the connection without an answer", connection.remote()),
                    _ => format!("{} closed the connection in the middle of its head", connection.remote()),
                },
            ));
        }
    }
}

/// Takes a head from the front of `wire`; `None` if it isn't complete.
fn parse_head(wire: &mut Vec<u8>) -> Result<Option<(u16, String, Headers)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(&wire[..wire.len().min(HEAD_LIMIT)]) {
        Ok(httparse::Status::Complete(used)) => {
            let head = (
                response.code.unwrap_or_default(),
                response.reason.unwrap_or_default().to_owned(),
                copy(response.headers),
            );
            wire.drain(..used);
            Ok(Some(head))
        }
        Ok(httparse::Status::Partial) if wire.len() < HEAD_LIMIT => Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            Err(Error::new(Kind::Limit, "the answer's head is too large"))
        }
        Err(e) => {
            let start: String = String::from_utf8_lossy(&wire[..wire.len().min(40)]).escape_debug().collect();
            Err(Error::new(
                Kind::Protocol,
                format!("the answer is not HTTP ({e}): it starts with \"{start}\""),
            ))
        }
    }
}

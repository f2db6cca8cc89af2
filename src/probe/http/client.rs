//! The client: one request, one connection, one answer.

use std::net::SocketAddr;
use std::time::Instant;

use super::url::Url;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::io::http::{self, Headers, check_header, header};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::endpoint::Resolve;
use crate::probe::socket::{self, canonical, explain};
use crate::probe::tcp;

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
pub struct Client {
    /// Seconds for all of it, redirects included; 10 unless told.
    pub timeout: f64,
    /// How many redirects are followed; 0 unless told.
    pub redirects: u32,
    pub family: Option<Family>,
    pub socket: socket::SocketOptions,
}

impl Default for Client {
    fn default() -> Self {
        Client { timeout: 10.0, redirects: 0, family: None, socket: Default::default() }
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
    options: &Client,
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
    options: &Client,
    deadline: Deadline,
) -> Result<Response> {
    let at = &request.url.at;
    let targets = at.targets(ns, names, options.socket.family(&at.host, options.family))?;
    let stream = tcp::stream(ns, &targets, &options.socket, deadline)?;
    let remote = canonical(stream.peer_addr()?);
    let body = request.body.clone().unwrap_or_default();
    let (method, target) = (&request.method, &request.url.target);
    let answer = http::exchange(&stream, remote, method, target, &headers(request), body, deadline)
        .map_err(|e| explain(e, remote))?;
    let http::Answer { status, reason, headers, body } = answer;
    let local = canonical(stream.local_addr()?);
    Ok(Response { status, reason, headers, body, time: 0.0, local, remote, url: request.url.clone() })
}

/// The usual headers and, besides or in place of them, those of the request.
fn headers(request: &Request) -> Headers {
    let ours = [
        ("Host", Some(request.url.host())),
        ("User-Agent", Some(http::AGENT.to_owned())),
        ("Accept", Some("*/*".to_owned())),
        ("Connection", Some("close".to_owned())),
        ("Content-Length", request.body.as_ref().map(|body| body.len().to_string())),
    ];
    let missing = |(name, value): (&str, Option<String>)| {
        value.filter(|_| header(&request.headers, name).is_none()).map(|value| (name.to_owned(), value))
    };
    ours.into_iter().filter_map(missing).chain(request.headers.iter().cloned()).collect()
}

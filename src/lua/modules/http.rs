//! `http`: requests, and a server to send them to.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use mlua::{Table, Value};

use super::server;
use super::traffic::{self, Bytes, Names, Wait, endpoint, ip, seconds, settled};
use crate::base::error::Result;
use crate::io::http::{Limits, Served};
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, FieldDoc, Function, Handle, MethodDoc, Record, Shape, Type, Wrong, did_you_mean,
    options, opts, param, record, ret, shape, ty,
};
use crate::probe::endpoint::Endpoint;
use crate::probe::http::{self, Answer, Client, Request, Response, Routes, Server, Url};

options! {
    struct GetOptions = "nsh.http.GetOptions" {
        headers: Vec<(String, String)>, ty::map(ty::string().called("text")),
            "headers, besides or in place of the usual ones";
        ..client: Client, client();
    }
}

fn client() -> Shape<Client> {
    shape!(Client = "" => {
        timeout: seconds(), "seconds for all of it; default 10";
        redirects: ty::int(0..=100u32), "how many redirects to follow; default 0";
        family: ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..socket: traffic::socket_with_port();
    })
}

options! {
    struct ServeOptions = "nsh.http.ServeOptions" {
        dev: Option<String>, ty::link_name(), "the link or VRF to bind to: what comes by another is not seen";
    }
}

options! {
    struct RequestOptions = "nsh.http.RequestOptions" {
        method: Option<String>, ty::string(), "such as \"HEAD\"; default POST with a body, else GET";
        body: Option<Vec<u8>>, ty::bytes(), "what to send";
        ..get: GetOptions, GetOptions::shape();
    }
}

fn request(cx: &Cx<'_>, url: Url, o: RequestOptions) -> std::result::Result<Response, Failure> {
    settled(cx)?;
    let usual = if o.body.is_some() { "POST" } else { "GET" };
    let method = o.method.unwrap_or_else(|| usual.to_owned());
    let request = Request { method, url, headers: o.get.headers, body: o.body };
    Ok(http::request(cx.ns, &Names(cx), request, &o.get.client)?)
}

/// Headers by name in lower case; those that come more than once are joined by commas.
fn by_name(headers: &[(String, String)]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        all.entry(name.to_lowercase())
            .and_modify(|v| *v = format!("{v}, {value}"))
            .or_insert_with(|| value.clone());
    }
    all
}

fn response() -> Record<Response> {
    record!(Response = "nsh.HttpResponse", "A server's answer. Prints as `curl -i` shows it." => {
        status: r => r.status, "200, 404, ...";
        reason: r => r.reason.clone(), "the words behind the status";
        headers: r => by_name(&r.headers), "the headers, by name in lower case";
        body: r => Bytes(r.body.clone()), "the body";
        url: r => r.url.to_string(), "what was asked for in the end, after redirects";
        time: r => r.time, "seconds from connecting to the body's end";
        peer: r => r.remote.to_string(), "the server's address and port";
        local_address: r => r.local.to_string(), "our own address and port";
    })
    .shown(|r| {
        let mut out = format!("HTTP/1.1 {} {}\n", r.status, r.reason);
        r.headers.iter().for_each(|(name, value)| out.push_str(&format!("{name}: {value}\n")));
        out + "\n" + &String::from_utf8_lossy(&r.body)
    })
}

fn served() -> Record<Served> {
    record!(Served = "nsh.HttpRequest", "A request that a server answered. Prints as a line of its log." => {
        method: s => s.method.clone(), "GET, HEAD, ...; empty if what came was not HTTP";
        path: s => s.path.clone(), "the path as it was asked for, with its query";
        headers: s => by_name(&s.headers), "the headers, by name in lower case";
        body: s => Bytes(s.body.clone()), "the request's body, its first 64 KiB";
        peer: s => s.peer.to_string(), "the client's address and port";
        peer_ip: s => ip(s.peer), "the client's address alone";
        status: s => s.status, "the status of the answer";
        bytes: s => s.bytes, "bytes of the answer's body";
        time: s => s.time, "when, in seconds since 1970";
    })
    .shown(|s| format!("{} \"{} {}\" {} {}", s.peer, s.method, s.path, s.status, s.bytes))
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let class =
            Class::new("nsh.HttpServer", "An HTTP server that runs beside the script.", |s: &Self| {
                format!("http server on {}", s.address())
            });
        let listed = MethodDoc(
            "requests",
            "The requests so far; of more than 65536, or of 64 MiB of all servers together, the last ones.",
        );
        let waits = (
            Wait::shape("nsh.http.WaitOptions", "requests", "so many requests in all; default 1"),
            "Waits until so many requests were made in all.\n\nRaises `timeout`.",
        );
        server::methods(class, listed, served, waits, |s, wait| server::count(s, &wait, "requests"))
    }
}

fn answer() -> Type<Answer> {
    let shape = shape!(Answer = "nsh.http.Answer" => {
        status: ty::int(200..=599u16), "the status; default 200";
        headers: ty::map(ty::string().called("text")), "headers; Content-Type is text/plain unless given";
        body: ty::bytes(), "the body; default empty";
    });
    let text = ty::bytes().map(|body| Answer { body: body.into(), ..Answer::default() });
    let mut answer = text.or(shape.into());
    answer.expected = "a string or a table with status, headers and body".to_owned();
    answer
}

/// What is served: the answers by path, and the directory.
#[derive(Default)]
struct Site {
    paths: HashMap<String, Answer>,
    directory: Option<String>,
}

const PATHS: &str = "by path, such as [\"/\"] = \"hello\": a string, or status, headers and body. The path \"*\" stands for \
                     all others. With a query, only that query is answered so";
const DIRECTORY: &str = "a directory to serve to GET and HEAD: its files, index.html, and lists of what is there. What lies \
                         outside of it is refused, symbolic links that lead there too";

/// A table of answers by path, with options beside them. Written by hand: a [`Shape`] has no open set of names.
fn site() -> Type<Site> {
    let answer = answer();
    let mut doc = shape!(Site = "nsh.http.Site" => { directory: ty::string(), DIRECTORY; }).doc();
    if let Some(doc) = Rc::get_mut(&mut doc) {
        let (luals, expected) = (answer.luals.clone(), answer.expected.clone());
        let (name, required, shape) = ("[string]", true, answer.shape.clone());
        doc.fields.insert(0, FieldDoc { name, luals, expected, required, doc: PATHS, shape });
    }
    let mut site =
        Type::new("nsh.http.Site", "a table of answers by path, or with a directory", move |cx, v| match v {
            Value::Table(table) => read_site(cx, table, &answer).map_err(ty::No::Wrong),
            _ => Err(ty::No::Other),
        });
    site.shape = Some(doc);
    site
}

fn read_site(cx: &Cx<'_>, table: &Table, answer: &Type<Answer>) -> std::result::Result<Site, Wrong> {
    let mut site = Site::default();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|e| Wrong::new(e.to_string()))?;
        let Value::String(key) = &key else {
            let got = crate::lua::schema::describe(&key);
            return Err(Wrong::new(format!(
                "expected answers by path, such as [\"/\"] = \"hello\", got the key {got}"
            )));
        };
        let key = key.to_string_lossy();
        if key.starts_with('/') || key == "*" {
            let answer = answer.decode(cx, &value).map_err(|w| w.within(&format!("[{key:?}]")))?;
            site.paths.insert(key, answer);
        } else if key == "directory" {
            site.directory = Some(ty::string().decode(cx, &value).map_err(|w| w.within("directory"))?);
        } else if did_you_mean(&key, ["directory"]).is_some() {
            return Err(Wrong::new(format!("unknown option {key:?}; did you mean \"directory\"?")));
        } else {
            return Err(Wrong::new(format!("the path {key:?} must begin with \"/\", or be \"*\"")));
        }
    }
    Ok(site)
}

fn routes(site: Site) -> Result<Routes> {
    Routes::new(site.paths, site.directory.as_deref()).map_err(|e| match site.directory {
        // Which of the two failed: the paths were checked when they were read.
        Some(directory) => e.on(directory),
        None => e,
    })
}

pub fn module() -> Module {
    let url = || {
        param(
            "url",
            ty::parsed("a URL such as \"http://10.0.0.1:3000/\"", Url::parse),
            "the http URL; \"http://\" may be left out",
        )
    };
    Module::new(
        "http",
        "HTTP/1.1: requests, and a server of fixed answers or of a directory. Any status is an answer, 404 and 500 as well."
    )
    .function(
        Function::new(
            "http.get",
            (url(), opts(GetOptions::shape())),
            ret::record(response(), "the answer"),
            |cx, (url, get)| request(cx, url, RequestOptions { get, ..RequestOptions::default() }),
        )
        .doc(
            "Sends a GET request.\n\n\
             Raises `connection_refused`, `timeout`, `network_unreachable` and what else tcp.connect raises; \
             `protocol` if the answer is not HTTP, `limit` if it has more than 64 MiB, `unsupported` for https.",
        )
        .command("curl -i URL"),
    )
    .function(
        Function::new(
            "http.request",
            (url(), opts(RequestOptions::shape())),
            ret::record(response(), "the answer"),
            |cx, (url, o)| request(cx, url, o),
        )
        .doc("As http.get, with a method and a body.\n\nRaises what http.get raises.")
        .command("curl -i -X METHOD -d BODY URL"),
    )
    .function(
        Function::new(
            "http.serve",
            (
                param(
                    "address",
                    ty::string(),
                    "\"10.0.0.1:80\", \"[fd00::1]:80\"; \":80\" and \"[::]:80\" for all addresses, \"0.0.0.0:80\" for IPv4's",
                ),
                param("site", site(), "what to serve"),
                opts(ServeOptions::shape()),
            ),
            ret::handle::<Server>("the server"),
            |cx, (address, site, o)| {
                let at = Endpoint { dev: o.dev, ..endpoint(&address, None)? };
                let routes = routes(site)?;
                Ok(http::serve(cx.ns, &at, &Names(cx), routes, Limits::default())?)
            },
        )
        .doc(
            "Starts a server that runs beside the script and records its requests. Answers by path are given to \
             every method. Slow clients are dropped after 10 s, idle ones after 60 s. Port 0 takes a free one.\n\n\
             Raises `address_in_use` if the port is taken, `address_not_available` if the namespace doesn't have the \
             address, `not_found` if there is no such directory.",
        )
        .command("python3 -m http.server --bind HOST PORT"),
    )
}

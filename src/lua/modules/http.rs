//! `http`: requests, and a server to send them to.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use mlua::{Table, Value};

use super::traffic::{self, Bytes, Names, Wait, endpoint, ip, late, seconds, settled};
use crate::base::error::Result;
use crate::io::http::{Bytes as Body, Limits, Served};
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, FieldDoc, Function, Handle, MethodDoc, Record, Shape, ShapeDoc, Type, Wrong,
    did_you_mean, opts, param, ret, ty,
};
use crate::probe::endpoint::Endpoint;
use crate::probe::http::{self, Answer, Options, Request, Response, Routes, Server, Url};

#[derive(Default)]
struct GetOptions {
    headers: Vec<(String, String)>,
    http: Options,
}

fn get_options() -> Shape<GetOptions> {
    Shape::<GetOptions>::new("nsh.http.GetOptions")
        .field(
            "headers",
            ty::map(ty::string().called("text")),
            "headers, besides or in place of the usual ones",
            |o, v| o.headers = v,
        )
        .field("timeout", seconds(), "seconds for all of it; default 10", |o, v| o.http.timeout = v)
        .field("redirects", ty::int(0..=100), "how many redirects to follow; default 0", |o, v| {
            o.http.redirects = v
        })
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both", |o, v| {
            o.http.family = Some(v)
        })
        .include(traffic::socket_with_port(), |o| &mut o.http.socket)
}

#[derive(Default)]
struct ServeOptions {
    dev: Option<String>,
}

#[derive(Default)]
struct RequestOptions {
    method: Option<String>,
    body: Option<Vec<u8>>,
    get: GetOptions,
}

fn request_options() -> Shape<RequestOptions> {
    Shape::<RequestOptions>::new("nsh.http.RequestOptions")
        .field("method", ty::string(), "such as \"HEAD\"; default POST with a body, else GET", |o, v| {
            o.method = Some(v)
        })
        .field("body", ty::bytes(), "what to send", |o, v| o.body = Some(v))
        .include(get_options(), |o| &mut o.get)
}

fn request(cx: &Cx<'_>, url: Url, o: RequestOptions) -> std::result::Result<Response, Failure> {
    settled(cx)?;
    let usual = if o.body.is_some() { "POST" } else { "GET" };
    let method = o.method.unwrap_or_else(|| usual.to_owned());
    let request = Request { method, url, headers: o.get.headers, body: o.body };
    Ok(http::request(cx.ns, &Names(cx), request, &o.get.http)?)
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
    Record::of("nsh.HttpResponse", "A server's answer. Prints as `curl -i` shows it.")
        .field("status", "integer", "200, 404, ...", |r: &Response| r.status)
        .field("reason", "string", "the words behind the status", |r| r.reason.clone())
        .field("headers", "table<string, string>", "the headers, by name in lower case", |r| {
            by_name(&r.headers)
        })
        .field("body", "string", "the body", |r| Bytes(r.body.clone()))
        .field("url", "string", "what was asked for in the end, after redirects", |r| r.url.to_string())
        .field("time", "number", "seconds from connecting to the body's end", |r| r.time)
        .field("peer", "string", "the server's address and port", |r| r.remote.to_string())
        .field("local_address", "string", "our own address and port", |r| r.local.to_string())
        .shown(|r| {
            let mut out = format!("HTTP/1.1 {} {}\n", r.status, r.reason);
            r.headers.iter().for_each(|(name, value)| out.push_str(&format!("{name}: {value}\n")));
            out + "\n" + &String::from_utf8_lossy(&r.body)
        })
}

fn served() -> Record<Served> {
    Record::of("nsh.HttpRequest", "A request that a server answered. Prints as a line of its log.")
        .field("method", "string", "GET, HEAD, ...; empty if what came was not HTTP", |s: &Served| {
            s.method.clone()
        })
        .field("path", "string", "the path as it was asked for, with its query", |s| s.path.clone())
        .field("headers", "table<string, string>", "the headers, by name in lower case", |s| {
            by_name(&s.headers)
        })
        .field("body", "string", "the request's body, its first 64 KiB", |s| Bytes(s.body.clone()))
        .field("peer", "string", "the client's address and port", |s| s.peer.to_string())
        .field("peer_ip", "string", "the client's address alone", |s| ip(s.peer))
        .field("status", "integer", "the status of the answer", |s| s.status)
        .field("bytes", "integer", "bytes of the answer's body", |s| s.bytes)
        .field("time", "number", "when, in seconds since 1970", |s| s.time)
        .shown(|s| format!("{} \"{} {}\" {} {}", s.peer, s.method, s.path, s.status, s.bytes))
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let wait = Wait::shape("nsh.http.WaitOptions", "requests", "so many requests in all; default 1");
        Class::<Self>::new("nsh.HttpServer", "An HTTP server that runs beside the script.", |s| {
            format!("http server on {}", s.address())
        })
        .close(Server::stop)
        .runs(Server::running)
        .method(
            MethodDoc("address", "The address and port that it listens on."),
            (),
            ret::value::<String>("string", "such as \"10.0.0.1:80\""),
            |_, s, ()| Ok(s.address().to_string()),
        )
        .method(
            MethodDoc("port", "The port that it listens on."),
            (),
            ret::value::<u16>("integer", "the port"),
            |_, s, ()| Ok(s.address().port()),
        )
        .method(
            MethodDoc("requests", "The requests so far; of more than 65536, or of 64 MiB of all servers together, the last ones."),
            (),
            ret::list(served(), "the requests, the oldest first"),
            |_, s, ()| Ok(s.records()),
        )
        .method(
            MethodDoc("wait", "Waits until so many requests were made in all.\n\nRaises `timeout`."),
            (opts(wait),),
            ret::list(served(), "the requests so far, the oldest first"),
            |_, s, (wait,)| {
                let wanted = wait.count.unwrap_or(1);
                if s.wait_for(wanted, wait.deadline())? {
                    return Ok(s.records());
                }
                Err(late(format!("{} of {wanted} requests came", s.records().len()), wait.timeout))
            },
        )
        .method(
            MethodDoc("stop", "Stops listening and closes all connections."),
            (),
            ret::nothing(),
            |_, s, ()| {
                s.stop();
                Ok(())
            },
        )
    }
}

struct AnswerOptions(Answer);

impl Default for AnswerOptions {
    fn default() -> Self {
        AnswerOptions(Answer { status: 200, headers: Vec::new(), body: Body::new() })
    }
}

fn answer() -> Type<Answer> {
    let shape = Shape::<AnswerOptions>::new("nsh.http.Answer")
        .field("status", ty::int(200..=599), "the status; default 200", |a, v| a.0.status = v)
        .field(
            "headers",
            ty::map(ty::string().called("text")),
            "headers; Content-Type is text/plain unless given",
            |a, v| a.0.headers = v,
        )
        .field("body", ty::bytes(), "the body; default empty", |a, v| a.0.body = v.into());
    let text = ty::bytes().map(|body| Answer { body: body.into(), ..AnswerOptions::default().0 });
    let mut answer = text.or(Type::from(shape).map(|a| a.0));
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
    let doc = ShapeDoc {
        name: "nsh.http.Site",
        fields: vec![
            FieldDoc {
                name: "[string]",
                luals: answer.luals.clone(),
                expected: answer.expected.clone(),
                required: true,
                doc: PATHS,
                shape: answer.shape.clone(),
            },
            FieldDoc {
                name: "directory",
                luals: "string".to_owned(),
                expected: "a string".to_owned(),
                required: false,
                doc: DIRECTORY,
                shape: None,
            },
        ],
    };
    let mut site =
        Type::new("nsh.http.Site", "a table of answers by path, or with a directory", move |cx, v| match v {
            Value::Table(table) => read_site(cx, table, &answer).map_err(ty::No::Wrong),
            _ => Err(ty::No::Other),
        });
    site.shape = Some(Rc::new(doc));
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
            (url(), opts(get_options())),
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
            (url(), opts(request_options())),
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
                opts(Shape::<ServeOptions>::new("nsh.http.ServeOptions")
                    .field("dev", ty::link_name(), "the link or VRF to bind to: what comes by another is not seen", |o, v| {
                    o.dev = Some(v)
                })),
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

//! Programs that try the network out: ping, curl, wget, nc, telnet.

use super::super::act::{Act, Call, Space};
use super::super::args::Means::*;
use super::super::args::{Arg, Fields, Options, Reason, Result, options, unbound};
use super::super::lua::Expr;

/// `ping -W` is how long one answer may take; `-w`, how long all of it, bounds the wait as well.
const PING: Options = &[
    ("c", Integer("count")),
    ("i", Number("interval")),
    ("W w M", OwnOf),
    ("s", Integer("size")),
    ("I", Value("from")),
    ("t", Integer("ttl")),
    ("Q", Integer("tos")),
    ("m", Integer("mark")),
    ("f", Code("interval", "0")),
    ("4", Is("family", "inet")),
    ("6", Is("family", "inet6")),
    ("q n v D O a A U B d", Nothing),
    ("p S l", NothingOf),
];

/// Translates `ping ARGS`; `background` if the shell doesn't wait for it.
pub fn ping(args: &[Arg], space: &Space, six: bool, background: bool) -> Result<Vec<Act>> {
    let (mut fields, mut seen_timeout) = (Fields::default(), false);
    if six {
        fields.set("family", Expr::text("inet6"));
    }
    let operands = options("ping", PING, args, &mut fields, |name, value, fields| {
        match (name, value.text()) {
            ("M", "do") => fields.flag("df"),
            ("M", "dont") => fields.set("df", Expr::code("false")),
            ("M", _) => {}
            ("w", _) if seen_timeout => {}
            _ => fields.set("timeout", value.number(&format!("-{name}"))?),
        }
        seen_timeout |= name == "W";
        Ok(())
    })?;
    let Some(target) = operands.last() else {
        return Err(Reason::new("ping: usage error: Destination address required"));
    };
    if operands.len() > 1 {
        return Err(Reason::new(format!("ping: one destination only, got \"{}\" too", operands[0].shown())));
    }
    let counted = fields.has("count");
    if background && !counted {
        let call = Call::new(space, "ping.start", fields.after([target.expr()]));
        let report = Some("print(%:result())".to_owned());
        return Ok(vec![Act::Start { call, word: "pinging", blocks: false, report }]);
    }
    let mut acts = Vec::new();
    if !counted {
        acts.push(Act::Note("Without -c ping has no end; here it sends 3.".to_owned()));
        fields.set("count", Expr::code("3"));
    }
    acts.push(Act::Ping(Call::new(space, "ping", fields.after([target.expr()]))));
    Ok(acts)
}

const CURL: Options = &[
    ("m max-time connect-timeout", Number("timeout")),
    ("X request", Value("method")),
    ("I head", Is("method", "HEAD")),
    ("d data data-raw", Value("body")),
    ("H header A user-agent o output", OwnOf),
    ("L location", Code("redirects", "10")),
    ("interface", Value("from")),
    ("local-port", Integer("source_port")),
    ("4 ipv4", Is("family", "inet")),
    ("6 ipv6", Is("family", "inet6")),
    ("f fail", Own),
    ("s S v i k g silent show-error verbose include globoff no-progress-meter", Nothing),
];

/// Translates `curl ARGS`.
pub fn curl(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let (mut fields, mut headers, mut fails) = (Fields::default(), Vec::new(), false);
    let operands = options("curl", CURL, args, &mut fields, |name, value, _| {
        match name {
            "f" | "fail" => fails = true,
            "A" | "user-agent" => headers.push(("User-Agent".to_owned(), value.expr())),
            "H" | "header" => headers.push(header(&value)?),
            _ if value.is("/dev/null") || value.is("-") => {}
            _ => return Err(unbound("curl", name)),
        }
        Ok(())
    })?;
    if !headers.is_empty() {
        fields.set("headers", Expr::Table(headers));
    }
    let request = fields.has("method") || fields.has("body");
    let function = if request { "http.request" } else { "http.get" };
    page("curl", function, operands, fields, if fails { Act::Fetch } else { Act::Probe }, space)
}

fn header(header: &Arg) -> Result<(String, Expr)> {
    let parts = header.known.as_deref().and_then(|header| header.split_once(':'));
    let (name, value) = parts.ok_or_else(|| Reason::beyond("a header without a value has no binding"))?;
    Ok((name.trim().to_owned(), Expr::text(value.trim())))
}

fn page(
    program: &str,
    function: &'static str,
    urls: Vec<Arg>,
    fields: Fields,
    act: fn(Call) -> Act,
    space: &Space,
) -> Result<Vec<Act>> {
    if urls.is_empty() {
        return Err(Reason::new(format!("{program}: no URL specified")));
    }
    let mut acts = Vec::new();
    for url in urls {
        if url.text().starts_with("https:") {
            return Err(Reason::beyond("https has no binding"));
        }
        acts.push(act(Call::new(space, function, fields.clone().after([url.expr()]))));
    }
    Ok(acts)
}

const WGET: Options = &[
    ("O output-document", OwnOf),
    ("T timeout", Number("timeout")),
    ("spider", Own),
    ("q S v quiet no-verbose nv n", Nothing),
    ("t tries", NothingOf),
    ("bind-address", Value("from")),
    ("4", Is("family", "inet")),
    ("6", Is("family", "inet6")),
];

/// Translates `wget ARGS`, where it prints the page or throws it away.
pub fn wget(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let (mut fields, mut printed) = (Fields::default(), false);
    let operands = options("wget", WGET, args, &mut fields, |name, value, fields| {
        printed = name == "spider" || value.is("-") || value.is("/dev/null");
        if name == "spider" {
            fields.set("method", Expr::text("HEAD"));
        }
        Ok(())
    })?;
    if !printed {
        return Err(Reason::beyond("wget writes a file").hint("wget -O - prints the page, and is translated"));
    }
    fields.set("redirects", Expr::code("20"));
    let function = if fields.has("method") { "http.request" } else { "http.get" };
    page("wget", function, operands, fields, Act::Fetch, space)
}

/// An address with a port.
fn endpoint(address: &Arg, port: &Arg) -> Arg {
    let six = address.text().contains(':');
    let address = if six { address.clone().behind("[").with("]") } else { address.clone() };
    address.joined(":", port.clone())
}

const NC: Options = &[
    ("u l z", Own),
    ("p", OwnOf),
    ("s", Value("from")),
    ("w", Number("timeout")),
    ("4", Is("family", "inet")),
    ("6", Is("family", "inet6")),
    ("k v n N d t", Nothing),
    ("q i", NothingOf),
];

/// Translates `nc ARGS`; `input` is what it reads.
pub fn nc(args: &[Arg], input: Option<Arg>, space: &Space, background: bool) -> Result<Vec<Act>> {
    let (mut udp, mut listen, mut zero, mut port) = (false, false, false, None);
    let mut fields = Fields::default();
    let mut operands = options("nc", NC, args, &mut fields, |name, value, _| {
        match name {
            "u" => udp = true,
            "l" => listen = true,
            "z" => zero = true,
            _ => port = Some(value),
        }
        Ok(())
    })?;
    if listen && input.is_some() {
        return Err(Reason::beyond("nc -l that sends something has no binding"));
    }
    if listen {
        let port =
            port.or_else(|| operands.pop()).ok_or_else(|| Reason::new("nc -l: the port is missing"))?;
        let at = match operands.pop() {
            Some(address) => endpoint(&address, &port),
            None => port.behind(":"),
        };
        let function = if udp { "udp.listen" } else { "tcp.listen" };
        let report = if udp { "print(%:datagrams())" } else { "print(%:connections())" };
        let quiet = Expr::Table(vec![("echo".to_owned(), Expr::code("false"))]);
        let call = Call::new(space, function, vec![at.expr(), quiet]);
        return Ok(vec![Act::Start {
            call,
            word: "server",
            blocks: !background,
            report: Some(report.to_owned()),
        }]);
    }
    let [address, port] = operands.as_slice() else {
        return Err(Reason::new("nc: usage: nc [-u] ADDRESS PORT"));
    };
    if port.text().contains('-') && port.known.is_some() {
        return Err(Reason::beyond("a range of ports has no binding"));
    }
    let to = endpoint(address, port).expr();
    match (udp, input) {
        (true, Some(input)) => {
            fields.take("timeout");
            Ok(vec![Act::Do(Call::new(space, "udp.send", fields.after([to, input.expr()])))])
        }
        (true, None) => Err(Reason::beyond("a dialogue by UDP has no binding")),
        (false, Some(input)) if !zero => {
            let send = format!(":send({})", input.expr().flat());
            Ok(vec![Act::Do(Call::new(space, "tcp.connect", fields.after([to])).after(&send))])
        }
        (false, _) => Ok(vec![Act::Probe(Call::new(space, "tcp.connect", fields.after([to])))]),
    }
}

/// Translates `telnet ADDRESS PORT`: the connection is made and left.
pub fn telnet(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    match args {
        [address, port] => {
            let to = endpoint(address, port).expr();
            Ok(vec![Act::Probe(Call::new(space, "tcp.connect", vec![to]))])
        }
        _ => Err(Reason::beyond("telnet without a port has no binding")),
    }
}

//! Programs that try the network out: ping, curl, wget, nc, telnet.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Fields, Flag, Reason, Result, flags};
use super::super::lua::Expr;

fn unknown(program: &str, flag: &Flag) -> Reason {
    let dashes = if flag.0.chars().count() > 1 { "--" } else { "-" };
    Reason::beyond(format!("{program}: the option {dashes}{} has no binding", flag.0))
}

fn needed(flag: &Flag) -> Result<&Arg> {
    flag.1.as_ref().ok_or_else(|| Reason::new(format!("-{}: its value is missing", flag.0)))
}

/// Translates `ping ARGS`; `background` if the shell doesn't wait for it.
pub fn ping(args: &[Arg], space: &Space, six: bool, background: bool) -> Result<Vec<Act>> {
    let with = ["c", "i", "W", "w", "s", "I", "t", "Q", "m", "M", "p", "S", "l", "T", "F", "N", "e"];
    let (flags, operands) = flags(args, &with)?;
    let mut fields = Fields::default();
    let mut seen_timeout = false;
    if six {
        fields.set("family", Expr::text("inet6"));
    }
    for flag in &flags {
        match flag.0.as_str() {
            "c" => fields.set("count", needed(flag)?.integer("-c")?),
            "i" => fields.set("interval", needed(flag)?.number("-i")?),
            "W" => {
                fields.set("timeout", needed(flag)?.number("-W")?);
                seen_timeout = true;
            }
            // How long all of it may take; without -W it bounds the wait as well.
            "w" if !seen_timeout => fields.set("timeout", needed(flag)?.number("-w")?),
            "w" => {}
            "s" => fields.set("size", needed(flag)?.integer("-s")?),
            "I" => fields.set("from", needed(flag)?.expr()),
            "t" => fields.set("ttl", needed(flag)?.integer("-t")?),
            "Q" => fields.set("tos", needed(flag)?.integer("-Q")?),
            "m" => fields.set("mark", needed(flag)?.integer("-m")?),
            "M" => match needed(flag)?.text() {
                "do" => fields.flag("df"),
                "dont" => fields.set("df", Expr::code("false")),
                _ => {}
            },
            "f" => fields.set("interval", Expr::code("0")),
            "4" => fields.set("family", Expr::text("inet")),
            "6" => fields.set("family", Expr::text("inet6")),
            "q" | "n" | "v" | "D" | "O" | "a" | "A" | "U" | "B" | "p" | "S" | "l" | "d" => {}
            _ => return Err(unknown("ping", flag)),
        }
    }
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

/// Translates `curl ARGS`.
pub fn curl(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let with = [
        "m",
        "max-time",
        "connect-timeout",
        "X",
        "request",
        "d",
        "data",
        "data-raw",
        "H",
        "header",
        "o",
        "output",
        "interface",
        "w",
        "write-out",
        "u",
        "A",
        "user-agent",
        "x",
        "F",
        "T",
        "retry",
        "retry-delay",
        "b",
        "c",
        "e",
        "resolve",
        "local-port",
    ];
    let (flags, operands) = flags(args, &with)?;
    let mut fields = Fields::default();
    let mut headers = Vec::new();
    for flag in &flags {
        match flag.0.as_str() {
            "m" | "max-time" | "connect-timeout" => {
                fields.set("timeout", needed(flag)?.number("--max-time")?)
            }
            "X" | "request" => fields.set("method", needed(flag)?.expr()),
            "I" | "head" => fields.set("method", Expr::text("HEAD")),
            "d" | "data" | "data-raw" => fields.set("body", needed(flag)?.expr()),
            "H" | "header" | "A" | "user-agent" => headers.push(header(flag)?),
            "L" | "location" => fields.set("redirects", Expr::code("10")),
            "interface" => fields.set("from", needed(flag)?.expr()),
            "local-port" => fields.set("source_port", needed(flag)?.integer("--local-port")?),
            "4" | "ipv4" => fields.set("family", Expr::text("inet")),
            "6" | "ipv6" => fields.set("family", Expr::text("inet6")),
            "o" | "output" if needed(flag)?.is("/dev/null") || needed(flag)?.is("-") => {}
            "s" | "S" | "f" | "v" | "i" | "k" | "g" | "silent" | "show-error" | "fail" | "verbose"
            | "include" | "globoff" | "no-progress-meter" => {}
            _ => return Err(unknown("curl", flag)),
        }
    }
    if !headers.is_empty() {
        fields.set("headers", Expr::Table(headers));
    }
    let request = fields.has("method") || fields.has("body");
    let function = if request { "http.request" } else { "http.get" };
    let fails = flags.iter().any(|flag| flag.0 == "f" || flag.0 == "fail");
    page("curl", function, operands, fields, if fails { Act::Fetch } else { Act::Probe }, space)
}

fn header(flag: &Flag) -> Result<(String, Expr)> {
    let value = needed(flag)?;
    if flag.0 == "A" || flag.0 == "user-agent" {
        return Ok(("User-Agent".to_owned(), value.expr()));
    }
    let (name, value) = value
        .known
        .as_deref()
        .and_then(|header| header.split_once(':'))
        .ok_or_else(|| Reason::beyond("a header without a value has no binding"))?;
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

/// Translates `wget ARGS`, where it prints the page or throws it away.
pub fn wget(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let with = ["O", "output-document", "T", "timeout", "t", "tries", "header", "bind-address"];
    let (flags, operands) = flags(args, &with)?;
    let (mut fields, mut printed) = (Fields::default(), false);
    for flag in &flags {
        match flag.0.as_str() {
            "O" | "output-document" => {
                printed = needed(flag)?.is("-") || needed(flag)?.is("/dev/null");
            }
            "T" | "timeout" => fields.set("timeout", needed(flag)?.number("--timeout")?),
            "spider" => {
                printed = true;
                fields.set("method", Expr::text("HEAD"));
            }
            "q" | "t" | "tries" | "S" | "v" | "quiet" | "no-verbose" | "nv" | "n" => {}
            "bind-address" => fields.set("from", needed(flag)?.expr()),
            "4" => fields.set("family", Expr::text("inet")),
            "6" => fields.set("family", Expr::text("inet6")),
            _ => return Err(unknown("wget", flag)),
        }
    }
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

/// Translates `nc ARGS`; `input` is what it reads.
pub fn nc(args: &[Arg], input: Option<Arg>, space: &Space, background: bool) -> Result<Vec<Act>> {
    let (flags, mut operands) = flags(args, &["p", "w", "s", "q", "i", "I", "e", "c", "x", "X", "b"])?;
    let (mut udp, mut listen, mut zero, mut port) = (false, false, false, None);
    let mut fields = Fields::default();
    for flag in &flags {
        match flag.0.as_str() {
            "u" => udp = true,
            "l" => listen = true,
            "z" => zero = true,
            "p" => port = Some(needed(flag)?.clone()),
            "s" => fields.set("from", needed(flag)?.expr()),
            "w" => fields.set("timeout", needed(flag)?.number("-w")?),
            "4" => fields.set("family", Expr::text("inet")),
            "6" => fields.set("family", Expr::text("inet6")),
            "k" | "v" | "n" | "N" | "q" | "i" | "d" | "t" => {}
            _ => return Err(unknown("nc", flag)),
        }
    }
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

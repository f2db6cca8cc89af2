//! What `nsh exec LAB` runs without a program: `why`, `capture` and `draw`, in a lab whose script is somebody else's.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::error::{Error, Kind, Result};
use crate::base::status;
use crate::base::wait::{self, Deadline};
use crate::draw::{self, Picture};
use crate::model::Words;
use crate::net::hosts;
use crate::net::names::similar;
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::prefix::{self, Family};
use crate::probe::capture::{self, Expression, Filter, Packet, Place, Recording, Writer};
use crate::probe::socket::{SocketOptions, Source};
use crate::probe::why::{self, Proto, Question};
use crate::sandbox::PINS;

/// The words of each, as its usage has them.
const TOOLS: &[(&str, &str)] = &[
    ("why", "why DST [proto icmp|tcp|udp] [port PORT] [from ADDRESS|LINK] [family inet|inet6]"),
    (
        "capture",
        "capture [LINK...] [-w FILE|-] [-c COUNT] [proto PROTO] [host HOST] [net PREFIX] [src PREFIX] [dst PREFIX] [port PORT] [filter EXPRESSION]",
    ),
    ("draw", "draw [text|svg|dot|mermaid]"),
];

/// Whether the first word of a command is one of ours. A program of that name is run by its path.
pub fn is_tool(word: &OsStr) -> bool {
    TOOLS.iter().any(|(name, _)| word == *name)
}

/// Runs it in a namespace of the lab; returns the exit status. For the lab's own process.
pub fn run(namespace: &str, command: &[OsString]) -> Result<i32> {
    let words: Vec<String> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (name, rest) = words.split_first().ok_or_else(|| Error::argument("no command is given"))?;
    let all = Namespaces::new(PINS)?;
    let ns = all.require(namespace)?;
    let words = Reader { name, words: rest.iter() };
    let ended = match name.as_str() {
        "why" => why(&all, &ns, words),
        "draw" => draw(&all, words),
        _ => capture(&all, &ns, words),
    };
    match (ended, wait::interrupted()) {
        (Err(e), Some(signal)) if e.kind() == Kind::Interrupted => Ok(128 + signal),
        (ended, _) => ended,
    }
}

/// What is left of the words.
struct Reader<'a> {
    name: &'a str,
    words: std::slice::Iter<'a, String>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.words.next().map(String::as_str)
    }

    fn usage(&self) -> &'static str {
        TOOLS.iter().find(|(name, _)| *name == self.name).map_or("", |(_, usage)| usage)
    }

    /// The word behind another.
    fn value(&mut self, key: &str) -> Result<&'a str> {
        self.next()
            .ok_or_else(|| Error::argument(format!("{key}: a word is missing behind it")).hint(self.usage()))
    }

    fn read<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let word = self.value(key)?;
        parse(word).ok_or_else(|| Error::argument(format!("{key}: can't read {word:?}")).hint(self.usage()))
    }

    fn number<T: std::str::FromStr>(&mut self, key: &str) -> Result<T> {
        self.read(key, |word| word.parse().ok())
    }

    fn unknown(&self, word: &str, known: &[&'static str]) -> Error {
        let e = Error::argument(format!("unknown word {word:?}"));
        match similar(word, known.iter().copied()) {
            Some(near) => e.hint(format!("did you mean {near:?}?")),
            None => e.hint(self.usage()),
        }
    }
}

/// `why ns1 8.8.8.8` asks in another namespace, as `ns1.why("8.8.8.8")` does.
fn why(all: &Namespaces, ns: &Rc<Namespace>, mut words: Reader<'_>) -> Result<i32> {
    const KNOWN: &[&str] = &["proto", "port", "from", "family"];
    let usage = words.usage();
    let mut dst = words.next().ok_or_else(|| Error::argument("no target is given").hint(usage))?;
    let mut from = ns.clone();
    // All but the target come in pairs.
    if !words.words.len().is_multiple_of(2)
        && let Some(other) = all.get(dst)?
    {
        from = other;
        dst = words.value(dst)?;
    }
    let ns = &from;
    let (mut proto, mut port, mut family) = (None, None, None);
    let mut socket = SocketOptions::default();
    while let Some(word) = words.next() {
        match word {
            "proto" => proto = Some(words.read(word, Proto::named)?),
            "port" => port = Some(words.number::<u16>(word)?),
            "from" => socket.from = Some(Source::parse(words.value(word)?)?),
            "family" => {
                family = Some(words.read(word, |text| match text {
                    "inet" => Some(Family::Inet),
                    "inet6" => Some(Family::Inet6),
                    _ => None,
                })?);
            }
            _ => return Err(words.unknown(word, KNOWN)),
        }
    }
    let proto = proto.unwrap_or(if port.is_some() { Proto::Tcp } else { Proto::Icmp });
    match (proto, port) {
        (Proto::Icmp, Some(_)) => return Err(Error::argument("an echo request has no port")),
        (Proto::Tcp | Proto::Udp, None) => {
            return Err(Error::argument(format!("{} needs a port", proto.name())));
        }
        _ => {}
    }
    let mut found = hosts::resolve(all, ns, dst)?.into_iter().map(SocketAddr::from);
    let target = found.find(|a| family.is_none_or(|family| family == Family::of(a.ip())));
    let mut target =
        target.ok_or_else(|| Error::new(Kind::NotFound, format!("{dst} has no such address")))?;
    target.set_port(port.unwrap_or(0));
    let name = port.map_or_else(|| dst.to_owned(), |port| format!("{dst} port {port}"));
    let verdict = why::why(all, ns, &Question { name, target, proto, size: None, socket })?;
    println!("{verdict}");
    Ok(if verdict.ok { status::SUCCESS } else { status::FAILED })
}

/// What `capture` is to do.
#[derive(Default)]
struct Asked {
    links: Vec<String>,
    filter: Filter,
    count: Option<u64>,
    file: Option<String>,
}

fn asked(all: &Namespaces, ns: &Namespace, words: &mut Reader<'_>) -> Result<Asked> {
    const KNOWN: &[&str] = &["proto", "host", "net", "src", "dst", "port", "filter", "-w", "-c", "-i"];
    let mut asked = Asked::default();
    let network = |text: &str| prefix::parse(text).ok();
    let addresses = |name: &str| Ok(hosts::resolve(all, ns, name)?.iter().map(|a| a.ip).collect());
    while let Some(word) = words.next() {
        let filter = &mut asked.filter;
        match word {
            "-w" => asked.file = Some(words.value(word)?.to_owned()),
            "-c" => asked.count = Some(words.number(word)?),
            "-i" => asked.links.push(words.value(word)?.to_owned()),
            "proto" => filter.protos.push(words.read(word, capture::Proto::from_name)?),
            "host" => filter.hosts = addresses(words.value(word)?)?,
            "filter" => filter.expression = Some(Expression::parse(words.value(word)?, &addresses)?),
            "net" => filter.net = Some(words.read(word, network)?),
            "src" => filter.src = Some(words.read(word, network)?),
            "dst" => filter.dst = Some(words.read(word, network)?),
            "port" => filter.port = Some(words.number(word).map(|port| (port, port))?),
            option if option.starts_with('-') => return Err(words.unknown(option, KNOWN)),
            link => asked.links.push(link.to_owned()),
        }
    }
    Ok(asked)
}

fn capture(all: &Namespaces, ns: &Namespace, mut words: Reader<'_>) -> Result<i32> {
    let Asked { links, filter, count, file } = asked(all, ns, &mut words)?;
    let mut output: Box<dyn Write> = match file.as_deref() {
        None | Some("-") => Box::new(std::io::stdout().lock()),
        Some(path) => Box::new(create(Path::new(path))?),
    };
    if file.as_deref() == Some("-") && std::io::stdout().is_terminal() {
        return Err(
            Error::argument("packets are not written to a terminal").hint("capture -w - | wireshark -k -i -")
        );
    }
    // What isn't written yet when too much waits is lost from its beginning.
    let recording = Recording { filter, last: true, ..Recording::default() };
    let several = links.len() != 1;
    let running = capture::start(&[Place { namespace: ns, links }], recording)?;
    let mut form = Form { writer: file.map(|_| Writer::default()), several };
    let mut left = count.unwrap_or(u64::MAX);
    form.write(&mut output, &[])?;
    while left > 0 && running.running() {
        let mut packets = running.take(Deadline::NEVER)?;
        packets.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= packets.len() as u64;
        if let Err(e) = form.write(&mut output, &packets) {
            // Who reads has seen enough.
            let ends = e.kind() == std::io::ErrorKind::BrokenPipe;
            return if ends { Ok(status::SUCCESS) } else { Err(e.into()) };
        }
    }
    Ok(status::SUCCESS)
}

/// The picture of the whole lab.
fn draw(all: &Namespaces, mut words: Reader<'_>) -> Result<i32> {
    let form = match words.next() {
        None => draw::Form::Text,
        Some(word) => {
            draw::Form::named(word).ok_or_else(|| words.unknown(word, &["text", "svg", "dot", "mermaid"]))?
        }
    };
    if let Some(more) = words.next() {
        return Err(words.unknown(more, &[]));
    }
    let picture = Picture::of(all)?.write(form);
    let mut output = std::io::stdout().lock();
    output.write_all(picture.as_bytes())?;
    if !picture.ends_with('\n') {
        output.write_all(b"\n")?;
    }
    Ok(status::SUCCESS)
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|e| Error::from(e).detail(format!("writing {}", path.display())))
}

/// As a file of pcapng, or as lines.
struct Form {
    writer: Option<Writer>,
    several: bool,
}

impl Form {
    fn write(&mut self, to: &mut dyn Write, packets: &[Arc<Packet>]) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        match &mut self.writer {
            Some(writer) => writer.write(&mut bytes, packets.iter().map(|p| &**p)),
            None => {
                for packet in packets {
                    let line =
                        if self.several { capture::WithLink(packet).to_string() } else { packet.to_string() };
                    bytes.extend_from_slice(crate::base::text::harmless(&line).as_bytes());
                    bytes.push(b'\n');
                }
            }
        }
        to.write_all(&bytes)?;
        to.flush()
    }
}

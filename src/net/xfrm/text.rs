//! States and policies as `ip xfrm state` and `ip xfrm policy` print them.

use std::fmt::{self, Write};

use super::fields::{Limit, Proto};
use super::{Lifetime, Policy, Selector, State, Template};
use crate::model::{Field, Table, Words};
use crate::net::fields::{Mark, Number};
use crate::net::nf::words::Protocol;

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.given().into_iter();
        // By its name, as `ip` prints it.
        let proto = |words: String| match self.proto {
            Some(proto) if words.starts_with("proto ") => format!("proto {}", Protocol::value(&proto)),
            _ => words,
        };
        f.write_str(&words.map(proto).collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Lifetime {
    /// Limits only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given().join(" "))
    }
}

fn hexadecimal(number: Option<Number>) -> String {
    format!("0x{:x}", number.map_or(0, |number| number.0))
}

fn mark(mark: Option<Mark>, mask: Option<Mark>) -> Option<String> {
    mark.map(|mark| format!("{:#x}/{:#x}", mark.0, mask.map_or(u32::MAX, |mask| mask.0)))
}

/// The words of the flags that are set.
fn flags<T: Table>(object: &T, word: &str) -> Vec<&'static str> {
    let set = |row: &&crate::model::Row<T>| (row.get)(object) == Some(crate::model::Value::Bool(true));
    let words = T::ROWS.iter().filter(set).filter_map(|row| row.words.first()?.strip_prefix(word));
    words.map(str::trim).collect()
}

impl State {
    /// What identifies it, and what it does, without its keys.
    pub fn head(&self) -> String {
        let (address, proto) =
            (|a: Option<std::net::IpAddr>| a.map_or_else(String::new, |a| a.to_string()), self.proto);
        let mut out = format!(
            "src {} dst {}\n\tproto {}",
            address(self.src),
            address(self.dst),
            proto.map_or("?", Proto::name)
        );
        if let Some(spi) = self.spi {
            let _ = write!(out, " spi {}", spi.word());
        }
        let _ = write!(out, " reqid {}", self.reqid.map_or(0, |reqid| reqid.0));
        if let Some(mode) = self.mode {
            let _ = write!(out, " mode {}", mode.name());
        }
        out
    }

    /// The algorithms, with the word in front of each; without the keys where they aren't asked for.
    fn algorithms(&self) -> Vec<String> {
        let word = |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
        [
            word("auth", self.auth.as_ref().map(|it| it.value().to_string())),
            word("auth-trunc", self.auth_trunc.as_ref().map(|it| it.value().to_string())),
            word("enc", self.enc.as_ref().map(|it| it.value().to_string())),
            word("aead", self.aead.as_ref().map(|it| it.value().to_string())),
            word("comp", self.comp.as_ref().map(|it| it.value().to_string())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.head())?;
        write!(f, "\n\treplay-window {}", self.replay_window.map_or(0, |window| window.0))?;
        let set = flags(self, "flag");
        if !set.is_empty() {
            write!(f, " flag {}", set.join(" "))?;
        }
        let extra = flags(self, "extra-flag");
        if !extra.is_empty() {
            write!(f, " extra-flag {}", extra.join(" "))?;
        }
        let output = mark(self.output_mark, self.output_mask).map(|mark| format!("output-mark {mark}"));
        let marks: Vec<String> =
            mark(self.mark, self.mask).map(|mark| format!("mark {mark}")).into_iter().chain(output).collect();
        if !marks.is_empty() {
            write!(f, "\n\t{}", marks.join(" "))?;
        }
        self.algorithms().iter().try_for_each(|words| write!(f, "\n\t{words}"))?;
        if let Some(encap) = self.encap {
            let words = encap.word();
            let [kind, sport, dport, original] = words.splitn(4, ' ').collect::<Vec<_>>()[..] else {
                return Err(fmt::Error);
            };
            write!(f, "\n\tencap type {kind} sport {sport} dport {dport} addr {original}")?;
        }
        if let Some(pad) = self.tfcpad {
            write!(f, "\n\ttfcpad {}", pad.0)?;
        }
        if self.replay_oseq.is_some() {
            let (seq, oseq) = (hexadecimal(self.replay_seq), hexadecimal(self.replay_oseq));
            write!(f, "\n\tanti-replay context: seq {seq}, oseq {oseq}")?;
        }
        let limits = self.life.to_string();
        if !limits.is_empty() {
            write!(f, "\n\t{limits}")?;
        }
        if let Some(id) = self.if_id {
            write!(f, "\n\tif_id {:#x}", id.0)?;
        }
        let selected = self.sel.to_string();
        if !selected.is_empty() {
            write!(f, "\n\tsel {selected}")?;
        }
        used(f, &self.life)
    }
}

/// What passed by it.
fn used(f: &mut fmt::Formatter<'_>, life: &Lifetime) -> fmt::Result {
    let count = |count: Option<Limit>| count.map_or(0, |count| count.0);
    match life.packets {
        Some(Limit(0)) | None => Ok(()),
        packets => write!(f, "\n\t{}(bytes), {}(packets)", count(life.bytes), count(packets)),
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let selected = self.sel.to_string();
        write!(f, "{selected}\n\tdir {}", self.dir.map_or("?", |dir| dir.name()))?;
        if self.action == Some(super::fields::Action::Block) {
            f.write_str(" action block")?;
        }
        write!(f, " priority {}", self.priority.map_or(0, |priority| priority.0))?;
        let set = flags(self, "flag");
        if !set.is_empty() {
            write!(f, " flag {}", set.join(" "))?;
        }
        if let Some(mark) = mark(self.mark, self.mask) {
            write!(f, "\n\tmark {mark}")?;
        }
        let limits = self.life.to_string();
        if !limits.is_empty() {
            write!(f, "\n\t{limits}")?;
        }
        self.templates.iter().try_for_each(|template| write!(f, "\n\ttmpl {template}"))?;
        if let Some(id) = self.if_id {
            write!(f, "\n\tif_id {:#x}", id.0)?;
        }
        used(f, &self.life)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |address: Option<std::net::IpAddr>| {
            address.map_or_else(|| "0.0.0.0".to_owned(), |a| a.to_string())
        };
        write!(f, "src {} dst {}", address(self.src), address(self.dst))?;
        write!(f, "\n\t\tproto {}", self.proto.map_or("?", Proto::name))?;
        if let Some(spi) = self.spi {
            write!(f, " spi {}", spi.word())?;
        }
        write!(f, " reqid {}", self.reqid.map_or(0, |reqid| reqid.0))?;
        write!(f, " mode {}", self.mode.map_or("transport", |mode| mode.name()))?;
        if self.level == Some(super::fields::Level::Use) {
            f.write_str("\n\t\tlevel use")?;
        }
        Ok(())
    }
}

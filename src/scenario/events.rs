//! What a file's process tells, read as it comes: lines of JSON, and the bytes of artifacts between them.

use std::io::{ErrorKind, Read};

use serde::Deserialize;

use crate::base::text;
use crate::lua::modules::test::event::Event;

/// A longer line is none of ours: see [`Event::bounded`].
const LONGEST_LINE: usize = 4 << 20;

const LONGEST_REASON: usize = 4 << 10;

/// One thing that came.
#[derive(Debug, PartialEq)]
pub enum Message {
    Event(Event),
    /// The machine can't run files: why, and what to do about it.
    Cannot(String, Option<String>),
    /// Bytes of the artifact announced last; empty at its end.
    Bytes(Vec<u8>),
}

#[derive(Deserialize)]
struct Cannot {
    cannot: String,
    hint: Option<String>,
}

#[derive(Default)]
pub struct Events {
    line: Vec<u8>,
    /// Bytes of an artifact still to come.
    left: u64,
    /// Within a line that is too long, of which the rest is passed over.
    skipping: bool,
    at_end: bool,
}

impl Events {
    pub fn at_end(&self) -> bool {
        self.at_end
    }

    /// Reads one chunk of what is there, and what it told. `None` if nothing was there.
    pub fn read_some(&mut self, from: &mut impl Read) -> Option<Vec<Message>> {
        let mut buffer = [0u8; 64 << 10];
        loop {
            return match from.read(&mut buffer) {
                Ok(n) if n > 0 => Some(self.take(&buffer[..n])),
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => None,
                Ok(_) | Err(_) => {
                    self.at_end = true;
                    None
                }
            };
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Vec<Message> {
        let mut told = Vec::new();
        while !bytes.is_empty() {
            if self.left > 0 {
                let n = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                told.push(Message::Bytes(bytes[..n].to_vec()));
                self.left -= n as u64;
                bytes = &bytes[n..];
                if self.left == 0 {
                    told.push(Message::Bytes(Vec::new()));
                }
                continue;
            }
            let end = bytes.iter().position(|b| *b == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            self.skipping |= self.line.len() + part.len() > LONGEST_LINE;
            if !self.skipping {
                self.line.extend_from_slice(part);
            }
            bytes = &bytes[part.len() + usize::from(end.is_some())..];
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                if !std::mem::take(&mut self.skipping) {
                    self.line_came(&line, &mut told);
                }
            }
        }
        told
    }

    fn line_came(&mut self, line: &[u8], told: &mut Vec<Message>) {
        if let Ok(event) = serde_json::from_slice(line).map(Event::bounded) {
            let size = match &event {
                Event::Artifact { size, .. } => Some(*size),
                _ => None,
            };
            told.push(Message::Event(event));
            self.left = size.unwrap_or(0);
            if size == Some(0) {
                told.push(Message::Bytes(Vec::new()));
            }
        } else if let Ok(Cannot { cannot, hint }) = serde_json::from_slice(line) {
            let short = |text: String| text::shortened(&text, LONGEST_REASON).into_owned();
            told.push(Message::Cannot(short(cannot), hint.map(short)));
        }
        // Anything else was written by the script itself, or by a version of ours that this one doesn't know.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_artifacts_are_told_apart_however_they_come() {
        let stream = b"{\"event\":\"began\"}\n\
            {\"event\":\"artifact\",\"name\":\"a/b\",\"size\":12}\n{\"event\":\n}\n{\"event\":\"artifact\",\"name\":\"c\",\"size\":0}\n\
            rubbish\n{\"cannot\":\"no\",\"hint\":null}\n";
        for size in 1..stream.len() {
            let mut events = Events::default();
            let told: Vec<Message> = stream.chunks(size).flat_map(|c| events.take(c)).collect();
            let bytes: Vec<u8> = told
                .iter()
                .flat_map(|t| if let Message::Bytes(b) = t { b.clone() } else { Vec::new() })
                .collect();
            assert_eq!(bytes, b"{\"event\":\n}\n".to_vec(), "{size}");
            let rest: Vec<&Message> =
                told.iter().filter(|t| !matches!(t, Message::Bytes(b) if !b.is_empty())).collect();
            assert_eq!(rest[0], &Message::Event(Event::Began));
            assert!(matches!(rest[1], Message::Event(Event::Artifact { .. })));
            assert_eq!(rest[2], &Message::Bytes(Vec::new()));
            assert_eq!(rest.last(), Some(&&Message::Cannot("no".into(), None)));
        }
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut events = Events::default();
        for _ in 0..20 {
            assert!(events.take(&vec![b'x'; 1 << 20]).is_empty());
        }
        assert!(events.line.len() <= LONGEST_LINE);
        assert_eq!(events.take(b"\n{\"event\":\"began\"}\n"), [Message::Event(Event::Began)]);
    }
}

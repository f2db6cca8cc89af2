//! What a file prints, cut at the marks that its events leave in it.

use std::io::{ErrorKind, Read};

use super::printed::Printed;

/// The mark of event number `number`.
pub fn mark(nonce: &str, number: u64) -> Vec<u8> {
    format!("\x1e{nonce}:{number}\x1e").into_bytes()
}

/// Reads a file's output. What was printed since the last [`Output::take`] is in `current`.
pub struct Output {
    /// What a mark begins with.
    begin: Vec<u8>,
    /// Read, but it may be the beginning of a mark.
    held: Vec<u8>,
    /// The last mark that was met.
    met: u64,
    current: Printed,
    /// The beginning and end of all of it.
    pub whole: Printed,
    /// What came since it was last emptied, if somebody empties it.
    pub fresh: Option<Vec<u8>>,
    at_end: bool,
}

/// A mark is written before its event, so it is in the pipe, after at most one pipe's content (pipe(7)). An event that a
/// script made up has no mark, and what the script prints may have no end.
const MOST_AHEAD: usize = 2 << 20;
const CHUNK: usize = 64 << 10;

/// More digits than a mark's number has.
const DIGITS: usize = 24;

impl Output {
    pub fn new(nonce: &str) -> Output {
        let begin = format!("\x1e{nonce}:").into_bytes();
        Output {
            begin,
            held: Vec::new(),
            met: 0,
            current: Printed::default(),
            whole: Printed::default(),
            fresh: None,
            at_end: false,
        }
    }

    pub fn at_end(&self) -> bool {
        self.at_end
    }

    /// Reads up to the mark with this number. What was read beyond it is held back for the next call.
    pub fn read_to(&mut self, from: &mut impl Read, number: u64) {
        while self.met < number && self.next_mark() {}
        let mut left = MOST_AHEAD;
        while self.met < number && left > 0 && self.fill(from) {
            left = left.saturating_sub(CHUNK);
            while self.met < number && self.next_mark() {}
        }
        self.met = self.met.max(number);
    }

    /// Whether there is room to read more, ahead of the events.
    pub fn has_room(&self) -> bool {
        !self.at_end && self.held.len() < MOST_HELD
    }

    /// Reads one chunk of what is there. False if there was none.
    pub fn read_some(&mut self, from: &mut impl Read) -> bool {
        // Marks are for `read_to`, which comes with their event: nothing behind one is taken before.
        let more = self.has_room() && self.fill(from);
        self.settle();
        more
    }

    /// What was printed up to the last mark, and forgets it.
    pub fn take(&mut self) -> Printed {
        std::mem::take(&mut self.current)
    }

    /// Takes what is held back; for the end, when no more events will come.
    pub fn finish(&mut self) {
        while self.next_mark() {}
        let held = std::mem::take(&mut self.held);
        self.add(&held);
    }

    fn fill(&mut self, from: &mut impl Read) -> bool {
        let mut buffer = [0u8; CHUNK];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => self.at_end = true,
                Ok(n) => {
                    self.held.extend_from_slice(&buffer[..n]);
                    return true;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.at_end = true,
            }
            return false;
        }
    }

    /// Takes what stands before the next mark, and the mark. False if no whole mark is held.
    fn next_mark(&mut self) -> bool {
        self.settle();
        let Some(rest) = self.held.strip_prefix(&self.begin[..]) else { return false };
        let Some(length) = rest.iter().take(DIGITS).position(|b| *b == 0x1e) else { return false };
        let number = std::str::from_utf8(&rest[..length]).ok().and_then(|n| n.parse().ok());
        self.met = number.unwrap_or(self.met);
        self.held.drain(..self.begin.len() + length + 1);
        true
    }

    /// Takes what is held up to where a mark begins, or may begin.
    fn settle(&mut self) {
        let mut from = 0;
        let mark = loop {
            let Some(at) = self.held[from..].iter().position(|b| *b == 0x1e) else { break self.held.len() };
            let rest = &self.held[from + at..];
            let common = rest.len().min(self.begin.len());
            if rest[..common] == self.begin[..common] {
                break from + at;
            }
            from += at + 1;
        };
        let plain: Vec<u8> = self.held.drain(..mark).collect();
        self.add(&plain);
    }

    fn add(&mut self, bytes: &[u8]) {
        self.current.add(bytes);
        self.whole.add(bytes);
        if let Some(fresh) = &mut self.fresh {
            fresh.extend_from_slice(bytes);
        }
    }
}

/// How much is read beyond a mark whose event has not come yet. Then the pipe fills, and the file waits.
const MOST_HELD: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its pieces one by one.
    struct Pieces(Vec<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(ErrorKind::WouldBlock.into());
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn output_is_cut_at_the_marks_however_it_comes() {
        let mut stream = b"a\x1eb".to_vec();
        stream.extend(mark("n0nce", 1));
        stream.extend(b"c\x1en0n");
        stream.extend(mark("n0nce", 2));
        stream.extend(b"d\x1en0nc");
        for size in 1..stream.len() {
            let mut pieces = Pieces(stream.chunks(size).map(<[u8]>::to_vec).collect());
            let mut output = Output::new("n0nce");
            output.read_to(&mut pieces, 1);
            assert_eq!(output.take().text(), "a\x1eb", "{size}");
            output.read_to(&mut pieces, 2);
            assert_eq!(output.take().text(), "c\x1en0n", "{size}");
            while output.read_some(&mut pieces) {}
            output.finish();
            assert_eq!(output.take().text(), "d\x1en0nc", "{size}");
        }
    }

    #[test]
    fn what_is_behind_a_mark_waits_for_its_event() {
        let mut stream = b"a".to_vec();
        stream.extend(mark("n", 1));
        stream.extend(b"b");
        let mut output = Output::new("n");
        output.read_some(&mut Pieces(vec![stream.clone()]));
        assert_eq!(output.current.text(), "a");
        output.read_to(&mut Pieces(Vec::new()), 1);
        assert_eq!(output.take().text(), "a");
        output.finish();
        assert_eq!(output.take().text(), "b");
    }
}

//! What a process printed, within bounds.

use std::collections::VecDeque;

/// What is kept of an output that is longer than its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Its first half and its last half of the limit.
    #[default]
    Both,
    First,
    Last,
}

/// What a process printed: at most a limit of it, and a count of all.
#[derive(Clone, Debug, Default)]
pub struct OutputBuffer {
    head_room: usize,
    tail_room: usize,
    head: Vec<u8>,
    /// What came after the head; its first bytes go when it grows too long.
    tail: VecDeque<u8>,
    /// How many bytes were printed in all.
    total: u64,
}

impl OutputBuffer {
    pub fn new(limit: usize, keep: Keep) -> Self {
        let head_room = match keep {
            Keep::Both => limit / 2,
            Keep::First => limit,
            Keep::Last => 0,
        };
        OutputBuffer { head_room, tail_room: limit - head_room, ..OutputBuffer::default() }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = self.head_room.saturating_sub(self.head.len()).min(bytes.len());
        let (head, tail) = bytes.split_at(room);
        self.head.extend_from_slice(head);
        let tail = &tail[tail.len().saturating_sub(self.tail_room)..];
        let over = (self.tail.len() + tail.len()).saturating_sub(self.tail_room);
        self.tail.drain(..over);
        self.tail.extend(tail);
    }

    /// How many bytes were printed but not kept.
    pub fn lost(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }

    /// How many bytes were printed in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// All that was kept. A line says so where some of the middle was lost.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.head.len() + self.tail.len() + 64);
        out.extend_from_slice(&self.head);
        if self.lost() > 0 && !self.head.is_empty() && !self.tail.is_empty() {
            out.extend_from_slice(format!("\n[nsh: {} bytes were not kept]\n", self.lost()).as_bytes());
        }
        let (a, b) = self.tail.as_slices();
        out.extend_from_slice(a);
        out.extend_from_slice(b);
        out
    }

    /// The last of what was kept, `most` bytes.
    pub fn last(&self, most: usize) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.drain(..bytes.len().saturating_sub(most));
        bytes
    }

    /// The last lines, `lines` and `max` bytes at most, for a message.
    pub fn last_lines(&self, lines: usize, max: usize) -> String {
        let mut end: Vec<u8> = self.tail.range(self.tail.len().saturating_sub(max)..).copied().collect();
        let contiguous = self.tail_start() == self.head.len() as u64;
        if end.len() < max && (contiguous || self.tail.is_empty()) {
            let from = self.head.len().saturating_sub(max - end.len());
            end.splice(..0, self.head[from..].iter().copied());
        }
        let text = String::from_utf8_lossy(&end);
        let text = text.trim();
        let from = text.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(i, _)| i + 1);
        let mut out = text[from..].to_owned();
        if self.lost() > 0 && self.tail.is_empty() {
            out.push_str(&format!(" ({} more bytes were not kept)", self.lost()));
        }
        out
    }

    /// Where the tail begins in all that was printed.
    fn tail_start(&self) -> u64 {
        self.total - self.tail.len() as u64
    }

    /// The next whole line from `at` on, which moves behind it. Lines that were lost are passed over, and one that
    /// was cut by that is told as far as it was kept.
    pub(super) fn line(&self, at: &mut u64) -> Option<Vec<u8>> {
        self.skip_lost(at);
        let head = self.head.get(*at as usize..).unwrap_or_default();
        if let Some(end) = head.iter().position(|b| *b == b'\n') {
            *at += end as u64 + 1;
            return Some(head[..end].to_vec());
        }
        if !head.is_empty() && self.lost() > 0 {
            *at += head.len() as u64;
            return Some(head.to_vec());
        }
        let from = (*at).max(self.tail_start()) - self.tail_start();
        let end = self.tail.range(from as usize..).position(|b| *b == b'\n')?;
        let line = self.tail.range(from as usize..from as usize + end);
        let line = head.iter().chain(line).copied().collect();
        *at = self.tail_start() + from + end as u64 + 1;
        Some(line)
    }

    /// What was printed from `at` on and isn't a whole line yet.
    pub(super) fn rest(&self, at: &mut u64) -> Vec<u8> {
        self.skip_lost(at);
        let head = self.head.get(*at as usize..).unwrap_or_default();
        let from = (*at).max(self.tail_start()) - self.tail_start();
        head.iter().chain(self.tail.range(from as usize..)).copied().collect()
    }

    /// Moves `at` out of what was lost, to the beginning of a line.
    fn skip_lost(&self, at: &mut u64) {
        if *at < self.head.len() as u64 || *at >= self.tail_start() {
            return;
        }
        *at = match self.tail.iter().position(|b| *b == b'\n') {
            Some(end) => self.tail_start() + end as u64 + 1,
            // One line as long as all that is kept: its rest is better than nothing.
            None => self.tail_start(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(limit: usize, keep: Keep, parts: &[&str]) -> OutputBuffer {
        let mut kept = OutputBuffer::new(limit, keep);
        parts.iter().for_each(|part| kept.add(part.as_bytes()));
        kept
    }

    fn lines(kept: &OutputBuffer) -> Vec<String> {
        let mut at = 0;
        std::iter::from_fn(|| kept.line(&mut at)).map(|l| String::from_utf8(l).unwrap()).collect()
    }

    #[test]
    fn within_the_limit_all_is_kept() {
        let k = kept(8, Keep::Both, &["ab\nc", "d", "\nef"]);
        assert_eq!((k.bytes().as_slice(), k.lost(), k.total()), (&b"ab\ncd\nef"[..], 0, 8));
        assert_eq!(lines(&k), ["ab", "cd"]);
        let mut at = 6;
        assert_eq!(k.rest(&mut at), b"ef");
        assert_eq!(k.last_lines(2, 100), "cd\nef");
        assert_eq!(k.last_lines(5, 3), "ef");
    }

    #[test]
    fn beyond_it_both_ends_are() {
        let k = kept(8, Keep::Both, &["ab\nc", "d\nxxxxxxxxxx\ny", "y\nz\n"]);
        assert_eq!(k.lost(), 22 - 8);
        assert_eq!(String::from_utf8(k.bytes()).unwrap(), "ab\nc\n[nsh: 14 bytes were not kept]\ny\nz\n");
        assert_eq!(lines(&k), ["ab", "c", "z"]);
        assert_eq!(k.last_lines(1, 100), "z");
        let first = kept(4, Keep::First, &["ab\ncdefgh\n"]);
        assert_eq!((first.bytes().as_slice(), first.lost()), (&b"ab\nc"[..], 6));
        assert_eq!(first.last_lines(1, 100), "c (6 more bytes were not kept)");
        assert_eq!(lines(&first), ["ab", "c"]);
        let last = kept(4, Keep::Last, &["ab\ncdefgh\n", "ij"]);
        assert_eq!((last.bytes().as_slice(), last.lost()), (&b"h\nij"[..], 8));
        assert!(lines(&last).is_empty());
        assert_eq!(kept(0, Keep::Both, &["abc"]).lost(), 3);
    }

    #[test]
    fn a_reader_that_keeps_up_misses_nothing() {
        let mut k = OutputBuffer::new(64, Keep::Both);
        let mut at = 0;
        for i in 0..1000 {
            k.add(format!("line {i}\nhal").as_bytes());
            k.add(b"f\n");
            assert_eq!(k.line(&mut at).unwrap(), format!("line {i}").into_bytes());
            assert_eq!(k.line(&mut at).unwrap(), b"half");
            assert_eq!(k.line(&mut at), None);
        }
        assert!(k.bytes().len() < 128);
    }
}

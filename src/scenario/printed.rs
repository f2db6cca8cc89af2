//! What a file printed, as much as is worth keeping: its beginning and its end.

use std::collections::VecDeque;

/// How much of the beginning, and how much of the end.
const HEAD: usize = 48 << 10;
const TAIL: usize = 48 << 10;

/// The beginning and the end of a stream of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// Bytes between the two that were let go.
    dropped: u64,
}

impl Printed {
    pub fn add(&mut self, mut bytes: &[u8]) {
        let room = HEAD - self.head.len();
        // Once the head is full it stays as it is, or its end would not be the tail's beginning.
        let first = room.min(bytes.len());
        self.head.extend_from_slice(&bytes[..first]);
        bytes = &bytes[first..];
        if bytes.len() > TAIL {
            let passed = bytes.len() - TAIL;
            self.dropped += (self.tail.len() + passed) as u64;
            self.tail.clear();
            bytes = &bytes[passed..];
        }
        let over = (self.tail.len() + bytes.len()).saturating_sub(TAIL);
        self.dropped += over as u64;
        self.tail.drain(..over);
        self.tail.extend(bytes);
    }

    /// Adds what was kept elsewhere.
    pub fn append(&mut self, mut other: Printed) {
        self.add(&other.head);
        // If there is a gap, the other's head and tail are full: they fill ours, and the gap is where ours is.
        self.dropped += other.dropped;
        self.add(other.tail.make_contiguous());
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// As text, with a line that says how much is missing in the middle.
    pub fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.dropped == 0 {
            return String::from_utf8_lossy(&[&self.head[..], &tail[..]].concat()).into_owned();
        }
        // Whole lines on both sides of the gap, where there are lines.
        let head_end = self.head.iter().rposition(|b| *b == b'\n').map_or(self.head.len(), |at| at + 1);
        let tail_start = tail.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
        let missing = self.dropped + (self.head.len() - head_end + tail_start) as u64;
        let head = String::from_utf8_lossy(&self.head[..head_end]);
        let tail = String::from_utf8_lossy(&tail[tail_start..]);
        let end = if head.ends_with('\n') { "" } else { "\n" };
        format!("{head}{end}[{missing} bytes left out]\n{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_kept_whole() {
        let mut kept = Printed::default();
        assert!(kept.is_empty());
        kept.add(b"a\n");
        kept.add(b"b");
        assert_eq!(kept.text(), "a\nb");
    }

    #[test]
    fn a_flood_leaves_its_beginning_and_its_end() {
        let mut kept = Printed::default();
        let mut size = 0u64;
        for i in 0..100_000 {
            let line = format!("line {i}\n");
            size += line.len() as u64;
            kept.add(line.as_bytes());
        }
        let text = kept.text();
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 99999\n"));
        let gap = text.lines().find(|l| l.starts_with('[')).unwrap();
        let missing: u64 = gap[1..].split(' ').next().unwrap().parse().unwrap();
        assert_eq!(missing + text.len() as u64 - gap.len() as u64 - 1, size);
        assert!(text.lines().all(|l| l.starts_with("line ") || l == gap));
        // In one piece, too.
        let mut kept = Printed::default();
        kept.add(&vec![b'x'; 10 << 20]);
        assert_eq!(kept.head.len() + kept.tail.len() + kept.dropped as usize, 10 << 20);
        assert!(kept.text().contains("x\n[") && kept.text().contains(" bytes left out]\nx"));
    }
}

//! Datagrams with a number and a time, and what their receiver makes of these.

use std::time::{Duration, Instant};

/// Tells ours from what else may come to the port.
const MAGIC: [u8; 4] = *b"nshp";
/// The magic, the number and the time: the smallest payload.
pub const HEADER: usize = 20;
/// So many of the last numbers are remembered, to know duplicates.
const WINDOW: u64 = 1 << 14;

/// Writes the header of the datagram with this number, sent at a time since the beginning.
pub fn write(to: &mut [u8], seq: u64, at: Duration) {
    to[..4].copy_from_slice(&MAGIC);
    to[4..12].copy_from_slice(&seq.to_be_bytes());
    to[12..HEADER].copy_from_slice(&(at.as_nanos() as u64).to_be_bytes());
}

/// The number and the time of a datagram of ours.
pub fn read(from: &[u8]) -> Option<(u64, Duration)> {
    let rest = from.strip_prefix(&MAGIC)?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let at = rest.first_chunk::<8>()?;
    Some((u64::from_be_bytes(*seq), Duration::from_nanos(u64::from_be_bytes(*at))))
}

/// What has arrived of one stream.
#[derive(Clone, Debug)]
pub struct Arrivals {
    pub bytes: u64,
    /// Without duplicates.
    pub received: u64,
    pub duplicates: u64,
    pub out_of_order: u64,
    /// One more than the highest number that came.
    pub end: u64,
    /// When the last one came.
    pub last: Option<Instant>,
    /// Seconds: RFC 3550, 6.4.1.
    pub jitter: f64,
    transit: Option<f64>,
    /// A bit for each of the last [`WINDOW`] numbers.
    seen: Vec<u64>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Arrivals {
            bytes: 0,
            received: 0,
            duplicates: 0,
            out_of_order: 0,
            end: 0,
            last: None,
            jitter: 0.0,
            transit: None,
            seen: vec![0; (WINDOW / 64) as usize],
        }
    }
}

impl Arrivals {
    /// Takes in a datagram that arrived `now`; the beginning is `start`.
    pub fn take(&mut self, bytes: usize, seq: u64, sent: Duration, start: Instant, now: Instant) {
        self.last = Some(now);
        if !self.first_time(seq) {
            self.duplicates += 1;
            return;
        }
        self.received += 1;
        self.bytes += bytes as u64;
        if seq < self.end {
            self.out_of_order += 1;
        }
        self.end = self.end.max(seq.saturating_add(1));
        let transit = (now - start).as_secs_f64() - sent.as_secs_f64();
        if let Some(before) = self.transit.replace(transit) {
            self.jitter += ((transit - before).abs() - self.jitter) / 16.0;
        }
    }

    /// Marks a number as seen; whether it wasn't. Of what is older than the window nothing is known: it counts as new.
    fn first_time(&mut self, seq: u64) -> bool {
        if seq.saturating_add(WINDOW) < self.end {
            return true;
        }
        // The places of the numbers between are those of old ones.
        for passed in self.end..seq.min(self.end.saturating_add(WINDOW)) {
            *self.word(passed) &= !bit(passed);
        }
        let fresh = seq >= self.end || *self.word(seq) & bit(seq) == 0;
        *self.word(seq) |= bit(seq);
        fresh
    }

    fn word(&mut self, seq: u64) -> &mut u64 {
        &mut self.seen[(seq % WINDOW / 64) as usize]
    }

    /// Numbers below the highest that haven't come.
    pub fn missing(&self) -> u64 {
        self.end.saturating_sub(self.received)
    }
}

fn bit(seq: u64) -> u64 {
    1 << (seq % 64)
}

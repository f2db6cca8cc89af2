//! The fuzz targets (fuzz/) on stable: a few thousand inputs each, made from the same seed every time. With
//! `NSH_FUZZ_SECONDS=10` each target runs for so long, from a seed of its own that a failure prints.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::panic;
use std::time::{Duration, Instant};

#[path = "../fuzz/targets.rs"]
mod targets;

const ROUNDS: usize = 2000;
/// An input that takes longer is as good as a hang.
const SLOW: Duration = Duration::from_secs(10);
const LONGEST: usize = 4096;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }
}

/// Changes an input in one way: a byte, a bit, a cut, a part doubled, or one of another seed put in.
fn mutate(input: &mut Vec<u8>, seeds: &[&[u8]], random: &mut Random) {
    let at = random.below(input.len());
    let end = at + random.below(input.len() - at + 1);
    match random.below(6) {
        0 if !input.is_empty() => input[at] = random.below(256) as u8,
        1 if !input.is_empty() => input[at] ^= 1 << random.below(8),
        2 => drop(input.drain(at..end)),
        3 => {
            let part = input[at..end].to_vec();
            input.splice(at..at, part);
        }
        4 => {
            let other = seeds[random.below(seeds.len())];
            let from = random.below(other.len());
            input.splice(at..end, other[from..].iter().copied());
        }
        _ => input.insert(at, b"\0\xff'\"\\$(){}[];|&<>\n %:/#`=-"[random.below(26)]),
    }
    input.truncate(LONGEST);
}

fn run(name: &str) {
    let (_, target, seeds) = targets::ALL.iter().find(|(n, ..)| *n == name).unwrap();
    let asked = std::env::var("NSH_FUZZ_SECONDS").ok().map(|s| Duration::from_secs(s.parse().unwrap()));
    let seed = asked.map_or(1, |_| u64::from(std::process::id()) << 20 | 1);
    let (mut random, begin) = (Random(seed), Instant::now());
    for round in 0.. {
        if asked.map_or(round >= ROUNDS, |time| begin.elapsed() >= time) {
            break;
        }
        let mut input = seeds[random.below(seeds.len())].to_vec();
        (0..random.below(8)).for_each(|_| mutate(&mut input, seeds, &mut random));
        let start = Instant::now();
        if panic::catch_unwind(|| target(&input)).is_err() {
            panic!("{name} failed in round {round} of seed {seed}: {:?}", input.escape_ascii().to_string());
        }
        assert!(start.elapsed() < SLOW, "{name} is slow with {:?}", input.escape_ascii().to_string());
    }
}

#[test]
fn packets() {
    run("packets");
}

#[test]
fn filters() {
    run("filters");
}

#[test]
fn captures() {
    run("captures");
}

#[test]
fn attributes() {
    run("attributes");
}

#[test]
fn urls() {
    run("urls");
}

#[test]
fn words() {
    run("words");
}

#[test]
fn translate() {
    run("translate");
}

#[test]
fn chunks() {
    run("chunks");
}

#[test]
fn options() {
    run("options");
}

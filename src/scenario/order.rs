//! Which share of the tests is run, and in which order.

use std::io::Read;

/// One of several machines that share the tests: `--shard 1/4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: u32,
    pub count: u32,
}

impl Shard {
    /// Reads `1/4`.
    pub fn parse(text: &str) -> Result<Shard, String> {
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err("expected i/n with i from 1 to n, such as 1/4".to_owned()),
        }
    }

    /// Whether the file is in this shard. Only its name decides, so other files may come and go.
    pub fn has(self, name: &str) -> bool {
        // The remainder of a well-mixed hash: FNV-1a mixes its low bits poorly for names that differ at the end.
        mix(fnv1a(name.as_bytes())) % u64::from(self.count) == u64::from(self.index - 1)
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The finishing step of splitmix64: each bit of the input changes half of the output's.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A random seed, short enough to be typed again.
pub fn random_seed() -> u64 {
    u64::from(u32::from_ne_bytes(random_bytes()))
}

/// From the kernel.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes));
    if read.is_err() {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        bytes.iter_mut().zip(now.to_ne_bytes()).for_each(|(byte, b)| *byte = b);
    }
    bytes
}

/// Shuffles, the same way for the same seed.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let at = mix(state) % (last as u64 + 1);
        items.swap(last, at as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_one_shard() {
        let mut sizes = [0; 4];
        for i in 0..1000 {
            let name = format!("tests/lua/file{i}.lua");
            let shards: Vec<u32> = (1..=4).filter(|&index| Shard { index, count: 4 }.has(&name)).collect();
            assert_eq!(shards.len(), 1, "{name}");
            sizes[shards[0] as usize - 1] += 1;
        }
        assert!(sizes.iter().all(|&n| n > 200), "{sizes:?}");
        // For good: a file must not change its shard with a new version.
        assert!(Shard { index: 1, count: 4 }.has("tests/lua/route/route.lua"));
    }

    #[test]
    fn shards_are_read() {
        assert_eq!(Shard::parse("2/4"), Ok(Shard { index: 2, count: 4 }));
        for bad in ["0/4", "5/4", "1/0", "1", "a/b", "-1/4", ""] {
            assert!(Shard::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_seed_always_gives_the_same_order() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..10).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        let mut sorted = shuffled(3);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<u32>>());
    }
}

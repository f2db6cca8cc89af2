//! nf_tables, spoken natively: rules need no `nft` program.
//!
//! [`expr`] has the kernel's instructions, [`message`] what makes and lists tables, chains and rules, [`matching`]
//! and [`words`] what rules match in a script's words; [`nat`] stands on them, and filter rules can.

pub mod ask;
pub mod attr;
pub mod conntrack;
pub mod elements;
pub mod expr;
pub mod firewall;
pub mod matching;
pub mod message;
pub mod name;
pub mod nat;
mod sets;
pub mod several;
pub mod text;
pub mod trace;
mod uapi;
pub mod userdata;
pub mod words;

/// The table of the family `inet` in which all rules of nsh stand, one in each namespace.
pub const TABLE: &str = "nsh";

#[cfg(test)]
pub(crate) mod test {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::attr::Attributes;
    use crate::net::namespace::{Namespace, Namespaces};

    /// Runs `f` in a new network namespace; says so when that isn't allowed.
    pub fn in_namespace<T: Send + 'static>(f: impl FnOnce(&Namespace) -> T + Send + 'static) -> Option<T> {
        std::thread::spawn(|| {
            if let Err(e) = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
                crate::net::testing::no_namespace(e);
                return None;
            }
            let all = Namespaces::new("/nonexistent").unwrap();
            Some(f(all.host()))
        })
        .join()
        .unwrap()
    }

    /// What `nft` prints; `None`, with a reason, where it isn't installed.
    pub fn nft(args: &[&str], input: &str) -> Option<String> {
        let mut child = match Command::new("nft")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
        {
            Ok(child) => child,
            Err(e) => {
                crate::net::testing::skipped(format!("nft can't be run: {e}"));
                return None;
            }
        };
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "nft {args:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    }

    /// Reproducible random numbers (xorshift).
    pub struct Random(u64);

    impl Random {
        pub fn new(seed: u64) -> Self {
            Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
        }

        pub fn seed(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 >> 16
        }

        pub fn below(&mut self, n: u32) -> u32 {
            (self.seed() % u64::from(n)) as u32
        }

        pub fn maybe(&mut self) -> Option<u32> {
            (self.below(2) == 0).then(|| self.below(100))
        }

        pub fn bytes(&mut self, n: usize) -> Vec<u8> {
            (0..n).map(|_| self.seed() as u8).collect()
        }

        /// Nested attributes of any types, some of them cut or with a wrong length.
        pub fn attributes(&mut self) -> Vec<u8> {
            let mut out = Attributes::new();
            for _ in 0..self.below(6) {
                let kind = self.below(10) as u16;
                match self.below(4) {
                    0 => out.raw(kind, &self.attributes()),
                    1 => out.be32(kind, self.below(20)),
                    2 => out.be64(kind, self.seed()),
                    _ => {
                        let n = self.below(9) as usize;
                        out.raw(kind, &self.bytes(n))
                    }
                };
            }
            let mut bytes = out.into_bytes().unwrap();
            if self.below(4) == 0 && !bytes.is_empty() {
                let at = self.below(bytes.len() as u32) as usize;
                bytes[at] = self.seed() as u8;
            }
            if self.below(4) == 0 {
                bytes.truncate(self.below(bytes.len() as u32 + 1) as usize);
            }
            bytes
        }
    }
}

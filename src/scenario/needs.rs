//! What a test needs of the machine: `-- needs: ip, vlan, root` in its file's head.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::error::{Error, Result};
use crate::doctor;
use crate::net::names::similar;
use crate::proc;

/// The words behind `-- needs:` in the comment at a file's head.
pub fn of_head(source: &str) -> Vec<String> {
    source
        .lines()
        .take_while(|line| line.starts_with("--") || line.starts_with("#!") || line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("--")?.trim_start().strip_prefix("needs:"))
        .flat_map(|line| line.split([',', ' ']))
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// The kernel's features that tests of the file may ask for with `needs = ...`: what stands there in quotes.
pub fn of_tests(source: &str) -> Vec<String> {
    if !source.contains("needs") {
        return Vec::new();
    }
    let quoted = source.split(['"', '\'']).filter(|word| doctor::knows(word));
    quoted.map(str::to_owned).collect()
}

/// What this machine has, of what was asked for.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Whether the one who runs the tests is root: asked outside of any sandbox, where everybody is.
    root: bool,
    /// Of the kernel's features that were tried, those that are missing, with what was found.
    tried: BTreeMap<String, Option<String>>,
}

impl Default for Machine {
    fn default() -> Machine {
        Machine { root: nix::unistd::geteuid().is_root(), tried: BTreeMap::new() }
    }
}

/// Programs that are meant as iproute2 has them.
const IPROUTE2: &[&str] = &["ip", "ss", "tc"];

impl Machine {
    /// Tries those words that stand for a feature of the kernel, each once; nothing if there are none.
    pub fn probe(words: &BTreeSet<String>) -> anyhow::Result<Machine> {
        let names: Vec<String> = words.iter().filter(|word| doctor::knows(word)).cloned().collect();
        if names.is_empty() {
            return Ok(Machine::default());
        }
        let found = doctor::probe(&names)?;
        let tried = found.into_iter().map(|n| (n.name, (!n.ok).then_some(n.detail))).collect();
        Ok(Machine { tried, ..Machine::default() })
    }

    /// Why a test that needs this can't run here; `None` if it can.
    ///
    /// Raises `argument` for what is no program here, and like the name of a feature.
    pub fn lacks(&self, word: &str) -> Result<Option<String>> {
        Ok(match word {
            "root" => (!self.root).then(|| "it needs root".to_owned()),
            "user" => self.root.then(|| "it is for an ordinary user".to_owned()),
            "terminal" => Some("it needs a terminal".to_owned()),
            word => match self.tried.get(word) {
                Some(None) => None,
                Some(Some(detail)) if detail.is_empty() || detail == "not in this kernel" => {
                    Some(format!("this kernel has no {word}"))
                }
                Some(Some(detail)) => Some(format!("{word}: {detail}")),
                None if doctor::knows(word) => Some(format!(
                    "whether this kernel has {word} was not tried: name it in the file's head, in `-- needs: {word}`"
                )),
                None if IPROUTE2.contains(&word) && proc::is_busybox(word) => {
                    Some(format!("{word} is BusyBox's here, not iproute2's"))
                }
                None if proc::installed(word) => None,
                None => match meant(word) {
                    Some(name) => {
                        let e = format!("there is neither a kernel feature nor a program named {word:?}");
                        return Err(Error::argument(e).hint(format!("did you mean {name:?}?")));
                    }
                    None => Some(format!("{word} is not installed")),
                },
            },
        })
    }
}

/// The need that was probably meant. Short words are programs of all sorts, and `conntrackd` is one, too.
fn meant(word: &str) -> Option<&'static str> {
    let near = similar(word, doctor::names().chain(["root", "user"]));
    near.filter(|name| word.len() >= 4 && !word.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_stand_in_the_head() {
        let source =
            "#!/usr/bin/env nsh\n-- A test.\n\n-- needs: ip, vlan\n--needs:root\nlocal x\n-- needs: netem\n";
        assert_eq!(of_head(source), ["ip", "vlan", "root"]);
        assert_eq!(of_tests("test('x', { needs = { 'vrf', \"no-such-word\" } }, f)"), ["vrf"]);
        assert_eq!(of_tests("print('vrf')"), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let tried = [
            ("veth", None),
            ("vrf", Some("not in this kernel")),
            ("tun", Some("/dev/net/tun: no such file or directory")),
        ];
        let tried = tried.map(|(name, missing)| (name.to_owned(), missing.map(str::to_owned)));
        let machine = Machine { tried: tried.into(), ..Machine::default() };
        let lacks = |word| machine.lacks(word).unwrap();
        assert_eq!(lacks("veth"), None);
        assert_eq!(lacks("vrf").unwrap(), "this kernel has no vrf");
        assert_eq!(lacks("tun").unwrap(), "tun: /dev/net/tun: no such file or directory");
        for program in ["no-such-program", "nft2", "conntrackd2", "bridge-tools"] {
            assert_eq!(lacks(program).unwrap(), format!("{program} is not installed"));
        }
        assert_eq!(lacks("sh"), None);
        assert_eq!(lacks("root").is_some(), !nix::unistd::geteuid().is_root());
    }

    #[test]
    fn what_is_like_a_feature_is_a_mistake() {
        let machine = Machine::default();
        for (word, meant) in
            [("nteem", "netem"), ("brigde", "bridge"), ("maclvan", "macvlan"), ("rooot", "root")]
        {
            let e = machine.lacks(word).unwrap_err().to_string();
            assert!(e.contains(&format!("named {word:?}")), "{e}");
            assert!(e.ends_with(&format!("did you mean {meant:?}?")), "{e}");
        }
    }
}

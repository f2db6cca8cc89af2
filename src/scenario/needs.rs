//! What a test needs of the machine: `-- needs: ip, vlan, root` in its file's head.

use std::collections::{BTreeMap, BTreeSet};

use crate::doctor;
use crate::error::Result;
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

impl Machine {
    /// Tries those words that stand for a feature of the kernel, each once; nothing if there are none.
    pub fn probe(words: &BTreeSet<String>) -> Result<Machine> {
        let names: Vec<String> = words.iter().filter(|word| doctor::knows(word)).cloned().collect();
        if names.is_empty() {
            return Ok(Machine::default());
        }
        let found = doctor::probe(&names)?;
        let tried = found.into_iter().map(|n| (n.name, (!n.ok).then_some(n.detail))).collect();
        Ok(Machine { tried, ..Machine::default() })
    }

    /// Why a test that needs this can't run here; `None` if it can.
    pub fn lacks(&self, word: &str) -> Option<String> {
        match word {
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
                None => (!proc::installed(word)).then(|| format!("{word} is not installed")),
            },
        }
    }
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
        assert_eq!(machine.lacks("veth"), None);
        assert_eq!(machine.lacks("vrf").unwrap(), "this kernel has no vrf");
        assert_eq!(machine.lacks("tun").unwrap(), "tun: /dev/net/tun: no such file or directory");
        assert_eq!(machine.lacks("no-such-program").unwrap(), "no-such-program is not installed");
        assert_eq!(machine.lacks("sh"), None);
        assert_eq!(machine.lacks("root").is_some(), !nix::unistd::geteuid().is_root());
    }
}

//! What stands on the machine outside of any lab, for tests that nothing of it changes.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// What a lab could leave behind on the machine, besides processes.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    namespaces: BTreeSet<String>,
    links: BTreeSet<String>,
    mounts: String,
    rules: String,
}

impl Machine {
    pub fn now() -> Machine {
        let names = |directory: &str| {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten();
            entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
        };
        let rules =
            Command::new("nft").args(["list", "ruleset"]).output().map(|o| o.stdout).unwrap_or_default();
        Machine {
            namespaces: names("/run/netns"),
            links: names("/sys/class/net"),
            mounts: fs::read_to_string("/proc/self/mountinfo").unwrap(),
            rules: String::from_utf8_lossy(&rules).into_owned(),
        }
    }
}

/// The next of a row of numbers.
pub fn random_step(random: &mut u64) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
}

//! Whether the kernel has a module, without loading it: some put links of their own into the machine's network when
//! they are loaded (`gre0`, `sit0`, `dummy0`), and looking must change nothing.

use std::fs;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Built in or loaded: using it loads nothing.
    Present,
    /// On the disk; the kernel loads it when it is first used.
    Loadable,
    Missing,
    /// The modules' directory isn't here, as in a container.
    Unknown,
}

/// The state of a module, by its name with underscores.
pub fn state(name: &str) -> State {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let directory = PathBuf::from("/lib/modules").join(release.trim());
    let loaded = fs::read_to_string("/proc/modules").unwrap_or_default();
    if Path::new("/sys/module").join(name).exists() {
        return State::Present;
    }
    state_in(name, &loaded, |file| fs::read_to_string(directory.join(file)).ok())
}

fn state_in(name: &str, loaded: &str, read: impl Fn(&str) -> Option<String>) -> State {
    if loaded.lines().any(|line| line.split(' ').next() == Some(name)) {
        return State::Present;
    }
    match (read("modules.builtin"), read("modules.dep")) {
        (Some(builtin), _) if lists(&builtin, name) => State::Present,
        (_, Some(loadable)) if lists(&loadable, name) => State::Loadable,
        // A kernel without modules has no directory for them either: what it has is there.
        (None, None) if loaded.is_empty() => State::Present,
        (None, None) => State::Unknown,
        _ => State::Missing,
    }
}

/// Lines such as `kernel/net/ipv4/ip_gre.ko.xz: kernel/net/ipv4/gre.ko.xz`.
fn lists(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let file = line.split(':').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        file.split_once(".ko").is_some_and(|(stem, _)| stem.replace('-', "_") == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, loaded: &str, builtin: Option<&str>, dep: Option<&str>) -> State {
        state_in(name, loaded, |file| {
            if file == "modules.builtin" { builtin } else { dep }.map(str::to_owned)
        })
    }

    #[test]
    fn told_by_the_kernels_lists() {
        let builtin = Some("kernel/net/ipv6/sit.ko\n");
        let dep =
            Some("kernel/net/ipv4/ip_gre.ko.xz: kernel/net/ipv4/gre.ko.xz\nkernel/net/8021q/8021q.ko:\n");
        assert_eq!(with("ip_gre", "ip_gre 4 0 - Live 0x0\n", builtin, dep), State::Present);
        assert_eq!(with("ip_gre", "", builtin, dep), State::Loadable);
        assert_eq!(with("sit", "", builtin, dep), State::Present);
        assert_eq!(with("gre", "", builtin, dep), State::Missing);
        assert_eq!(with("sit", "x 1\n", None, None), State::Unknown);
        assert_eq!(with("sit", "", None, None), State::Present);
    }
}

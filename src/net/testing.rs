//! A private lab for a unit test: a network and mount namespace of the test's own thread.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use nix::mount::MsFlags;
use nix::sched::CloneFlags;

use super::inherited::Inherited;
use super::namespace::Namespaces;

/// Says that a test, or the rest of it, is skipped, and why: on the real stderr, since libtest shows nothing of what a
/// passing test prints.
#[track_caller]
pub fn skipped(reason: impl Display) {
    let _ = writeln!(std::io::stderr(), "skipped in {}: {reason}", std::panic::Location::caller().file());
}

/// Skips a test that needs a network of its own, which isn't allowed here. Where all tests must run (`.ci/run` as root),
/// it fails.
#[track_caller]
pub fn no_namespace(e: nix::Error) {
    assert!(std::env::var_os("NSH_TESTS_AS_ROOT").is_none(), "making a network namespace: {e}");
    skipped(format!("a network namespace can't be made ({e}); run the tests as root"));
}

/// Runs `f` in a thread with a network of its own and an empty `/run`; see [`no_namespace`].
pub fn lab(f: impl FnOnce(&Namespaces) + Send + 'static) {
    let test = std::thread::spawn(move || {
        if let Err(e) = nix::sched::unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS) {
            return no_namespace(e);
        }
        let none = None::<&str>;
        nix::mount::mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none).unwrap();
        nix::mount::mount(Some("none"), "/run", Some("tmpfs"), MsFlags::empty(), none).unwrap();
        // As the sandbox does it.
        Inherited::default().reset().unwrap();
        f(&Namespaces::new(Path::new("/run/netns")).unwrap());
    });
    if let Err(panic) = test.join() {
        std::panic::resume_unwind(panic);
    }
}

/// What a command prints, in the namespace `ns` (by its name): an independent witness. `None` if it isn't
/// installed.
pub fn witness(all: &Namespaces, ns: &str, command: &[&str]) -> Option<serde_json::Value> {
    let ns = all.require(ns).unwrap();
    let output =
        ns.within(|| Ok(std::process::Command::new(command[0]).args(&command[1..]).output())).unwrap();
    let output = match output {
        Ok(output) => output,
        Err(e) => {
            skipped(format!("{}: {e}", command[0]));
            return None;
        }
    };
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap_or(serde_json::Value::Null))
}

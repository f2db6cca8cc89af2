//! The tutorial's scripts: they need nothing but nsh, and a mistake in the lab fails at the claim that it breaks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn nsh() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsh"));
    command.arg("--timeout").arg("60").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a script from the tree with one line of it replaced, and gives the number of the line with `claim` too.
fn with_mistake(script: &str, line: &str, instead: &str, claim: &str) -> (Output, String) {
    let source = fs::read_to_string(root().join("scripts/tutorial").join(script)).unwrap();
    assert_eq!(source.matches(line).count(), 1, "{line:?} stands once in {script}");
    let number = source.lines().position(|l| l.contains(claim)).expect("the claim stands in the script") + 1;
    let changed = source.replace(line, instead);
    let place =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("mistake-{}-{number}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let file = place.join(script);
    fs::write(&file, changed).unwrap();
    let output = nsh().arg(script).current_dir(&place).output().unwrap();
    fs::remove_dir_all(&place).unwrap();
    (output, format!("{script}:{number}: "))
}

fn fails_at(script: &str, line: &str, instead: &str, claim: &str) {
    let (output, at) = with_mistake(script, line, instead, claim);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).starts_with(&at),
        "expected a failure at {at}, got {}",
        text(&output.stderr)
    );
}

#[test]
fn forwarding_never_switched_on() {
    let line = "sysctl.set(\"net.ipv4.ip_forward\", 1)";
    fails_at("3-internet.lua", line, "", "check.equal(sysctl.get(\"net.ipv4.ip_forward\"), \"1\")");
}

#[test]
fn masquerading_for_the_wrong_network() {
    let line = "nat.masquerade({ source = \"192.168.1.0/24\", out = \"!br0\" })";
    let instead = "nat.masquerade({ source = \"192.168.2.0/24\", out = \"!br0\" })";
    fails_at(
        "3-internet.lua",
        line,
        instead,
        "check.equal(reply.received, 2, \"nms1 reaches the internet\")",
    );
}

#[test]
fn the_second_end_never_up() {
    let line = "ns2.link.set(\"veth1\", { up = true })\neventually";
    let (output, _) =
        with_mistake("1-veth.lua", line, "eventually", "ns2.link.set(\"veth1\", { up = true })");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("eventually: not within 5"), "{}", text(&output.stderr));
}

#[test]
fn an_address_in_another_subnet() {
    let line = "ns2.addr.add(\"10.0.1.2/24\", { dev = \"veth1\" })";
    let (output, _) = with_mistake(
        "1-veth.lua",
        line,
        "ns2.addr.add(\"10.0.9.2/24\", { dev = \"veth1\" })",
        "ns2.addr.add",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("ns1 reaches 10.0.1.2"), "{}", text(&output.stderr));
}

#[test]
fn nothing_but_nsh_is_needed() {
    let output =
        nsh().arg("scripts/tutorial.lua").current_dir(root()).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with(" checks passed\n"));
}

#[test]
fn the_readme_script_prints_what_the_readme_says() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = |mark: &str| readme.split(mark).nth(1).unwrap().split("```").next().unwrap().to_owned();
    let script = block("```lua\n");
    let output = nsh().arg("-e").arg(&script).current_dir(root()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // Times differ from run to run.
    let shape = |s: &str| -> String {
        s.chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect::<String>()
            .replace("00", "0")
            .replace("00", "0")
    };
    let want = block("```console\n$ nsh hello.lua\n");
    assert_eq!(shape(&text(&output.stdout)), shape(&want));
}

//! However a run ends, SIGKILL at any moment included, the machine is as before.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::stage::{each, until};

/// What a run could leave behind on the machine, besides processes.
#[derive(Debug, PartialEq, Eq)]
struct Machine {
    namespaces: BTreeSet<String>,
    links: BTreeSet<String>,
    mounts: String,
    rules: String,
}

impl Machine {
    fn now() -> Machine {
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

const BUSY: &str = "
    test('busy', function()
      for i = 1, 10 do
        local ns = namespace.add('ns' .. i)
        link.add('v' .. i, { kind = 'veth', up = true, peer = { name = 'eth0', ns = ns, up = true } })
        os.execute('sleep 1000271828 & setsid sleep 1000271828 &')
      end
      nat.masquerade({})
      eventually(function() return false end, { timeout = 100 })
    end)";

#[test]
fn fifty_kills_at_random_moments_leave_nothing() {
    // Reproducible by the seed, were it not for the scheduler.
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    eprintln!("seed {seed}");
    each(|stage| {
        for i in 0..6 {
            stage.file(&format!("{i}.lua"), BUSY);
        }
        stage.file("needs.lua", "-- needs: vrf, netem, nat\n");
        let before = Machine::now();
        let mut random = seed;
        for _ in 0..50 {
            let mut nsh = stage.command("test . -j3 --shuffle").spawn().unwrap();
            // The moment is what this test is about, so it is a time and no event.
            std::thread::sleep(Duration::from_micros(step(&mut random) % 150_000));
            nsh.kill().unwrap();
            nsh.wait().unwrap();
        }
        stage.wait_until_gone();
        until(|| sleepers() == 0, || format!("{} processes of the labs are left", sleepers()));
        until(|| Machine::now() == before, || format!("{before:#?}\nbecame {:#?}", Machine::now()));
        let names: Vec<_> = fs::read_dir(&stage.project).unwrap().flatten().collect();
        assert_eq!(names.len(), 7, "{names:?}");
    });
}

/// What the tests left running, on the whole machine.
fn sleepers() -> usize {
    let commands =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|e| fs::read(e.path().join("cmdline")).ok());
    commands.filter(|c| c.windows(10).any(|w| w == b"1000271828")).count()
}

fn step(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

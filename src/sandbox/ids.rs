//! The users and groups of a lab.
//!
//! Root's lab has all of the machine's. An ordinary user may map no id but their own, as the lab's root, unless
//! `/etc/subuid` and `/etc/subgid` give them more, which the setuid programs newuidmap and newgidmap map. In a lab
//! with one id the kernel refuses whatever names another one, so daemons that drop privileges would not start:
//! there, [`answer`] says yes for the kernel.

use std::fs;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use nix::unistd::{Uid, User};

use super::filter::{self, ALLOW, ARGUMENTS, NUMBER, give, jump, load, unless};
use crate::base::file;

/// Which users a lab has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Users {
    /// All of this machine's.
    All,
    /// Root, and those of so many subordinate ids.
    Subordinate(u32),
    /// Root alone, and why.
    One(Lack),
}

/// Why an ordinary user's lab has no subordinate ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// `/etc/subuid` or `/etc/subgid` gives this user none.
    Ranges,
    /// newuidmap or newgidmap is not installed.
    Helpers,
    /// They are there, and refuse.
    Refused,
}

/// The id maps of the lab's outer user namespace.
pub struct Maps {
    uids: String,
    gids: String,
    /// For newuidmap and newgidmap.
    helped: Option<[Vec<String>; 2]>,
    /// An ordinary user must give up `setgroups` for a map of their own.
    ordinary: bool,
    users: Users,
}

impl Maps {
    pub fn of_this_process() -> Result<Maps> {
        let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
        if uid.is_root() {
            let (uids, gids) = (identity("uid_map")?, identity("gid_map")?);
            return Ok(Maps { uids, gids, helped: None, ordinary: false, users: Users::All });
        }
        let (helped, users) = match subordinate(uid, gid.as_raw()) {
            Ok((maps, count)) => (Some(maps), Users::Subordinate(count)),
            Err(lack) => (None, Users::One(lack)),
        };
        Ok(Maps { uids: format!("0 {uid} 1"), gids: format!("0 {gid} 1"), helped, ordinary: true, users })
    }

    /// Writes them for the process that `/proc` knows by this number.
    pub fn write(&self, pid: i32) -> Result<()> {
        let write = |file: &str, text: &str| {
            fs::write(format!("/proc/{pid}/{file}"), text)
                .with_context(|| format!("writing the sandbox's {file}"))
        };
        let [uids_done, gids_done] =
            self.helped.as_ref().map_or([false; 2], |[uids, gids]| help(pid, uids, gids));
        if !uids_done {
            write("uid_map", &self.uids)?;
        }
        if !gids_done {
            if self.ordinary {
                write("setgroups", "deny")?;
            }
            write("gid_map", &self.gids)?;
        }
        Ok(())
    }

    /// Which users the lab of the calling process, in which the maps were written, has.
    pub fn users(&self) -> Users {
        match self.users {
            Users::Subordinate(_) if single() => Users::One(Lack::Refused),
            ref users => users.clone(),
        }
    }
}

/// Maps every id that this process has in its own user namespace to itself.
pub fn identity(map: &str) -> Result<String> {
    let map = format!("/proc/self/{map}");
    let text = file::text(&map).with_context(|| format!("reading {map}"))?;
    Ok(identity_of(&text))
}

fn identity_of(map: &str) -> String {
    map.lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (inside, count) = (fields.next()?, fields.nth(1)?);
            Some(format!("{inside} {inside} {count}\n"))
        })
        .collect()
}

/// Whether this process's user namespace has one user, or one group.
fn single() -> bool {
    ["uid_map", "gid_map"].iter().any(|map| {
        let text = file::text(format!("/proc/self/{map}")).unwrap_or_default();
        text.split_whitespace().skip(2).eq(["1"])
    })
}

/// The arguments of newuidmap and newgidmap behind the process's number, and how many ids they map.
fn subordinate(uid: Uid, gid: u32) -> std::result::Result<([Vec<String>; 2], u32), Lack> {
    let read = |path: &str| file::text(path).unwrap_or_default();
    let (uids, gids) = (read("/etc/subuid"), read("/etc/subgid"));
    if uids.is_empty() || gids.is_empty() {
        return Err(Lack::Ranges);
    }
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name).unwrap_or_default();
    let ranges = |text: &str| Some(ranges(text, &name, uid.as_raw())).filter(|all| !all.is_empty());
    let (Some(uids), Some(gids)) = (ranges(&uids), ranges(&gids)) else { return Err(Lack::Ranges) };
    let installed = |name: &&str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|directory| directory.join(name).is_file())
    };
    match ["newuidmap", "newgidmap"].iter().all(installed) {
        true => Ok((
            [arguments(uid.as_raw(), &uids), arguments(gid, &gids)],
            uids.iter().fold(0, |sum, r| sum.saturating_add(r.1)),
        )),
        false => Err(Lack::Helpers),
    }
}

/// The ranges that a file such as `/etc/subuid` gives a user, as first id and count.
fn ranges(text: &str, name: &str, uid: u32) -> Vec<(u32, u32)> {
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let ours = (!name.is_empty() && owner == name) || owner == uid.to_string();
        (ours && count > 0).then_some((first, count))
    };
    text.lines().filter_map(range).collect()
}

/// The user as root, and all subordinate ids as those from 1 on.
fn arguments(own: u32, ranges: &[(u32, u32)]) -> Vec<String> {
    let mut out: Vec<String> = vec!["0".into(), own.to_string(), "1".into()];
    let mut next = 1u32;
    for (first, count) in ranges {
        out.extend([next.to_string(), first.to_string(), count.to_string()]);
        next = next.saturating_add(*count);
    }
    out
}

/// Has both maps written, side by side; which of them were.
fn help(pid: i32, uids: &[String], gids: &[String]) -> [bool; 2] {
    let start = |program: &str, arguments: &[String]| -> Option<Child> {
        let mut command = Command::new(program);
        command.arg(pid.to_string()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
    };
    [start("newuidmap", uids), start("newgidmap", gids)]
        .map(|child| child.is_some_and(|mut child| child.wait().is_ok_and(|status| status.success())))
}

/// Calls that name ids, and at which places.
const CALLS: &[(libc::c_long, &[u32])] = &[
    (libc::SYS_setuid, &[0]),
    (libc::SYS_setgid, &[0]),
    (libc::SYS_setfsuid, &[0]),
    (libc::SYS_setfsgid, &[0]),
    (libc::SYS_setreuid, &[0, 1]),
    (libc::SYS_setregid, &[0, 1]),
    (libc::SYS_setresuid, &[0, 1, 2]),
    (libc::SYS_setresgid, &[0, 1, 2]),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chown, &[1, 2]),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lchown, &[1, 2]),
    (libc::SYS_fchown, &[1, 2]),
    (libc::SYS_fchownat, &[2, 3]),
];

/// In a user namespace with one id, answers every call that names another one (and `setgroups`, which is given up
/// there) with success, and leaves all as it is.
///
/// Nothing is gained by that: such a call could only fail. But a program that believes to be someone else stays
/// root of the lab.
pub fn answer() -> Result<()> {
    if !single() {
        return Ok(());
    }
    filter::apply(program())
}

fn program() -> Vec<libc::sock_filter> {
    // An errno of 0.
    let done = || give(libc::SECCOMP_RET_ERRNO);
    let when = |value, over| jump(libc::BPF_JEQ, value, over, 0);
    let mut out = vec![load(NUMBER), unless(libc::SYS_setgroups as u32, 1), done()];
    for (call, places) in CALLS {
        // 0 is the one id there is, and -1 leaves what is: those the kernel answers.
        let named = |place: &u32| [load(ARGUMENTS + 8 * place), when(0, 2), when(u32::MAX, 1), done()];
        let mut body: Vec<libc::sock_filter> = places.iter().flat_map(named).collect();
        body.push(give(ALLOW));
        out.push(unless(*call as u32, body.len() as u8));
        out.append(&mut body);
    }
    out.push(give(ALLOW));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_copied_as_identities() {
        assert_eq!(identity_of("         0          0 4294967295\n"), "0 0 4294967295\n");
        assert_eq!(identity_of("0 1000 1\n1 100000 65536\n"), "0 0 1\n1 1 65536\n");
    }

    #[test]
    fn subordinate_ids_follow_ones_own() {
        let text = "# comment\nroot:1:2\nann:100000:65536\nbob:1000:x\n1000:500000:10\n1001:1:1\nann:9:0\n";
        assert_eq!(ranges(text, "ann", 1000), [(100000, 65536), (500000, 10)]);
        assert_eq!(ranges(text, "", 1001), [(1, 1)]);
        assert_eq!(ranges(text, "bob", 1002), []);
        let words = arguments(1000, &[(100000, 65536), (500000, 10)]).join(" ");
        assert_eq!(words, "0 1000 1 1 100000 65536 65537 500000 10");
    }
}

//! A hostile script achieves nothing outside of its lab.

use std::fs;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::stage::{Stage, User, each, finish, have, place, text};

/// Removes a file when dropped.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn kept(stage: &Stage) {
    assert_eq!(fs::read_to_string(stage.home.join("keep")).unwrap(), "kept", "{:?}", stage.user);
    assert_eq!(fs::read_dir(&stage.home).unwrap().count(), 1);
    assert!(!Path::new("/etc/nsh-was-here").exists());
}

#[test]
fn writes_and_deletes_only_in_the_working_directory() {
    each(|stage| {
        let code = "
            local home = os.getenv('HOME')
            for _, path in ipairs { home .. '/new', home .. '/keep', '/etc/nsh-was-here', '/etc/passwd', '/usr/x' } do
              assert(not io.open(path, 'a'), path)
              assert(not io.open(path, 'w'), path)
            end
            assert(not os.remove(home .. '/keep'))
            assert(not os.rename(home .. '/keep', home .. '/gone'))
            assert(not os.remove('/etc/passwd'))
            os.execute('rm -rf \"$HOME\"/* \"$HOME\"/.[a-z]* 2>/dev/null; chmod 777 \"$HOME\" 2>/dev/null')
            io.open('here', 'w'):write('written'):close()
            io.open('/tmp/private', 'w'):write('x'):close()
            io.open('/var/tmp/private', 'w'):write('x'):close()
            io.open('/run/private', 'w'):write('x'):close()
            io.open('/dev/shm/private', 'w'):write('x'):close()";
        stage.prints(code);
        kept(stage);
        assert_eq!(fs::read_to_string(stage.project.join("here")).unwrap(), "written");
        for private in ["/tmp/private", "/var/tmp/private", "/run/private", "/dev/shm/private"] {
            assert!(!Path::new(private).exists(), "{private}");
        }
    });
}

#[test]
fn the_home_directory_itself_is_no_working_directory() {
    each(|stage| {
        let code = "assert(not io.open('new', 'w')) assert(io.open('keep')) print(io.popen('pwd'):read())";
        let out = finish(stage.command(&["-e", code]).current_dir(&stage.home).spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), stage.home.to_string_lossy());
        kept(stage);
        // Unless it is asked for.
        let out = finish(
            stage
                .command(&["--write", ".", "-e", "assert(io.open('new', 'w'))"])
                .current_dir(&stage.home)
                .spawn()
                .unwrap(),
        );
        assert!(out.status.success(), "{}", text(&out));
        assert!(stage.home.join("new").exists());
    });
}

#[test]
fn a_working_directory_that_is_out_of_bounds_does_not_matter() {
    each(|stage| {
        let closed = stage.directory.join("closed");
        fs::create_dir(&closed).unwrap();
        let mode = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
        // Entered while it could be.
        let script = "cd closed && chmod 000 . 2>/dev/null; \"$0\" -e \"print(1)\"";
        mode(0o755);
        let mut sh = stage.program(Path::new("/bin/sh"), &["-c", script]);
        let out = finish(sh.arg(stage.nsh()).current_dir(&stage.directory).spawn().unwrap());
        mode(0o755);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "1\n", "{:?}: {}", stage.user, text(&out));
        // Removed while we are in it.
        let script = "mkdir gone && cd gone && rmdir ../gone && \"$0\" -e \"print(1)\"";
        let mut sh = stage.program(Path::new("/bin/sh"), &["-c", script]);
        let out = finish(sh.arg(stage.nsh()).spawn().unwrap());
        assert_eq!(String::from_utf8_lossy(&out.stdout), "1\n", "{:?}: {}", stage.user, text(&out));
    });
}

#[test]
fn what_write_names_is_writable_and_nothing_beside_it() {
    each(|stage| {
        let keep = stage.home.join("keep");
        let code = "local f = assert(io.open(os.getenv('HOME') .. '/keep', 'a')) f:write('+') f:close()
                    io.open(os.getenv('HOME') .. '/new', 'w')";
        let arguments = ["--write", keep.to_str().unwrap(), "-e", code];
        let out = finish(stage.command(&arguments).spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
        assert_eq!(fs::read_to_string(&keep).unwrap(), "kept+");
        assert!(!stage.home.join("new").exists());
    });
}

#[test]
fn a_script_and_its_modules_are_readable_wherever_they_lie() {
    each(|stage| {
        // In a private place, and not below the working directory.
        let lib = std::env::temp_dir().join(format!("nsh-lib-{}", std::process::id()));
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("main.lua"), "print(require('part'), io.open(arg[1] .. '/part.lua', 'w'))")
            .unwrap();
        fs::write(lib.join("part.lua"), "return 'found'").unwrap();
        let script = lib.join("main.lua");
        let arguments = [script.to_str().unwrap(), lib.to_str().unwrap()];
        let out = finish(stage.command(&arguments).spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
        assert!(String::from_utf8_lossy(&out.stdout).starts_with("found\tnil"), "{}", text(&out));
        assert_eq!(fs::read_to_string(lib.join("part.lua")).unwrap(), "return 'found'");
        fs::remove_dir_all(&lib).unwrap();
    });
}

#[test]
fn the_machines_network_is_out_of_reach() {
    each(|stage| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let out = stage.in_lab("connect", &format!("tcp 127.0.0.1:{port}"));
        assert!(out.contains("ConnectionRefused"), "{out}");
        let out = stage.in_lab("connect", "tcp 192.0.2.1:80");
        assert!(out.contains("NetworkUnreachable"), "{out}");
        assert_eq!(stage.prints("os.execute('ls /sys/class/net')"), "lo\n");
        let out = stage.in_lab("sockets", "");
        assert!(out.contains("refused vsock") && !out.contains("ACHIEVED"), "{out}");
    });
}

#[test]
fn the_machines_unix_sockets_are_out_of_reach() {
    let mut paths = vec![std::env::temp_dir().join(format!("nsh-{}.sock", std::process::id()))];
    if nix::unistd::geteuid().is_root() {
        // /run is private, /opt is not.
        for place in ["/run", "/opt", "/var/tmp"] {
            if Path::new(place).is_dir() {
                paths.push(Path::new(place).join(format!("nsh-{}.sock", std::process::id())));
            }
        }
    }
    let mut open = Vec::new();
    for path in &paths {
        let listener = UnixListener::bind(path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        open.push((listener, Removed(path.clone())));
    }
    let name = format!("nsh-{}", std::process::id());
    let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    each(|stage| {
        for path in &paths {
            let out = stage.in_lab("connect", &format!("unix {}", path.display()));
            assert!(out.contains("refused") && !out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
        }
        let out = stage.in_lab("connect", &format!("abstract {name}"));
        assert!(out.contains("refused") && !out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
    });
}

#[test]
fn mounts_can_not_be_undone() {
    each(|stage| {
        let out = stage.in_lab("mounts", "");
        assert!(out.contains("refused umount /sys"), "{out}");
        assert!(!out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
        kept(stage);
    });
}

#[test]
fn the_first_process_is_out_of_reach() {
    each(|stage| {
        let out = stage.in_lab("first process", "");
        assert!(out.contains("refused environ") && out.contains("refused ptrace"), "{out}");
        assert!(!out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
    });
}

#[test]
fn killing_everyone_kills_the_lab_alone() {
    each(|stage| {
        // All three stand in one process group, but for the lab.
        let line = super::helper::command_line(stage, "kill all", "");
        let code = format!("os.execute([==[{line}]==])");
        let script = "\"$0\" -e \"$1\"; echo survived $?";
        let mut sh = stage.program(Path::new("/bin/sh"), &["-c", script]);
        let out = finish(sh.arg(stage.nsh()).arg(code).spawn().unwrap());
        assert!(
            String::from_utf8_lossy(&out.stdout).contains("survived"),
            "{:?}: {}",
            stage.user,
            text(&out)
        );
    });
}

#[test]
fn inherited_descriptors_are_no_way_out() {
    each(|stage| {
        let directory = fs::File::open(&stage.home).unwrap();
        // Not close-on-exec, as careless programs leave them.
        let leaked = nix::unistd::dup(&directory).unwrap();
        let flags = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty());
        nix::fcntl::fcntl(&leaked, flags).unwrap();
        assert!(leaked.as_raw_fd() > 2);
        let out = stage.in_lab("descriptors", "");
        assert!(out.contains("looked") && !out.contains("ACHIEVED"), "{:?}: {out}", stage.user);
    });
}

#[test]
fn a_file_on_stdin_can_not_be_opened_for_writing() {
    each(|stage| {
        let keep = stage.home.join("keep");
        let code = "assert(io.read('a') == 'kept') print(io.open('/proc/self/fd/0', 'w'))";
        let stdin = Stdio::from(fs::File::open(&keep).unwrap());
        let out = finish(stage.command(&["-e", code]).stdin(stdin).spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
        assert!(String::from_utf8_lossy(&out.stdout).starts_with("nil"), "{}", text(&out));
        kept(stage);
    });
}

#[test]
fn forking_without_end_ends() {
    each(|stage| {
        if stage.user == User::Root && !kernel_has_pid_max_of_its_own() {
            return eprintln!("skipped: before Linux 6.14 root's lab has no bound on processes");
        }
        let out = stage.in_lab("bomb", "");
        let count: u32 = out
            .split_once("forked ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{:?}: {out}", stage.user));
        assert!((1000..=8192).contains(&count), "{:?}: {out}", stage.user);
        stage.wait_until_gone();
    });
}

fn kernel_has_pid_max_of_its_own() -> bool {
    nsh::sandbox::kernel_version() >= (6, 14)
}

#[test]
fn the_labs_own_world_is_complete() {
    each(|stage| {
        let out = stage.prints(
            "os.execute([[hostname 2>/dev/null || cat /proc/sys/kernel/hostname; id -u
             echo 1 > /proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward
             test -c /dev/null && test -c /dev/net/tun && test -w /dev/shm && echo devices
             grep -c localhost /etc/hosts; echo '10.0.0.1 x' >> /etc/hosts && echo hosts
             echo $(ls /proc | grep -c '^[0-9]'); cat /proc/self/oom_score_adj]])",
        );
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[..4], ["nsh", "0", "1", "devices"], "{:?}: {out}", stage.user);
        assert_eq!(lines[5], "hosts", "{out}");
        assert_eq!(lines[7], "1000", "{out}");
        // Nobody else's processes: process 1, the script, its shell, and what that runs.
        assert!(lines[6].parse::<u32>().unwrap() <= 7, "{out}");
    });
}

#[test]
fn stock_ip_netns_works_inside() {
    if !have("ip") {
        return;
    }
    each(|stage| {
        let out = stage.prints(
            "os.execute([[ip netns add ns1 && ip -n ns1 link set lo up && ip netns exec ns1 ip -br link show lo
             ip netns exec ns1 ls /sys/class/net; ip netns del ns1 && ip netns && echo done]])",
        );
        assert!(out.contains("LOOPBACK,UP"), "{:?}: {out}", stage.user);
        assert!(out.ends_with("lo\ndone\n"), "{:?}: {out}", stage.user);
    });
}

#[test]
fn nsh_runs_in_nsh() {
    each(|stage| {
        place(&stage.nsh(), &stage.project.join("inner"));
        let code = "io.open('script.lua', 'w'):write([[
              namespace.add('deep')
              io.open('deep', 'w'):write('x'):close()
              assert(not io.open(os.getenv('HOME') .. '/new', 'w'))
              -- And once more.
              assert(os.execute('./inner -e \"namespace.add([=[deeper]=])\"'))
              print(#namespace.list())]]):close()
            namespace.add('ns1') namespace.add('ns2')
            local ok, how, status = os.execute('./inner script.lua')
            print(ok, how, status)";
        let out = stage.prints(code);
        assert!(out.ends_with("true\texit\t0\n"), "{:?}: {out}", stage.user);
        assert!(stage.project.join("deep").exists());
        kept(stage);
    });
}

/// As engines start containers: `/proc/sys` is mounted read-only over itself. The kernel mounts no new /proc then.
#[test]
fn a_containers_covered_proc_is_told_with_its_remedy() {
    const COVER: &str =
        "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec \"$@\"";
    each(|stage| {
        let code = "assert(host.ping('127.0.0.1').received == 1); sysctl.set('net.ipv4.ip_forward', 1)";
        let nsh = stage.nsh();
        let nsh = nsh.to_str().unwrap();
        let in_container = |arguments: &[&str]| {
            let mut all = vec!["-Urm", "sh", "-c", COVER, "sh", nsh];
            all.extend(arguments);
            stage.program(Path::new("unshare"), &all).output().unwrap()
        };
        let out = in_container(&["-e", code]);
        assert_eq!(out.status.code(), Some(1), "{}", text(&out));
        let told = text(&out);
        assert!(told.contains("sysctl.set \"net.ipv4.ip_forward\": read-only file system (EROFS)"), "{told}");
        assert!(
            told.contains("hint: in a container, start it with --security-opt systempaths=unconfined"),
            "{told}"
        );
        let told = text(&in_container(&["doctor"]));
        assert!(told.contains("/proc/sys/net can't be written"), "{told}");
    });
}

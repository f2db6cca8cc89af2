//! A lab that goes on and on: what each round makes and ends leaves neither descriptors nor memory behind.

use super::frame::{Ran, Stage};
use super::stage;

const SCRIPT: &str = r#"
local rounds = tonumber(arg[1])
local pid = io.open("/proc/self/stat"):read("n")

local function measure()
  collectgarbage() collectgarbage()
  local resident = select(2, io.open("/proc/self/statm"):read("n", "n"))
  local fds = #proc.exec({ "ls", "/proc/" .. pid .. "/fd" }).stdout:gsub("%d+", "")
  return fds, resident * 4096
end

local has_nft = pcall(nft.load, "table inet soak {}")

local function use(ns)
  local capture <close> = capture.start("v0")
  do
    local web <close> = ns.http.serve("10.0.0.2:80", { ["/"] = "hello" })
    assert(http.get("http://10.0.0.2/").body == "hello")
  end
  local listener <close> = ns.tcp.listen("10.0.0.2:7")
  local connection <close> = tcp.connect("10.0.0.2:7")
  local receiver <close> = ns.udp.listen("10.0.0.2:53")
  udp.send("10.0.0.2:53", "hi")
  proc.exec("true", { check = true })
  local process <close> = ns.proc.spawn("cat")
  ns.conntrack.list()
  pcall(ns.route.add, "10.9.0.0/16", { via = "10.77.0.1" })
end

local function round()
  local ns = namespace.add("x", { up = true })
  link.add("v0", {
    kind = "veth", up = true, addr = { "10.0.0.1/24", "fd00::1/64" },
    peer = { name = "eth0", ns = ns, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
  })
  ns.route.add("default", { via = "10.0.0.1" })
  ns.nat.masquerade({ out = "eth0" })
  if has_nft then
    ns.nft.load("table inet soak {\n chain c {\n type filter hook input priority 0;\n }\n}")
  end
  assert(ns.ping("10.0.0.1").received == 1)
  use(ns)
  namespace.del(ns)
end

local function many(count)
  for _ = 1, count do
    round()
  end
end

many(25)
local fds, resident = measure()
many(rounds)
local more_fds, more_resident = measure()
print(("%d descriptors, then %d; %d KiB, then %d"):format(fds, more_fds, resident // 1024, more_resident // 1024))
-- Threads that end take a moment. What a thread's stack and the allocator keep comes and goes, 8 MiB here. After 64
-- namespaces there is a mount of /proc/sys/net.
eventually(function()
  return measure() <= fds + 1
end)
check.at_most(more_resident, resident + (16 << 20))
"#;

fn soak(stage: &Stage, script: &str, rounds: &str) -> Ran {
    std::fs::write(stage.project.join("soak.lua"), script).unwrap();
    let mut command = stage.command(&["soak.lua", rounds]);
    let out = stage::finish_within(command.spawn().unwrap(), 100 * stage::PATIENCE);
    out.into()
}

/// `NSH_SOAK=1000` for as many rounds; each takes 0.3 s, most of it waiting. As one user.
#[test]
fn rounds_of_everything_leave_nothing_behind() {
    super::frame::as_ordinary(|stage| {
        let rounds = std::env::var("NSH_SOAK").unwrap_or("50".to_owned());
        let ran = soak(stage, SCRIPT, &rounds);
        println!("{ran:?}");
        assert_eq!(ran.status, Some(0), "{ran:?}");
    });
}

/// A deleted namespace keeps no descriptor, whether the script forgets its handle or not.
#[test]
fn deleted_namespaces_keep_no_descriptors() {
    super::frame::each(|stage| {
        let script = "local kept = {}
                      for i = 1, 300 do
                        kept[i] = namespace.add('x')
                        kept[i].link.list()
                        namespace.del('x')
                      end
                      for i = 1, 300 do namespace.add('y') namespace.del('y') end
                      assert(not pcall(kept[1].link.list))";
        std::fs::write(stage.project.join("many.lua"), script).unwrap();
        let line = format!("ulimit -n 128; exec {} many.lua", stage.nsh().display());
        let ran = stage.run(&mut stage.program("/bin/sh".as_ref(), &["-c", &line]));
        assert_eq!(ran.status, Some(0), "{ran:?}");
    });
}

/// Whichever limit a lab reaches, the call that reached it says so, and nothing is left behind.
#[test]
fn limits_are_named_at_the_call() {
    super::frame::each(|stage| {
        let script = "for i = 1, 200 do
                        namespace.add('h' .. i).link.list()
                      end";
        std::fs::write(stage.project.join("many.lua"), script).unwrap();
        let nsh = stage.nsh().display().to_string();
        let limits = [
            (format!("ulimit -n 60; exec {nsh} many.lua"), "(EMFILE)", "ulimit -Hn"),
            (
                format!(
                    "exec unshare -Urn sh -c 'echo 50 >/proc/sys/user/max_net_namespaces; exec {nsh} many.lua'"
                ),
                "(ENOSPC)",
                "/proc/sys/user/max_net_namespaces",
            ),
        ];
        for (line, reason, remedy) in limits {
            let ran = stage.run(&mut stage.program("/bin/sh".as_ref(), &["-c", &line]));
            assert_eq!(ran.status, Some(1), "{ran:?}");
            assert!(ran.stderr.contains(reason) && ran.stderr.contains(remedy), "{ran:?}");
            // One descriptor for each, and not many more: the sockets in them give way. The last one may lack its socket.
            let call = ran.stderr.strip_prefix("many.lua:2: ").unwrap_or_default();
            let name = call.strip_prefix("namespace.add \"h").or(call.strip_prefix("link.list in h"));
            let number: String = name.unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
            assert!(number.parse::<u32>().is_ok_and(|n| n > 40), "{ran:?}");
        }
    });
}

-- What a process sees inside a namespace.
-- needs: ip

local ns1, ns2 = namespace.add("ns1", { up = true }), namespace.add("a-rather-long-name", { up = true })
link.add("veth1", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00:1::2/64" } },
})
link.add("veth2", {
  kind = "veth",
  up = true,
  addr = "10.0.2.1/24",
  peer = { name = "eth0", ns = ns2, up = true, addr = "10.0.2.2/24" },
})

-- Its network, its devices, its name.
local seen = json.decode(ns1.exec({ "ip", "-j", "addr", "show", "eth0" }, { check = true }).stdout)
check.equal(seen[1].addr_info[1]["local"], "10.0.1.2")
check.equal(ns1.exec("ls /sys/class/net; uname -n").stdout, "eth0\nlo\nns1\n")
check.equal(ns2.exec("uname -n").stdout, "a-rather-long-name\n")
check(ns1.exec("echo 1 >/sys/class/net/eth0/mtu").status ~= 0, "/sys is read-only")
check.equal(ns1.proc.exec("readlink /proc/self/ns/net").stdout, ns1.exec("readlink /proc/self/ns/net").stdout)
check(proc.exec("readlink /proc/self/ns/net").stdout ~= ns1.exec("readlink /proc/self/ns/net").stdout)

-- Names of the lab, as seen from each namespace, and kept up to date.
local function address(ns, name)
  return ns.exec("grep -w -- " .. name .. "$ /etc/hosts | head -n1").stdout:match("^%S+")
end
check.equal(address(ns1, "a-rather-long-name"), "10.0.2.2")
check.equal(address(ns1, "host"), "10.0.1.1")
check.equal(address(ns2, "host"), "10.0.2.1")
check.equal(address(host, "ns1"), "10.0.1.2")
local watcher <close> = ns1.spawn("while read -r _; do grep -c ns3 /etc/hosts; done", { keep_stdin = true })
watcher:write("\n")
check.equal(watcher:expect("."), "0")
local ns3 = namespace.add("ns3", { up = true })
link.add("veth3", { kind = "veth", up = true, peer = { ns = ns3, up = true, addr = "10.0.3.2/24" } })
check.equal(address(ns1, "ns3"), "10.0.3.2")
watcher:write("\n")
check.equal(watcher:expect("."), "1", "a running process sees new names too")
check.equal(ns1.exec("wc -l </proc/self/mountinfo", { check = true }).status, 0)

-- Nothing of it is seen outside.
check.equal(proc.exec("grep -c hosts.d /proc/self/mountinfo").stdout, "0\n")
check.equal(proc.exec("uname -n").stdout, proc.exec("cat /proc/sys/kernel/hostname").stdout)

-- ip netns exec inside of a process works as well.
check.equal(
  proc.exec("ip netns exec a-rather-long-name ls /sys/class/net", { check = true }).stdout,
  "eth0\nlo\n"
)

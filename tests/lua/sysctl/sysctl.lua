-- Kernel parameters: each namespace has its own, as /proc says.
local ns1 = namespace.add("ns1")
local function proc_sys(ns, path)
  return (ns.exec({ "cat", "/proc/sys/" .. path }, { check = true }).stdout:gsub("\n$", ""))
end

check.equal(sysctl.get("net.ipv4.ip_forward"), "0")
ns1.sysctl.set("net.ipv4.ip_forward", 1)
check.equal(ns1.sysctl.get("net.ipv4.ip_forward"), "1")
check.equal(proc_sys(ns1, "net/ipv4/ip_forward"), "1")
check.equal(proc_sys(host, "net/ipv4/ip_forward"), "0")
ns1.sysctl.set("net/ipv6/conf/all/forwarding", true)
check.equal(proc_sys(ns1, "net/ipv6/conf/all/forwarding"), "1")
ns1.sysctl.set("net.ipv6.conf.all.forwarding", false)
check.equal(proc_sys(ns1, "net/ipv6/conf/all/forwarding"), "0")
sysctl.set("net.ipv4.ping_group_range", "0 0")
check.equal(sysctl.get("net.ipv4.ping_group_range"), "0\t0")

-- An interface with a dot in its name.
link.add("v0.1", { kind = "veth" })
sysctl.set("net.ipv4.conf.v0/1.rp_filter", 2)
check.equal(sysctl.get("net/ipv4/conf/v0.1/rp_filter"), "2")
check.equal(proc_sys(host, "net/ipv4/conf/v0.1/rp_filter"), "2")

local found = sysctl.list("net.ipv4.conf.v0/1")
check(#found > 10)
local last = ""
for _, p in ipairs(found) do
  check(p.name:find("^net%.ipv4%.conf%.v0/1%."), p.name)
  check(p.name > last, "sorted")
  check.equal(sysctl.get(p.name), p.value)
  last = p.name
end
check.equal(tostring(sysctl.list("net.ipv4.ip_forward")), "net.ipv4.ip_forward = 0")
check(#sysctl.list() > 100)

-- What is the machine's can be read.
check(sysctl.get("kernel.ostype"), "Linux")

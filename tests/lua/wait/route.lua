-- Waiting for routes.
-- needs: ip
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

for dst, via in pairs({ ["10.9.0.0/16"] = "10.0.0.1", ["fd09::/16"] = "fd00::1" }) do
  local e = check.error(function()
    ns1.wait.route(dst, { timeout = 0.05 })
  end, "timeout")
  check.equal(e.message, ('wait.route "%s" in ns1: not within 0.05 s: there is none'):format(dst))
  local adder <close> = ns1.spawn(("sleep 0.1; ip route add %s via %s proto bird metric 7"):format(dst, via))
  local took = ns1.wait.route(dst)
  check(took > 0.02 and took < 5, took)
  ns1.wait.route(dst, { via = via, dev = "eth0", proto = "bird", metric = 7, table = "main" })
  e = check.error(function()
    ns1.wait.route(dst, { metric = 8, timeout = 0 })
  end, "timeout")
  local is = ("there is %s via %s dev eth0 proto bird metric 7"):format(dst, via)
  check(e.message:find(is, 1, true), e.message)
  e = check.error(function()
    ns1.wait.route(dst, { gone = true, timeout = 0 })
  end, "timeout")
  check(e.message:find(is, 1, true), e.message)
end

-- IPv4 routes go with their link, and the kernel tells of the link alone.
local downer <close> = ns1.spawn("sleep 0.1; ip link set eth0 down")
local took = ns1.wait.route("10.9.0.0/16", { gone = true })
check(took < 4, took)
ns1.wait.route("fd09::/16", { gone = true })
check.equal(ns1.proc.exec({ "ip", "route", "show", "10.9.0.0/16" }).stdout, "")

-- A link that isn't there.
ns1.wait.route("10.9.0.0/16", { dev = "eth9", gone = true })
local e = check.error(function()
  ns1.wait.route("default", { dev = "eth9", timeout = 0 })
end, "timeout")
check(e.message:find('no link named "eth9"', 1, true), e.message)

-- Default routes, other tables.
local adder <close> =
  proc.spawn("sleep 0.1; ip -6 route add default via fd00::2; ip route add 10.7.0.0/16 via 10.0.0.2 table 7")
wait.route("default", { family = "inet6" })
wait.route("10.7.0.0/16", { table = 7 })

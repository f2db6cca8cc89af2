-- A failed check of packets tells what `why` finds.
local faults = require("lib.faults")

local l = faults.labs.routed(faults.addresses.inet)

test("check.reachable names the cause and what repairs it", function()
  l.r.sysctl.set("net.ipv4.ip_forward", 0)
  local e = check.error(function()
    check.reachable(l.a, l.to, { timeout = 0.2 })
  end, "check")
  check.equal(
    e.hint,
    'r: not forwarded: net.ipv4.ip_forward is 0; fix: namespace.get("r").sysctl.set("net.ipv4.ip_forward", 1)'
  )
  l.r.sysctl.set("net.ipv4.ip_forward", 1)
  check.reachable(l.a, l.to)
end)

test("check.arrives tells of the way there alone", function()
  l.b.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
  check.arrives(l.a, l.to)
  l.r.sysctl.set("net.ipv4.ip_forward", 0)
  local e = check.error(function()
    check.arrives(l.a, l.to, { timeout = 0.2 })
  end, "check")
  check.match(e.hint or "", "^r: not forwarded")
  l.r.sysctl.set("net.ipv4.ip_forward", 1)
  l.b.sysctl.set("net.ipv4.icmp_echo_ignore_all", 0)
end)

test("a claim that is tried again and again is looked into at the end alone", function()
  l.r.sysctl.set("net.ipv4.ip_forward", 0)
  local hints = 0
  local ok, e = pcall(eventually, function()
    local reachable, e = pcall(check.reachable, l.a, l.to, { timeout = 0.05 })
    local failure = e --[[@as nsh.Error?]]
    hints = hints + (failure and failure.hint and 1 or 0)
    check(reachable)
  end, { timeout = 0.2 })
  check(not ok)
  check.equal(hints, 0)
  ok, e = pcall(eventually, function()
    check.reachable(l.a, l.to, { timeout = 0.05 })
  end, { timeout = 0.2 })
  check(not ok)
  check.match(e.hint or "", "not forwarded")
  l.r.sysctl.set("net.ipv4.ip_forward", 1)
end)

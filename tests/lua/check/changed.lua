-- What changed since the last passed check is told with one that fails.
local r1, r2 = namespace.add("r1"), namespace.add("r2")
r1.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = r2, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

---What a failing check tells.
---@return string[]?
local function changed()
  local e = check.error(function()
    check(false)
  end, "check")
  return e.changed
end

-- Before the first passed check nothing is known.
local ok, raised = pcall(check, false)
local first = raised --[[@as nsh.Error]]
assert(not ok and first.changed == nil)

check(true)
r1.route.add("10.9.0.0/16", { via = "10.0.0.2" })
r1.route.add("fd09::/16", { via = "fd00::2" })
sysctl.set("net.ipv4.ip_forward", 1)
r1.sysctl.set("net.ipv4.ip_forward", 1)
local got = changed()
-- check.error is itself a check that passed.
check.equal(got, {
  "r1: route 10.9.0.0/16 via 10.0.0.2 added",
  "r1: route fd09::/16 via fd00::2 added",
  "host: IPv4 forwarding switched on",
  "r1: IPv4 forwarding switched on",
})

-- Nothing changed: nothing is told.
check.equal(changed(), nil)

-- Down and up again, a route away and there again: nothing, but for what it cost.
r1.link.set("eth0", { up = false })
r1.link.set("eth0", { up = true })
got = changed()
check.equal(got, {
  "r1: route fd09::/16 via fd00::2 deleted",
  "r1: address fd00::1/64 on eth0 deleted",
})

-- At most 20 lines.
for i = 1, 30 do
  r2.addr.add("10.1." .. i .. ".1/24", { dev = "eth0" })
end
got = changed()
check.equal(#got, 21)
check.equal(got[1], "r2: address 10.1.1.1/24 on eth0 added")
check.equal(got[21], "and 10 more")

-- Namespaces that come and go.
local r3 = namespace.add("r3", { up = true })
namespace.del(r3)
check.equal(changed(), nil)
r3 = namespace.add("r3", { up = true })
check.equal(changed(), { "namespace r3 added" })
r3.link.set("lo", { up = false })
check.equal(changed(), { "r3: lo went down" })
namespace.del("r3")
check.equal(changed(), { "namespace r3 deleted" })

-- The error's text shows it below its message.
r2.link.set("eth0", { up = false })
_, raised = pcall(check, false, "all is well")
local e = raised --[[@as nsh.Error]]
local text = tostring(e)
local head =
  "all is well: expected a true value, got the boolean false\n  changed since the last check that passed:\n"
check(text:find(head, 1, true), text)
check(e.changed[1] == "r2: eth0 went down", text)
-- The far end hears of it a moment later.
r1.wait.link("eth0", { carrier = false })

-- A process that ended by itself.
local failing = r1.spawn("exit 5")
eventually(function()
  return not failing:running()
end)
_, raised = pcall(check, false)
local ended = raised --[[@as nsh.Error]]
check.equal(ended.changed, { "process exit 5 in r1: exited with status 5" })
check.equal(changed(), nil)

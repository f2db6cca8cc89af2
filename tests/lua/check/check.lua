local function fails(text, f)
  check.equal(check.error(f, "check").message, text)
end

check(true)
check(("all that find returns"):find("(th)(at)"))
check(0, "0 is true to Lua")
fails("check: expected a true value, got nil", function()
  check(nil)
end)
fails("check: the light is on: expected a true value, got the boolean false", function()
  check(false, "the light is on")
end)

check.equal({ 1, { a = { 2 } } }, { 1, { a = { 2 } } })
check.equal(link.get("lo"), link.get("lo"))
check.equal(namespace.get("host"), host)
fails("check.equal: expected 2, got 1", function()
  check.equal(1, 2)
end)
fails('check.equal: expected "1", got 1', function()
  check.equal(1, "1")
end)
fails("check.equal: mtus: at [1].mtu: expected 1500, got 1400; at x: expected nil, got 1", function()
  check.equal({ { mtu = 1400 }, x = 1 }, { { mtu = 1500 } }, "mtus")
end)
fails(
  "check.equal: at [1]: expected 0, got 1; at [2]: expected 0, got 2; at [3]: expected 0, got 3; at [4]: expected 0, got 4; at [5]: expected 0, got 5; and 1 more",
  function()
    check.equal({ 1, 2, 3, 4, 5, 6 }, { 0, 0, 0, 0, 0, 0 })
  end
)

local e = check.error(function()
  link.del("eth7")
end, "not_found")
check.equal(e.op, "link.del")
check.equal(e.subject, "eth7")
local raised = check.error(function()
  error("any error will do without a kind")
end)
check(tostring(raised):find("any error"))
fails('check.error: expected an error of kind "exists", but nothing was raised', function()
  check.error(function() end, "exists")
end)
fails(
  'check.error: expected an error of kind "exists", got one of kind "not_found": link.del "eth7": no link named "eth7" (there is lo)',
  function()
    check.error(function()
      link.del("eth7")
    end, "exists")
  end
)

-- A check within what eventually tries is no end, but a try.
local n = 0
eventually(function()
  n = n + 1
  check.equal(n, 3)
end, { interval = 0.001 })
check.equal(n, 3)
check.equal(
  eventually(function()
    return "a", nil, "c"
  end),
  "a"
)
e = check.error(function()
  eventually(function()
    return false
  end, { timeout = 0.01, interval = 0.001, message = "the impossible" })
end, "timeout")
check(
  e.message:find(
    "^eventually: the impossible: not within 0%.%d+ s %(%d+ tr%l+%); the last one: it returned the boolean false$"
  ),
  e.message
)

local before = check.passed()
check(true)
check.equal(check.passed(), before + 1)

-- Reachability comes with the ping's evidence.
local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.1.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00::2/64" } },
})
check.reachable(ns1, "10.0.1.1")
check.reachable(ns1, "fd00::1", { count = 2 })
check.reachable(host, ns1)
check.reachable("ns1", "host", { family = "inet6" })
check.unreachable(ns1, "8.8.8.8")
fails(
  "check.unreachable: cut: expected 10.0.1.1 to be unreachable from ns1: 10.0.1.1 (10.0.1.1): 1 sent, 1 received",
  function()
    check.unreachable(ns1, "10.0.1.1", { message = "cut" })
  end
)
e = check.error(function()
  check.reachable(ns1, "10.0.1.77", { timeout = 0.05 })
end, "check")
check.equal(
  e.message,
  "check.reachable: expected 10.0.1.77 to be reachable from ns1: 10.0.1.77 (10.0.1.77): 1 sent, 0 received"
)
fails(
  "check.reachable: expected 8.8.8.8 to be reachable from ns1: network is unreachable (ENETUNREACH)",
  function()
    check.reachable(ns1, "8.8.8.8")
  end
)
check.error(function()
  check.unreachable(ns1, "no-such-host")
end, "not_found")

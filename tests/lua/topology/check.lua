-- Whether all hosts reach each other, and why not.
local topology = require("nsh.topology")

test("all reach each other", function()
  local net <close> = topology(topology.star(3, { ipv6 = true }))
  local matrix = net:check()
  check.equal({ matrix.ok, #matrix.pairs }, { true, 6 })
end)

test("a link that is down", function()
  local net <close> = topology(topology.star(3))
  net.h2.link.set("eth0", { up = false })
  local e = check.error(function()
    net:check({ timeout = 0.2 })
  end, "check")
  check.equal(e.message, "Net:check: 4 of 6 pairs lost requests: h1 > h2, h2 > h1, h2 > h3, h3 > h2")
  check.match(e.hint or "", "h2: ")
  -- What it says repairs it.
  local fix = assert((e.hint or ""):match("fix: ([^\n]+)"), e.hint)
  assert(load("local net = ...; local h2 = net.h2; " .. fix))(net)
  check(net:check().ok)
end)

test("a router that doesn't forward", function()
  local net <close> =
    topology({ routers = { "r1" }, hosts = { "a", "b" }, links = { { "a", "r1" }, { "b", "r1" } } })
  net.r1.sysctl.set("net.ipv4.ip_forward", 0)
  local e = check.error(function()
    net:check({ timeout = 0.2 })
  end, "check")
  check.equal(e.message, "Net:check: 2 of 2 pairs lost requests: a > b, b > a")
  check.match(e.hint or "", 'r1: .*ip_forward.*fix: .*"r1".*sysctl%.set%("net%.ipv4%.ip_forward", 1%)')
end)

-- Routes of MPLS, both ways between nsh and `ip -f mpls route`.
-- needs: mpls, ip

local function ip(...)
  return proc.exec({ "ip", "-f", "mpls", "route", ... }, { check = true }).stdout
end

local far_end = namespace.add("far")

before_each(function()
  local far = { name = "v1", ns = far_end, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } }
  link.add("v0", { kind = "veth", up = true, addr = { "10.0.0.1/24", "fd00::1/64" }, peer = far })
  sysctl.set("net.mpls.platform_labels", 1000)
end)

after_each(function()
  mpls.flush()
  check.equal(ip("show"), "")
  link.del("v0")
end)

--- Without the blanks that `ip` leaves at the ends of lines, and with what it means to write.
local function plain(text)
  return (text:gsub("propogate", "propagate"):gsub("[ \t]+\n", "\n"):gsub("%s+$", ""))
end

local function same()
  local text = {}
  for _, route in ipairs(mpls.list()) do
    text[#text + 1] = tostring(route)
  end
  check.equal(table.concat(text, "\n"), plain(ip("show")))
end

local cases = {
  { as = "200", via = "10.0.0.2", dev = "v0" },
  { as = "200/300/400", via = "10.0.0.2", dev = "v0" },
  { via = "10.0.0.2", dev = "v0" },
  { via = "fd00::2", dev = "v0", as = "17" },
  { dev = "lo" },
  { via = "10.0.0.2", dev = "v0", proto = "static" },
  { via = "10.0.0.2", dev = "v0", ttl_propagate = "disabled" },
  { via = "10.0.0.2", dev = "v0", ttl_propagate = "enabled" },
  { nexthops = { { via = "10.0.0.2", dev = "v0", as = "200" }, { via = "10.0.0.3", dev = "v0" } } },
  { nexthops = { { via = "fd00::2", dev = "v0" }, { via = "10.0.0.3", dev = "v0", as = "300/301" } } },
}

test("what nsh adds is what ip shows", function()
  for _, case in
    ipairs(cases --[[@as any[] ]])
  do
    mpls.add(100, case)
    same()
    local got = assert(mpls.get(100))
    check.subset(got, case)
    check.equal(got.label, 100)
    mpls.del(100)
    check.equal(mpls.list(), {})
  end
end)

test("what ip adds is read", function()
  ip(
    "add",
    "100",
    "as",
    "200/300",
    "via",
    "inet",
    "10.0.0.2",
    "dev",
    "v0",
    "proto",
    "static",
    "ttl-propagate",
    "disabled"
  )
  ip("add", "101", "via", "inet6", "fd00::2", "dev", "v0")
  ip(
    "add",
    "102",
    "nexthop",
    "as",
    "5000",
    "via",
    "inet",
    "10.0.0.2",
    "nexthop",
    "via",
    "inet",
    "10.0.0.9",
    "dev",
    "v0"
  )
  same()
  check.subset(mpls.list()[1], {
    label = 100,
    as = "200/300",
    via = "10.0.0.2",
    dev = "v0",
    proto = "static",
    ttl_propagate = "disabled",
  })
  check.equal(#mpls.list({ proto = "static" }), 1)
  check.equal(#mpls.list({ dev = "v0" }), 2)
  check.equal(#lab.state().namespaces.host.mpls, 3)
  check.equal(mpls.flush({ proto = "static" }), 1)
  ip("replace", "101", "via", "inet", "10.0.0.2", "dev", "v0")
  check.equal(assert(mpls.get(101)).via, "10.0.0.2")
end)

test("the link is found by the next router", function()
  mpls.add(100, { as = "200", via = "10.0.0.2" })
  check.equal(assert(mpls.get(100)).dev, "v0")
  mpls.replace(100, { via = "fd00::2" })
  check.subset(assert(mpls.get(100)), { via = "fd00::2", dev = "v0" })
  same()
end)

test("a list is added at once, or nothing of it", function()
  mpls.add({ { label = 100, dev = "lo" }, { label = 101, via = "10.0.0.2" } })
  same()
  check.error(function()
    mpls.add({ { label = 102, dev = "lo" }, { label = 100, dev = "lo" } })
  end, "exists")
  check.equal(#mpls.list(), 2)
end)

test("labels that a route puts on packets", function()
  route.add("10.9.0.0/16", { encap = "mpls 100/200", via = "10.0.0.2" })
  route.add("10.8.0.0/16", { encap = "mpls 100 ttl 9", via = "10.0.0.2" })
  check.match(
    proc.exec({ "ip", "route" }).stdout,
    "10.9.0.0/16  encap mpls  100/200 via 10.0.0.2",
    { plain = true }
  )
  check.equal(route.list({ dst = "10.8.0.0/16" })[1].encap, "mpls 100 ttl 9")
end)

test("bad input", function()
  local function fails(kind, pattern, label, options)
    local e = check.error(function()
      mpls.add(label, options)
    end, kind)
    check.match(tostring(e), pattern, { plain = true })
  end
  local any = 100 --[[@as any]]
  fails("argument", "expected an integer from 16 to 1048575", 15, { dev = "lo" })
  fails("argument", "expected an integer from 16 to 1048575", "100" --[[@as any]], { dev = "lo" })
  fails("argument", "a route needs via or dev", any, {})
  fails("argument", 'expected labels from 0 to 1048575 such as "100/200"', any, { as = "x", dev = "lo" })
  fails(
    "argument",
    "give either as, via and dev or nexthops",
    any,
    { as = "200", nexthops = { { dev = "lo" } } }
  )
  fails("argument", "each of nexthops needs via or dev", any, { nexthops = { { as = "200" } } })
  fails("invalid", 'sysctl.set("net.mpls.platform_labels", 1048575) makes room for all', 1000, { dev = "lo" })
  fails("network_unreachable", "no interface of host has an address in the subnet", any, { via = "10.7.0.2" })
  fails("not_found", 'no link named "nope"', any, { dev = "nope" })
  mpls.add(100, { dev = "lo" })
  fails("exists", "there is 100 dev lo; mpls.replace puts the new one in its place", any, { dev = "lo" })
  local e = check.error(function()
    mpls.del(101)
  end, "not_found")
  check.match(tostring(e), "mpls.list shows those that are there", { plain = true })
end)

-- Static routes of multicast: as `ip mroute` shows them, and as packets meet them; both families.
-- needs: mroute, ip
local r = namespace.add("r", { up = true })
local FAMILIES = {
  { name = "IPv4", six = false, group = "239.1.1.1", other = "239.1.1.2", at = "10.0.%d.%d", bits = 24 },
  { name = "IPv6", six = true, group = "ff05::1", other = "ff05::2", at = "fd00:%d::%d", bits = 64 },
}
local hosts = {} ---@type nsh.Namespace[]
for i = 1, 3 do
  hosts[i] = namespace.add("h" .. i, { up = true })
  r.link.add("p" .. i, {
    kind = "veth",
    up = true,
    addr = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) },
    peer = {
      name = "eth0",
      ns = hosts[i],
      up = true,
      addr = { ("10.0.%d.2/24"):format(i), ("fd00:%d::2/64"):format(i) },
    },
  })
  hosts[i].route.add("default", { via = ("10.0.%d.1"):format(i) })
  hosts[i].route.add("default", { via = ("fd00:%d::1"):format(i) })
end
r.sysctl.set("net.ipv4.ip_forward", 1)
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
local sender, one, two = assert(hosts[1]), assert(hosts[2]), assert(hosts[3])

--- What ip shows, as text without padding.
local function shown(family)
  local words = { "ip", family.six and "-6" or "-4", "mroute", "show" }
  local text = r.proc.exec(words, { check = true }).stdout
  return (text:gsub("[ \t]+", " "))
end
local function refused(kind, message, f, options)
  local e = check.error(function()
    f(options)
  end, kind)
  check.match(e.message, message, { plain = true })
end

for _, family in ipairs(FAMILIES) do
  local from, group = family.at:format(1, 2), family.group
  local to = (family.six and "[%s]:5000" or "%s:5000"):format(group)

  --- Who hears a datagram to the group that the sender sends with this TTL.
  local function heard(ttl, at)
    local listeners = {}
    for i, host in ipairs({ one, two }) do
      listeners[i] = host.udp.listen(":5000", { join = group, link = "eth0", echo = false })
    end
    local own <close> = one.udp.listen(":5001", { echo = false })
    sender.udp.send(at or to, "x", { ttl = ttl })
    -- What is sent by the same way afterwards comes behind it.
    local address = family.at:format(2, 2)
    sender.udp.send((family.six and "[%s]:5001" or "%s:5001"):format(address), "end")
    own:wait({ datagrams = 1 })
    local counts = {}
    for i, listener in ipairs(listeners) do
      counts[i] = #listener:datagrams()
      listener:stop()
    end
    return counts
  end

  test(family.name .. ": packets go where the route says", function()
    check.equal(heard(8), { 0, 0 })
    r.mroute.add({ from = from, group = group, iif = "p1", oifs = { "p2", "p3" } })
    check.equal(heard(8), { 1, 1 })
    check.match(
      shown(family),
      ("(%s,%s) Iif: p1 Oifs: p2 p3 State: resolved"):format(from, group),
      { plain = true }
    )
    -- The first packet came before there was a route, and was kept.
    local route = assert(r.mroute.list({ group = group })[1])
    check.subset(route, { from = from, iif = "p1", oifs = { "p2", "p3" }, unresolved = false })
    check.at_least(assert(route.packets), 1)
    check.equal(tostring(route), ("(%s,%s) Iif: p1 Oifs: p2 p3 State: resolved"):format(from, group))
    -- Its time to live ends at the router.
    check.equal(heard(1), { 0, 0 })
  end)

  test(family.name .. ": a route is replaced, and deleted", function()
    refused(
      "exists",
      "there is a route",
      r.mroute.add,
      { from = from, group = group, iif = "p1", oifs = "p2" }
    )
    r.mroute.replace({ from = from, group = group, iif = "p1", oifs = "p3" })
    check.equal(heard(8), { 0, 1 })
    check.equal(#r.mroute.list({ group = group, oifs = "p3" }), 1)
    -- What comes by another link is counted, and goes nowhere.
    r.mroute.replace({ from = from, group = group, iif = "p2", oifs = { "p3" } })
    check.equal(heard(8), { 0, 0 })
    check.at_least(assert(assert(r.mroute.list({ group = group })[1]).wrong_iif), 1)
    r.mroute.del({ from = from, group = group })
    check.equal(shown(family):find("resolved"), nil)
    refused("not_found", "has no route for the group", r.mroute.del, { from = from, group = group })
  end)

  test(family.name .. ": a route for all senders, beside one's own", function()
    r.mroute.add({ group = family.other, iif = "p1", oifs = { "p2" } })
    local listener <close> = one.udp.listen(":5002", { join = family.other, link = "eth0", echo = false })
    local far = (family.six and "[%s]:5002" or "%s:5002"):format(family.other)
    sender.udp.send(far, "x", { ttl = 8 })
    listener:wait({ datagrams = 1 })
    local route = assert(r.mroute.list({ group = family.other })[1])
    check.equal({ route.from, route.iif, route.oifs }, { nil, "p1", { "p2" } })
    check.match(shown(family), family.six and "(::," or "(0.0.0.0,", { plain = true })
    r.mroute.del({ group = family.other })
  end)

  test(family.name .. ": what no router forwards is refused", function()
    local all = { iif = "p1", oifs = { "p2" } }
    local function with(options)
      for name, value in pairs(all) do
        options[name] = options[name] or value
      end
      return options
    end
    refused("argument", "is no group", r.mroute.add, with({ group = from }))
    refused(
      "argument",
      "no router forwards it",
      r.mroute.add,
      with({ group = family.six and "ff02::5" or "224.0.0.5" })
    )
    refused(
      "argument",
      "of the other family",
      r.mroute.add,
      with({ group = group, from = family.six and "10.0.0.1" or "fd00::1" })
    )
    refused("argument", "packets don't go back by p1", r.mroute.add, with({ group = group, oifs = { "p1" } }))
    refused("not_found", 'no link named "p9"', r.mroute.add, with({ group = group, oifs = { "p9" } }))
    refused("argument", 'the option "iif" is missing', r.mroute.add, { group = group, oifs = { "p2" } })
  end)
end

test("the lab's state has them, and they go with flush", function()
  local before = lab.state()
  r.mroute.add({ group = "239.1.1.9", iif = "p1", oifs = { "p2" } })
  r.mroute.add({ group = "ff05::9", iif = "p1", oifs = { "p3" } })
  local changed = lab.difference(before, lab.state())
  check.match(changed, "+ (0.0.0.0,239.1.1.9) Iif: p1 Oifs: p2 State: resolved", { plain = true })
  check.match(changed, "+ (::,ff05::9) Iif: p1 Oifs: p3 State: resolved", { plain = true })
  check.equal(r.sysctl.get("net.ipv4.conf.p1.mc_forwarding"), "1")
  check.equal(r.mroute.flush(), 2)
  check.equal(#r.mroute.list(), 0)
  -- It is no router any more.
  check.equal(r.sysctl.get("net.ipv4.conf.all.mc_forwarding"), "0")
  check.equal(r.mroute.flush(), 0)
end)

test("a namespace that routes multicast can be deleted, and made anew", function()
  for _ = 1, 2 do
    local gone = namespace.add("gone", { up = true })
    gone.link.add("a", { kind = "veth", up = true })
    gone.mroute.add({ group = "239.1.1.1", iif = "a", oifs = {} })
    check.equal(#gone.mroute.list(), 1)
    namespace.del("gone")
  end
end)

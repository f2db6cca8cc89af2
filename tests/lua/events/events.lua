-- What changes is told, whoever changes it, in the order in which it happened.
-- needs: ip
local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
local function ip(...)
  ns1.exec({ "ip", ... }, { check = true })
end
local function lines(events)
  local out = {}
  for _, e in ipairs(events) do
    table.insert(out, tostring(e))
  end
  return out
end

test("a program's changes, decoded", function()
  local watch <close> = ns1.events.watch()
  ip("link", "add", "br0", "type", "bridge")
  ip("addr", "add", "10.0.0.1/24", "dev", "br0")
  ip("link", "set", "br0", "up")
  ip("route", "add", "10.9.0.0/16", "via", "10.0.0.2", "metric", "7")
  ip("rule", "add", "from", "10.1.0.0/16", "lookup", "77", "pref", "50")
  ip("neigh", "add", "10.0.0.2", "lladdr", "02:00:00:00:00:02", "dev", "br0")
  local link = watch:wait({ object = "link", dev = "br0", change = "added" })
  check.equal({ link.link.kind, link.namespace, link.dev }, { "bridge", "ns1", "br0" })
  local address = watch:wait({ object = "address" })
  check.equal({ address.address.address, address.change }, { "10.0.0.1/24", "set" })
  local route = watch:wait({ object = "route", dev = "br0" })
  while route.route.metric ~= 7 do
    route = watch:wait({ object = "route", dev = "br0" })
  end
  check.equal({ route.route.dst, route.route.via, route.change }, { "10.9.0.0/16", "10.0.0.2", "added" })
  local rule = watch:wait({ object = "rule" })
  check.equal({ rule.rule.priority, rule.change }, { 50, "added" })
  check.equal(watch:wait({ object = "neigh" }).neigh.lladdr, "02:00:00:00:00:02")
  ip("rule", "del", "pref", "50")
  check.equal(watch:wait({ object = "rule", change = "deleted" }).rule.priority, 50)
  ip("link", "del", "br0")
  check.equal(watch:wait({ object = "link", change = "deleted" }).dev, "br0")
end)

test("only the namespace called on, or those named, or all", function()
  local one <close> = ns2.events.watch({ objects = "address" })
  local all <close> = events.watch({ objects = { "address" }, namespaces = "all" })
  local both <close> = events.watch({ objects = "address", namespaces = { ns1, ns2 } })
  local later = namespace.add("later")
  for i, ns in ipairs({ ns1, host, ns2, later }) do
    ns.addr.add("10.0.9." .. i .. "/32", { dev = "lo" })
  end
  check.equal(lines(one:events()), { "[ns2] address 10.0.9.3/32 dev lo" })
  check.equal(#both:events(), 2)
  check.equal(lines(all:events()), {
    "[ns1] address 10.0.9.1/32 dev lo",
    "[host] address 10.0.9.2/32 dev lo",
    "[ns2] address 10.0.9.3/32 dev lo",
    "[later] address 10.0.9.4/32 dev lo",
  })
  check.equal(#all:events(), 0)
  namespace.del("later")
end)

test("parameters and nf_tables", function()
  local watch <close> = ns1.events.watch({ objects = { "netconf", "nft" } })
  ns1.exec({ "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/lo/forwarding" }, { check = true })
  local e = watch:wait({ object = "netconf" })
  check.equal({ e.netconf.dev, e.netconf.name, e.netconf.value }, { "lo", "forwarding", 1 })
  ns1.nat.masquerade({ source = "10.0.0.0/8" })
  local rule = watch:wait({ object = "nft" })
  while rule.nft.object ~= "rule" do
    rule = watch:wait({ object = "nft" })
  end
  check.equal(rule.change, "added")
end)

test("a stream ends at its deadline and when it is stopped", function()
  local watch <close> = ns1.events.watch({ objects = "address" })
  ns1.addr.add("10.0.8.1/32", { dev = "lo" })
  local seen = 0
  for e in watch:stream({ timeout = 0.05 }) do
    check.equal(e.address.address, "10.0.8.1/32")
    seen = seen + 1
  end
  check.equal(seen, 1)
  ns1.addr.add("10.0.8.2/32", { dev = "lo" })
  check.equal(tostring(watch), "watch, listening, 0 events waiting")
  watch:events()
  watch:stop()
  check.equal(watch:stream()(), nil)
  check.equal(#watch:events(), 0)
end)

test("what is too much is told as lost, and what comes later is heard", function()
  local watch <close> = ns1.events.watch({ objects = "address" })
  local before, n = watch, 0
  -- Some ten thousand events, unread.
  for _ = 1, 40 do
    local batch = {}
    for i = 1, 250 do
      table.insert(batch, ("addr add 10.7.%d.1/32 dev lo"):format(i))
    end
    for i = 1, 250 do
      table.insert(batch, ("addr del 10.7.%d.1/32 dev lo"):format(i))
    end
    ns1.exec({ "ip", "-batch", "-" }, { stdin = table.concat(batch, "\n") .. "\n", check = true })
  end
  local lost = false
  for _, e in ipairs(before:events()) do
    n = n + 1
    lost = lost or e.object == "lost"
  end
  check(lost or n == 20000, ("%d events, and none lost"):format(n))
  ns1.addr.add("10.0.7.9/32", { dev = "lo" })
  check.equal(watch:wait({ dev = "lo", change = "set" }).address.address, "10.0.7.9/32")
end)

test("errors", function()
  local watch <close> = ns1.events.watch()
  check.error(function()
    watch:wait({ timeout = 0 })
  end, { kind = "timeout", match = "no such event within 0 s", plain = true })
  check.error(function()
    events.watch({ objects = "links" } --[[@as any]])
  end, { kind = "argument", match = 'did you mean "link"', plain = true })
  check.error(function()
    events.watch({ namespaces = {} })
  end, { kind = "argument", match = "opts.namespaces: expected at least one namespace", plain = true })
  check.error(function()
    watch:wait({ object = "address", change = "gone" } --[[@as any]])
  end, { kind = "argument" })
  watch:stop()
  check.error(function()
    watch:wait({ timeout = 1 })
  end, { kind = "timeout" })
end)

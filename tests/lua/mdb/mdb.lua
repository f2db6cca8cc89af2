-- Multicast databases, both ways between nsh and bridge(8).
-- needs: bridge
bridge.add("br0", { up = true, mcast_querier = true })
for i = 1, 2 do
  local peer = { name = "h" .. i, up = true }
  link.add("p" .. i, { kind = "veth", master = "br0", up = true, peer = peer })
end
for i = 1, 2 do
  wait.link("p" .. i, { carrier = true })
end

local function run(words)
  return proc.exec(words, { check = true }).stdout
end

-- Entries by what tells them apart, as the witness shows them; without what IPv6 joins by itself.
local function key(entry)
  return table.concat({ entry.port, entry.grp, entry.src or "", entry.vid or "" }, " ")
end
local function shown()
  local found = {}
  for _, entry in ipairs(json.decode(run({ "bridge", "-j", "-d", "-s", "mdb", "show" }))[1].mdb) do
    found[key(entry)] = entry
  end
  return found
end

-- Compares what both see, but for what comes meanwhile, and returns how many entries that were.
local function same()
  local count = 0
  eventually(function()
    local theirs = shown()
    count = 0
    for _, entry in ipairs(mdb.list()) do
      local other = theirs[key(entry)]
      check(other, "bridge(8) has " .. key(entry))
      check.equal(entry.dev, other.dev)
      check.equal(entry.state, other.state)
      check.equal(entry.proto, other.protocol)
      check.equal(entry.filter_mode, other.filter_mode)
      check.equal(entry.flags, other.flags)
      check.equal(entry.timer ~= nil, entry.state == "temp")
      theirs[key(entry)] = nil
      count = count + 1
    end
    check.equal(theirs, {})
  end)
  return count
end

test("entries of each kind, added by nsh", function()
  mdb.add("239.1.1.1", { port = "p1", state = "permanent" })
  mdb.add("239.1.1.1", { dev = "br0", port = "p2" })
  mdb.add("239.1.1.2", { port = "p2", src = "10.0.0.5", state = "permanent" })
  mdb.add("ff05::9", { port = "p1", src = "fd00::5" })
  mdb.add("ff05::9", { dev = "br0" })
  mdb.add("01:00:5e:7f:00:01", { port = "p1", state = "permanent" })
  local theirs = shown()
  check.subset(theirs["p1 239.1.1.1  "], { state = "permanent", dev = "br0" })
  check.subset(theirs["p2 239.1.1.1  "], { state = "temp" })
  check.subset(theirs["p2 239.1.1.2 10.0.0.5 "], { state = "permanent" })
  check.subset(theirs["p1 ff05::9 fd00::5 "], { state = "temp" })
  check.subset(theirs["br0 ff05::9  "], { state = "temp" })
  check.subset(theirs["p1 01:00:5e:7f:00:01  "], { state = "permanent" })
  check.at_least(same(), 6)
  check.equal(#mdb.list({ port = "p1", state = "permanent" }), 2)
  check.equal(#mdb.list({ grp = "239.1.1.1" }), 2)
  check.match(
    tostring(mdb.list({ grp = "239.1.1.2" })[1]),
    "dev br0 port p2 grp 239.1.1.2 src 10.0.0.5 permanent"
  )
end)

test("added by bridge(8)", function()
  run({ "bridge", "mdb", "add", "dev", "br0", "port", "p1", "grp", "239.2.2.2", "permanent" })
  run({ "bridge", "mdb", "add", "dev", "br0", "port", "p2", "grp", "ff05::2", "src", "fd00::1", "temp" })
  check.subset(mdb.list({ grp = "239.2.2.2" })[1], { port = "p1", dev = "br0", state = "permanent" })
  check.subset(mdb.list({ grp = "ff05::2" })[1], { port = "p2", src = "fd00::1", state = "temp" })
  check.at_least(assert(mdb.list({ grp = "ff05::2" })[1].timer), 200)
  same()
end)

test("deleted", function()
  mdb.del("239.1.1.1", { port = "p1" })
  mdb.del("239.1.1.2", { port = "p2", src = "10.0.0.5" })
  local theirs = shown()
  check.equal(theirs["p1 239.1.1.1  "], nil)
  check.equal(theirs["p2 239.1.1.2 10.0.0.5 "], nil)
  check(theirs["p2 239.1.1.1  "])
end)

test("routers", function()
  check.equal(mdb.routers(), {})
  bridge.set_port("p1", { mcast_router = "permanent" })
  bridge.set_port("p2", { mcast_router = "temporary" })
  local theirs = json.decode(run({ "bridge", "-j", "-d", "-s", "mdb", "show" }))[1].router.br0
  local ours = mdb.routers({ dev = "br0" })
  check.equal(#ours, #theirs)
  for i, router in ipairs(theirs) do
    check.subset(ours[i], { port = router.port, dev = "br0" })
  end
  local lines = {}
  for _, router in ipairs(ours) do
    lines[tostring(router)] = router
  end
  check.equal(lines["dev br0 port p1 permanent"].timer, nil)
  check.greater(lines["dev br0 port p2 temporary"].timer, 200)
end)

test("a group goes to its port alone", function()
  local a, b = capture.start("h1", { proto = "udp" }), capture.start("h2", { proto = "udp" })
  addr.add("10.0.0.1/24", { dev = "br0" })
  route.add("239.0.0.0/8", { dev = "br0" })
  -- With a querier, groups go only where they were asked for.
  bridge.set_port("p1", { mcast_router = "disabled" })
  bridge.set_port("p2", { mcast_router = "disabled" })
  mdb.add("239.3.3.3", { port = "p1", state = "permanent" })
  -- A querier counts once those who asked have had the time to report.
  bridge.set("br0", { mcast_querier = false, mcast_query_response_interval = 0.1 })
  bridge.set("br0", { mcast_querier = true })
  eventually(function()
    local there, elsewhere = #a:packets(), #b:packets()
    for _ = 1, 3 do
      udp.send("239.3.3.3:5000", "x")
    end
    eventually(function()
      check.equal(#a:packets(), there + 3)
    end)
    check.equal(#b:packets(), elsewhere)
  end)
end)

test("events, and the lab's state", function()
  local watch <close> = events.watch({ objects = "mdb" })
  local before = lab.state()
  mdb.add("239.4.4.4", { port = "p1", state = "permanent" })
  local e = watch:wait({ object = "mdb" })
  check.equal(e.change, "set")
  check.subset(assert(e.mdb), { grp = "239.4.4.4", port = "p1", state = "permanent" })
  check.match(tostring(lab.difference(before, lab.state())), "dev br0 port p1 grp 239.4.4.4 permanent")
  mdb.del("239.4.4.4", { port = "p1" })
  check.equal(watch:wait({ object = "mdb", change = "deleted" }).text:match("grp %S+"), "grp 239.4.4.4")
  check.equal(tostring(lab.difference(before, lab.state())):match("239.4"), nil)
end)

test("errors", function()
  local function said(kind, f, ...)
    local args = table.pack(...)
    return tostring(check.error(function()
      f(table.unpack(args, 1, args.n))
    end, { kind = kind }))
  end
  mdb.add("239.5.5.5", { port = "p1" })
  check.match(said("exists", mdb.add, "239.5.5.5", { port = "p1" }), "mdb.replace changes it")
  check.match(said("not_found", mdb.del, "239.5.5.6", { port = "p1" }), "mdb.list tells")
  check.match(said("not_found", mdb.add, "239.5.5.6", { port = "p9" }), "no link named")
  check.match(said("argument", mdb.add, "239.5.5.6", { port = "h1" }), "h1 is not a port of a bridge")
  check.match(said("argument", mdb.add, "239.5.5.6", { dev = "lo" }), "lo is no bridge")
  check.match(said("argument", mdb.del, "239.5.5.6", { dev = "lo" }), "lo is no bridge")
  check.match(said("argument", mdb.add, "239.5.5.6", {}), '"dev" or "port" is missing')
  check.match(said("argument", mdb.add, "239.5.5", { port = "p1" }), "239.5.5")
  check.match(said("argument", mdb.add, "239.5.5.6", { prt = "p1" }), 'did you mean "port"?')
  said("invalid", mdb.add, "10.0.0.1", { port = "p1" })
  bridge.add("br1", {})
  said("invalid", mdb.add, "239.5.5.6", { dev = "br1" })
  check.match(said("not_found", mdb.list, { dev = "br9" }), "no link named")
end)

test("found, and flushed", function()
  mdb.flush()
  mdb.add("239.6.6.6", { port = "p1", state = "permanent" })
  mdb.add("239.6.6.6", { port = "p2" })
  mdb.add("239.6.6.7", { port = "p2", src = "10.0.0.5", state = "permanent" })
  check.equal(assert(mdb.get("239.6.6.6")).dev, "br0")
  check.equal(assert(mdb.get("239.6.6.6", { port = "p2" })).state, "temp")
  check.equal(mdb.get("239.6.6.7", { src = "10.0.0.6" }), nil)
  check.equal(mdb.flush({ port = "p2", state = "permanent" }), 1)
  check.equal(shown()["p2 239.6.6.7 10.0.0.5 "], nil)
  check.at_least(mdb.flush({ dev = "br0" }), 2)
  check.equal({ shown()["p1 239.6.6.6  "], shown()["p2 239.6.6.6  "] }, {})
end)

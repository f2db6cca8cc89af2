-- Connections as they begin, change and end; filters by state and zone; what was counted.

local ns1, ns2 = namespace.add("ns1", { up = true }), namespace.add("ns2", { up = true })
ns1.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns2, up = true, addr = "10.0.0.2/24" },
})
local function counted(name)
  local path = "/proc/sys/net/netfilter/nf_conntrack_" .. name
  return tonumber(ns1.proc.exec({ "cat", path }).stdout)
end

test("events tell how a connection begins, changes and ends", function()
  local watch <close> = events.watch({ objects = "conntrack", namespaces = "all" })
  -- One that comes while they are watched is heard too.
  local ns3 = namespace.add("ns3", { up = true })
  ns1.firewall.add({ chain = "input", state = "new", action = "accept" })
  local server <close> = ns1.tcp.listen(":80", { banner = "hello\n" })
  local client <close> = ns2.tcp.connect("10.0.0.1:80")
  check.equal(client:recv({ line = true }), "hello")
  local new = watch:wait({ object = "conntrack", change = "added" })
  check.equal({ new.namespace, new.conntrack.proto, new.conntrack.orig.dport }, { "ns1", "tcp", 80 })
  check.equal(new.conntrack.orig.source, "10.0.0.2")
  local set = watch:wait({ change = "set" })
  while set.conntrack.state ~= "ESTABLISHED" do
    set = watch:wait({ change = "set" })
  end
  check((tostring(set):find("[ns1] conntrack tcp ", 1, true)))
  check.equal(ns1.conntrack.del({ dport = 80 }), 1)
  local gone = watch:wait({ change = "deleted" })
  check.equal(gone.conntrack.orig.sport, new.conntrack.orig.sport)

  ns3.firewall.add({ chain = "output", state = "new", action = "accept" })
  check.equal(ns3.ping("127.0.0.1").received, 1)
  local there = watch:wait({ namespace = ns3 })
  check.equal({ there.change, there.conntrack.proto, there.conntrack.orig.type }, { "added", "icmp", 8 })
end)

test("connections are found by their state, by flags and by zone", function()
  ns1.firewall.add({ chain = "input", state = "new", action = "accept" })
  local server <close> = ns1.tcp.listen(":81", { banner = "hello\n" })
  local client <close> = ns2.tcp.connect("10.0.0.1:81")
  check.equal(client:recv({ line = true }), "hello")
  ns2.udp.send("10.0.0.1:9", "x")
  check.equal(#ns1.conntrack.list({ dport = 81, state = "ESTABLISHED", assured = true, zone = 0 }), 1)
  check.equal(#ns1.conntrack.list({ state = "TIME_WAIT" }), 0)
  check.equal(#ns1.conntrack.list({ proto = "udp", replied = false }), 1)
  check.equal(#ns1.conntrack.list({ zone = 7 }), 0)
  check.equal(ns1.conntrack.stats().count, counted("count"))
  check.equal(ns1.conntrack.del({ dport = 81, state = "ESTABLISHED" }), 1)
  check.equal(#ns1.conntrack.list({ dport = 81 }), 0)
  local wrong = check.error(function()
    ns1.conntrack.list({
      state = "ESTABLISHD" --[[@as any]],
    })
  end, "argument")
  check((wrong.message:find('did you mean "ESTABLISHED"?', 1, true)))
end)

test("what was counted is what the kernel shows", function()
  local stats = ns1.conntrack.stats()
  check.equal({ stats.count, stats.max }, { counted("count"), counted("max") })
  local rows = ns1.proc.exec({ "cat", "/proc/net/stat/nf_conntrack" }).stdout
  local names, sums = {}, {} ---@type string[], table<string, integer>
  for line in rows:gmatch("[^\n]+") do
    local column = 0
    for word in line:gmatch("%S+") do
      column = column + 1
      if line:find("entries", 1, true) then
        names[column] = word
      else
        local name = names[column]
        sums[name] = (sums[name] or 0) + tonumber(word, 16)
      end
    end
  end
  if #names > 0 then
    local now = ns1.conntrack.stats()
    check.equal({ now.found, now.invalid, now.insert_failed, now.drop }, {
      sums.found,
      sums.invalid,
      sums.insert_failed,
      sums.drop,
    })
  end
end)

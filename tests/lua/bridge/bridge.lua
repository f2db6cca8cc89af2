-- Bridges and their ports, as bridge(8) sees them.
-- needs: ip, bridge
local ns1, ns2 = namespace.add("ns1", { up = true }), namespace.add("ns2", { up = true })
for i, ns in ipairs({ ns1, ns2 }) do
  link.add("veth" .. i, {
    kind = "veth",
    up = true,
    peer = { name = "eth0", ns = ns, up = true, addr = { "10.0.0.1" .. i .. "/24", "fd00::1" .. i .. "/64" } },
  })
end
bridge.add(
  "br0",
  { up = true, addr = "10.0.0.1/24", ports = { "veth1", "veth2" }, ageing = 60, priority = 100 }
)

local function port(name)
  return json.decode(
    proc.exec({ "bridge", "-d", "-j", "link", "show", "dev", name }, { check = true }).stdout
  )[1]
end
check.equal(bridge.list(), { "br0" })
check.equal(bridge.get("br0").ageing, 60)
check.equal(bridge.get("br0").priority, 100)
check.equal(port("veth1").master, "br0")

-- The ports forward by the time that a probe sends its first packet.
check.equal(ns1.ping("10.0.0.12", { count = 1, timeout = 0.5 }).received, 1)
check.equal(ns1.ping("fd00::12", { count = 1, timeout = 0.5 }).received, 1)
local ports = bridge.ports("br0")
check.equal(#ports, 2)
for i, p in ipairs(ports) do
  check.equal(p.name, "veth" .. i)
  check.equal(p.bridge, "br0")
  check.equal(p.state, "forwarding")
  check.equal(p.state, port(p.name).state)
  check.equal(p.number, i)
end

bridge.set_port("veth1", {
  cost = 77,
  priority = 5,
  hairpin = true,
  learning = false,
  flood = false,
  guard = true,
  isolated = true,
  fastleave = true,
})
local seen = port("veth1")
check.equal(seen.cost, 77)
check.equal(seen.priority, 5)
check.equal(seen.hairpin, true)
check.equal(seen.learning, false)
check.equal(seen.flood, false)
check.equal(seen.guard, true)
check.equal(seen.isolated, true)
check.equal(seen.fastleave, true)
local p = bridge.ports("br0")[1]
check.equal(p.cost, 77)
check.equal(p.isolated, true)
check.equal(p.mcast_flood, true)
check(tostring(p):find("hairpin on", 1, true), tostring(p))

-- Two isolated ports don't hear each other.
bridge.set_port("veth1", { learning = true, flood = true, hairpin = false, guard = false })
bridge.set_port("veth2", { isolated = true })
check.equal(ns1.ping("10.0.0.12", { count = 1, timeout = 0.3 }).received, 0)
check.equal(ns1.ping("10.0.0.1", { count = 1, timeout = 0.5 }).received, 1)
bridge.set_port("veth2", { isolated = false })

-- The spanning tree takes its time; without it a port forwards at once.
bridge.set("br0", { stp = true, forward_delay = 2 })
check.equal(bridge.get("br0").stp, true)
bridge.detach("veth1")
check.equal(#bridge.ports("br0"), 1)
bridge.attach("br0", "veth1")
check.equal(#bridge.ports("br0"), 2)
eventually(function()
  return bridge.ports("br0")[1].state == "listening" or bridge.ports("br0")[2].state == "listening"
end)
eventually(function()
  for _, q in ipairs(bridge.ports("br0")) do
    if q.state ~= "forwarding" then
      return false
    end
  end
  return true
end, { timeout = 20 })

-- Mistakes; nothing stays half-done.
local e = check.error(function()
  bridge.add("br1", { ports = { "veth9" } })
end, "not_found")
check.equal(link.get("br1"), nil)
e = check.error(function()
  bridge.ports("veth1")
end, "argument")
check.equal(e.message, 'bridge.ports: veth1 is not a bridge, but of kind "veth"')
e = check.error(function()
  bridge.detach("lo")
end, "not_found")
e = check.error(function()
  bridge.set_port("lo", { cost = 3 })
end)
check.equal(e.hint, "lo is no port of a bridge; set its master first")
check.error(function()
  bridge.set_port("veth1", { state = "sleeping" } --[[@as any]])
end, "argument")
link.add("br2", { kind = "bridge" })
e = check.error(function()
  bridge.attach("br0", "br2")
end)
check.equal(e.hint, "a bridge can't be a port of a bridge; connect them by a veth pair")
bridge.del("br2")
check.error(function()
  bridge.del("veth1")
end, "argument")
check(link.get("veth1"))

-- A server with two cables to two switches that are joined: a bond of the kind active-backup uses one and goes to the other when
-- its carrier is lost.
-- needs: bond
local server, client = namespace.add("server"), namespace.add("client")
local switches = {}
for i = 1, 2 do
  switches[i] = namespace.add("s" .. i)
  switches[i].bridge.add("br0", { up = true })
end
switches[1].link.add("join", {
  kind = "veth",
  master = "br0",
  up = true,
  peer = { name = "join", ns = switches[2], master = "br0", up = true },
})
switches[2].link.add("client", {
  kind = "veth",
  master = "br0",
  up = true,
  peer = { name = "eth0", ns = client, up = true, addr = "10.0.0.1/24" },
})

-- miimon: how often it looks at the carriers, in seconds.
server.link.add(
  "bond0",
  { kind = "bond", addr = "10.0.0.2/24", bond = { mode = "active-backup", miimon = 0.1 } }
)
for i, switch in ipairs(switches) do
  local peer = { name = "eth" .. i, ns = server, master = "bond0" }
  switch.link.add("server", { kind = "veth", master = "br0", up = true, peer = peer })
end
server.link.set("bond0", { up = true, bond = { primary = "eth1" } })
eventually(function()
  check.equal(server.link.get("bond0").bond.active_slave, "eth1")
end)
check.reachable(client, "10.0.0.2")

-- The cable to the first switch is pulled in the middle of a long ping.
local ping <close> = client.ping.start("10.0.0.2", { interval = 0.05, count = 60 })
switches[1].link.set("server", { up = false })
eventually(function()
  check.equal(server.link.get("bond0").bond.active_slave, "eth2")
end)
local result = ping:wait()
print(result)
check.at_least(result.received, 50)

-- And back, since it is the primary.
switches[1].link.set("server", { up = true })
eventually(function()
  check.equal(server.link.get("bond0").bond.active_slave, "eth1")
end)
check.reachable(client, "10.0.0.2")

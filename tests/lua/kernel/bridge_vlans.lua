-- What bridge_vlan_aware.sh and bridge_vlan_unaware.sh of the kernel's selftests (net/forwarding) are for: a bridge that
-- knows VLANs keeps them apart, learns and forgets, floods what it doesn't know, and takes entries from others.
-- needs: vlan_filtering
bridge.add("br0", { up = true, vlan_filtering = true, mcast_snooping = false })
local hosts = {} ---@type nsh.Namespace[]
for i = 1, 3 do
  local host = namespace.add("h" .. i)
  hosts[i] = host
  link.add("p" .. i, {
    kind = "veth",
    up = true,
    master = "br0",
    peer = {
      ns = host,
      name = "eth0",
      up = true,
      mac = ("02:00:00:00:00:%02x"):format(i),
      addr = { ("10.0.0.%d/24"):format(i), ("fd00::%d/64"):format(i) },
    },
  })
end
local one, two, three = hosts[1], hosts[2], hosts[3]
for i = 1, 3 do
  wait.link("p" .. i, { carrier = true })
end

local function reaches(from, i)
  return from.ping("10.0.0." .. i, { timeout = 0.5 }).received == 1
    and from.ping("fd00::" .. i, { timeout = 0.5 }).received == 1
end

test("all are in VLAN 1 at first", function()
  check.equal({ reaches(one, 2), reaches(one, 3) }, { true, true })
end)

test("a port in another VLAN is apart", function()
  vlan.add(10, { dev = "p3", pvid = true, untagged = true })
  vlan.del(1, { dev = "p3" })
  one.neigh.flush()
  check.equal({ reaches(one, 2), reaches(one, 3) }, { true, false })
  vlan.add(10, { dev = "p1", pvid = true, untagged = true })
  one.neigh.flush()
  check.equal({ reaches(one, 2), reaches(one, 3) }, { false, true })
  for _, dev in ipairs({ "p1", "p3" }) do
    vlan.del(10, { dev = dev })
    vlan.add(1, { dev = dev, pvid = true, untagged = true })
  end
  check.equal(reaches(one, 3), true)
end)

test("a port without a PVID takes no untagged frames", function()
  vlan.add(1, { dev = "p1", untagged = true })
  one.neigh.flush()
  check.equal(reaches(one, 2), false)
  vlan.add(1, { dev = "p1", pvid = true, untagged = true })
  one.neigh.flush()
  check.equal(reaches(one, 2), true)
end)

test("addresses are learned, and go with the VLAN", function()
  reaches(one, 2)
  check.equal(#fdb.list({ dev = "p1", mac = "02:00:00:00:00:01", vlan = 1 }), 1)
  vlan.del(1, { dev = "p1" })
  check.equal(#fdb.list({ dev = "p1", mac = "02:00:00:00:00:01", vlan = 1 }), 0)
  vlan.add(1, { dev = "p1", pvid = true, untagged = true })
end)

test("what is not known is flooded, unless the port isn't", function()
  local function arrives()
    local seen <close> = three.capture.start("eth0", { filter = "ether dst 02:00:00:00:00:99" })
    one.send("eth0", { eth = { dst = "02:00:00:00:00:99", ethertype = 0x88b5 }, payload = "flood" })
    return pcall(function()
      seen:wait({ count = 1, timeout = 0.5 })
    end)
  end
  check.equal(arrives(), true)
  bridge.set_port("p3", { flood = false })
  check.equal(arrives(), false)
  bridge.set_port("p3", { flood = true })
end)

test("an entry that another program learned is told apart", function()
  fdb.add("02:00:00:00:00:77", { dev = "p2", master = true, extern_learn = true, vlan = 1 })
  local entry = assert(fdb.list({ dev = "p2", mac = "02:00:00:00:00:77" })[1])
  check.equal(table.concat(entry.flags, " "):match("extern_learn"), "extern_learn")
end)

-- VLANs of bridges, both ways between nsh and bridge(8).
-- needs: vlan_filtering, bridge
local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
bridge.add("br0", { up = true, vlan_filtering = true, vlan_stats_enabled = true })
for i, ns in ipairs({ ns1, ns2 }) do
  local peer = { name = "eth0", ns = ns, up = true, addr = ("10.0.0.%d/24"):format(i) }
  link.add("p" .. i, { kind = "veth", master = "br0", up = true, peer = peer })
end

-- { p1 = { "1 PVID Egress Untagged", ... }, ... }, by the witness.
local function shown()
  local found = {}
  for _, port in ipairs(json.decode(proc.exec({ "bridge", "-j", "vlan", "show" }, { check = true }).stdout)) do
    local lines = {}
    for _, vlan in ipairs(port.vlans) do
      local line = vlan.vlan .. (vlan.vlanEnd and "-" .. vlan.vlanEnd or "")
      table.insert(
        lines,
        line .. (vlan.flags and #vlan.flags > 0 and " " .. table.concat(vlan.flags, " ") or "")
      )
    end
    found[port.ifname] = lines
  end
  return found
end
local function listed(filter)
  local lines = {}
  for _, v in ipairs(vlan.list(filter)) do
    table.insert(lines, tostring(v))
  end
  return lines
end

check.equal(listed({ dev = "p1" }), { "p1 1 PVID Egress Untagged" })
test("hosts in different VLANs don't reach each other", function()
  check.equal(ns1.ping("10.0.0.2", { count = 1 }).received, 1)
  vlan.add(10, { dev = "p2", pvid = true, untagged = true })
  vlan.del(1, { dev = "p2" })
  check.equal(shown().p2, { "10 PVID Egress Untagged" })
  check.equal(ns1.ping("10.0.0.2", { count = 1, timeout = 0.2 }).received, 0)
  vlan.add(10, { dev = "p1", pvid = true, untagged = true })
  check.equal(listed({ dev = "p1" }), { "p1 1 Egress Untagged", "p1 10 PVID Egress Untagged" })
  check.equal(ns1.ping("10.0.0.2", { count = 1 }).received, 1)
  check.greater(assert(vlan.list({ dev = "p2", vid = 10 })[1].rx_packets), 0)
  check.greater(assert(vlan.list({ dev = "p2", vid = 10 })[1].tx_bytes), 0)
end)

test("ranges, both ways", function()
  vlan.add("20-22", { dev = "p1" })
  check.equal({ table.unpack(shown().p1, 3) }, { "20", "21", "22" })
  check.equal(#vlan.list({ dev = "p1", vid = 21 }), 1)
  vlan.del("21-30", { dev = "p1" })
  check.equal({ table.unpack(shown().p1, 3) }, { "20" })
  proc.exec({ "bridge", "vlan", "add", "vid", "30-4094", "dev", "p1", "untagged" }, { check = true })
  local many = vlan.list({ dev = "p1", untagged = true })
  check.equal(many[#many].vid, 4094)
  check.equal(#many, 2 + 4094 - 29)
  vlan.del("30-4094", { dev = "p1" })
  check.equal(#vlan.list({ dev = "p1", untagged = true }), 2)
end)

test("the bridge's own", function()
  vlan.add(10, { dev = "br0" })
  check.equal(shown().br0, { "1 PVID Egress Untagged", "10" })
  local all = vlan.list({ dev = "br0", vid = 10 })
  check.equal({ all[1].dev, all[2].dev, all[3].dev }, { "br0", "p1", "p2" })
  vlan.del(10, { dev = "br0" })
  check.equal(shown().br0, { "1 PVID Egress Untagged" })
end)

test("states and options", function()
  vlan.set(10, { dev = "p2", state = "blocking" })
  local v = vlan.list({ dev = "p2" })[1]
  check.equal({ v.state, tostring(v) }, { "blocking", "p2 10 PVID Egress Untagged state blocking" })
  check.equal(ns1.ping("10.0.0.2", { count = 1, timeout = 0.2 }).received, 0)
  vlan.set(10, { dev = "p2", state = "forwarding" })
  check.equal(ns1.ping("10.0.0.2", { count = 1 }).received, 1)
  -- Since Linux 6.3.
  local ok, e = pcall(vlan.set, 10, { dev = "p2", neigh_suppress = true })
  if ok then
    check.equal(vlan.list({ dev = "p2" })[1].neigh_suppress, true)
  else
    check.equal((e --[[@as any]]).kind, "unsupported")
  end
end)

test("errors", function()
  check.error(function()
    vlan.add(5, { dev = "lo" })
  end, { kind = "argument", match = "lo is neither a bridge nor a port of one", plain = true })
  check.error(function()
    vlan.del(77, { dev = "p1" })
  end, { kind = "not_found", match = "p1 is not in VLAN 77", plain = true })
  check.error(function()
    vlan.set(77, { dev = "p1", state = "blocking" })
  end, { kind = "not_found", match = "p1 is not in VLAN 77", plain = true })
  check.error(function()
    vlan.add("5-6", { dev = "p1", pvid = true })
  end, { kind = "argument", match = "only one VLAN is the pvid", plain = true })
  for _, wrong in ipairs({ 0, 4095, "20-10", "x" }) do
    check.error(function()
      vlan.add(wrong, { dev = "p1" })
    end, { kind = "argument" })
  end
  check.error(function()
    vlan.add(5, { dev = "nosuch" })
  end, { kind = "not_found" })
end)

test("the lab's state tells of them", function()
  local before = lab.state()
  vlan.add(50, { dev = "p1" })
  check(lab.difference(before, lab.state()):find("+ p1 50", 1, true))
end)

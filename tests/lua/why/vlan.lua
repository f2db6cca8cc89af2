-- needs: vlan, vlan_filtering
-- VLANs of bridges, and links with tags.
local faults = require("lib.faults")

--- As `bridged`, with a bridge that filters: both ports are in VLAN 10.
function faults.labs.filtered(ip)
  local l = faults.labs.bridged(ip)
  l.s.bridge.set("br0", { vlan_filtering = true })
  for _, port in ipairs({ "pa", "pb" }) do
    l.s.vlan.del(1, { dev = port })
    l.s.vlan.add(10, { dev = port, pvid = true, untagged = true })
  end
  return l
end

--- a and b have their addresses on links of VLAN 10.
function faults.labs.tagged(ip)
  local l = faults.labs.bridged(ip)
  for side, address in pairs({ a = ip.a, b = ip.b2 }) do
    l[side].addr.del(address .. ip.length)
    l[side].link.add(
      "vlan10",
      { kind = "vlan", link = "eth0", vlan = { id = 10 }, up = true, addr = address .. ip.length }
    )
  end
  return l
end

faults.test({
  {
    "a port is in another VLAN",
    lab = "filtered",
    breaks = function(l)
      l.s.vlan.del(10, { dev = "pb" })
      l.s.vlan.add(20, { dev = "pb", pvid = true, untagged = true })
    end,
    finds = { cause = "not_in_vlan", namespace = "s", dev = "pb", way = "forth" },
    causes = { "not_in_vlan", "not_in_vlan" },
  },
  {
    "a port is in no VLAN",
    lab = "filtered",
    breaks = function(l)
      l.s.vlan.del(10, { dev = "pa" })
    end,
    finds = { cause = "no_pvid", namespace = "s", dev = "pa", way = "forth" },
    causes = { "no_pvid", "not_in_vlan" },
    no_fix = true,
  },
  {
    "a port sends with a tag",
    lab = "filtered",
    breaks = function(l)
      l.s.vlan.add(10, { dev = "pb", pvid = true, untagged = false })
    end,
    finds = { cause = "vlan_tagged", namespace = "s", dev = "pb", way = "forth" },
  },
  {
    "the bridge's own address is in another VLAN",
    lab = "filtered",
    begins_broken = true,
    breaks = function(l)
      l.to = l.ip.ra
    end,
    finds = { cause = "not_in_vlan", namespace = "s", dev = "br0", way = "forth" },
    causes = { "not_in_vlan", "not_in_vlan" },
  },
  {
    "the target's VLAN is another one",
    lab = "tagged",
    breaks = function(l)
      l.b.link.del("vlan10")
      local addr = l.to .. l.ip.length
      l.b.link.add("vlan20", { kind = "vlan", link = "eth0", vlan = { id = 20 }, up = true, addr = addr })
    end,
    finds = { cause = "no_vlan_link", namespace = "b", dev = "eth0", way = "forth" },
    causes = { "no_vlan_link", "no_vlan_link" },
    no_fix = true,
  },
  {
    "a trunk lacks the VLAN",
    lab = "tagged",
    breaks = function(l)
      l.s.bridge.set("br0", { vlan_filtering = true })
      l.s.vlan.add(10, { dev = "pa" })
    end,
    finds = { cause = "not_in_vlan", namespace = "s", dev = "pb", way = "forth" },
  },
  {
    "a link of a VLAN is down",
    lab = "tagged",
    breaks = function(l)
      l.b.link.set("vlan10", { up = false })
    end,
    finds = { cause = "link_down", namespace = "b", dev = "vlan10" },
    families = { "inet" },
  },
})

-- needs: macvlan
-- Macvlans of one parent.
local faults = require("lib.faults")

--- a and b are macvlans on a link of s.
function faults.labs.macvlan(ip)
  local l = { a = namespace.add("a", { up = true }), s = namespace.add("s", { up = true }) }
  l.b = namespace.add("b", { up = true })
  l.s.link.add("parent", { kind = "veth", up = true, peer = { name = "end", up = true } })
  for side, address in pairs({ a = ip.a, b = ip.b2 }) do
    l.s.link.add("mv" .. side, { kind = "macvlan", link = "parent", macvlan = { mode = "bridge" } })
    l.s.link.set("mv" .. side, { ns = l[side], name = "eth0" })
    l[side].link.set("eth0", { up = true })
    l[side].addr.add(address .. ip.length, { dev = "eth0" })
  end
  l.to = ip.b2
  return l
end

faults.test({
  {
    "both macvlans are private",
    lab = "macvlan",
    breaks = function(l)
      l.a.link.set("eth0", { macvlan = { mode = "private" } })
      l.b.link.set("eth0", { macvlan = { mode = "private" } })
    end,
    finds = { cause = "macvlan_mode", namespace = "a", dev = "eth0" },
    causes = { "macvlan_mode", "macvlan_mode" },
    fixes = 2,
  },
  {
    "a macvlan is down",
    lab = "macvlan",
    breaks = function(l)
      l.b.link.set("eth0", { up = false })
    end,
    finds = { cause = "link_down", namespace = "b", dev = "eth0" },
    families = { "inet" },
  },
})

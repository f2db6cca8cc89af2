-- needs: ip, hsr
local kinds = require("lib.kinds")
-- Each link has an address of its own.
local function same_addresses(ns)
  ns.link.set("eth0", { mac = "02:00:00:00:00:01" })
  ns.link.set("eth1", { mac = "02:00:00:00:00:02" })
end
kinds.same("hsr", {
  { before = same_addresses, add = { slave1 = "eth0", slave2 = "eth1" }, words = "slave1 eth0 slave2 eth1" },
  {
    before = same_addresses,
    add = { slave1 = "eth0", slave2 = "eth1", supervision = 7, version = 1 },
    words = "slave1 eth0 slave2 eth1 supervision 7 version 1",
    seen = { slave1 = "eth0", slave2 = "eth1", supervision_address = "01:15:4e:00:01:07" },
  },
  {
    before = same_addresses,
    add = { slave1 = "eth0", slave2 = "eth1", protocol = "prp" },
    words = "slave1 eth0 slave2 eth1 proto 1",
  },
})
link.add("v0", { kind = "veth", peer = { name = "v1" } })
local hint = "an hsr takes slave1 and slave2: two Ethernet links that are neither lo nor ports of another one"
check.equal(kinds.hint("invalid", link.add, "h0", { kind = "hsr", hsr = { slave1 = "v0" } }), hint)
check.equal(
  kinds.hint("invalid", link.add, "h0", { kind = "hsr", hsr = { slave1 = "v0", slave2 = "lo" } }),
  hint
)
check.error(function()
  link.add("h0", { kind = "hsr", hsr = { slave1 = "v0", slave2 = "nope" } })
end, "not_found")

-- A frame goes by both ways: one of them may fail.
local a, b = namespace.add("a"), namespace.add("b")
for i = 0, 1 do
  a.link.add("p" .. i, { kind = "veth", up = true, peer = { name = "p" .. i, ns = b, up = true } })
end
for i, ns in ipairs({ a, b }) do
  ns.link.add("ring", {
    kind = "hsr",
    up = true,
    hsr = { slave1 = "p0", slave2 = "p1" },
    addr = ("10.0.0.%d/24"):format(i),
  })
end
check.reachable(a, "10.0.0.2")
b.link.set("p0", { up = false })
check.reachable(a, "10.0.0.2")

-- needs: vrf
-- VRFs of a router.
local faults = require("lib.faults")

--- As `routed`, with both links of r in the VRF red.
function faults.labs.vrf(ip)
  local l = faults.labs.routed(ip)
  l.r.link.add("red", { kind = "vrf", vrf = { table = 10 }, up = true })
  for _, dev in ipairs({ "ra", "rb" }) do
    local addr = ip[dev] .. ip.length
    l.r.link.set(dev, { master = "red" })
    if ip.length == "/64" then
      -- IPv6 takes the addresses away.
      l.r.addr.replace(addr, { dev = dev })
    end
  end
  return l
end

faults.test({
  {
    "the link to the target is not in the VRF",
    lab = "vrf",
    breaks = function(l)
      l.r.link.set("rb", { master = false })
      l.r.addr.replace(l.ip.rb .. l.ip.length, { dev = "rb" })
    end,
    finds = { cause = "other_vrf", namespace = "r", dev = "rb", way = "back" },
    families = { "inet" },
  },
  {
    "the sender is not bound to the VRF",
    lab = "vrf",
    begins_broken = true,
    breaks = function(l)
      l.a = l.r
    end,
    finds = { cause = "other_vrf", namespace = "r", dev = "rb" },
    no_fix = true,
  },
})

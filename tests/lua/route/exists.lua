-- A route, and a bridge, that is there already, or can't be made, names what is in the way.
local a = namespace.add("a", { up = true })
a.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "peer0", up = true },
})

local function hint(dst, opts)
  return check.error(function()
    a.route.add(dst, opts)
  end, "exists").hint or ""
end

check.match(hint("10.0.0.0/24", { dev = "eth0" }), "^there is 10%.0%.0%.0/24 dev eth0; a%.route%.replace")
a.route.add("default", { via = "10.0.0.9" })
check.match(hint("default", { via = "10.0.0.8" }), "^there is default via 10%.0%.0%.9 dev eth0; ")
a.route.add("fd09::/64", { via = "fd00::9", metric = 7 })
check.match(
  hint("fd09::/64", { via = "fd00::9", metric = 7 }),
  "^there is fd09::/64 via fd00::9 dev eth0 metric 7; "
)
a.route.add("10.9.0.0/16", { via = "10.0.0.9" })
a.route.add("10.9.0.0/16", { via = "10.0.0.7", table = 7 })
check.match(
  hint("10.9.0.0/16", { via = "10.0.0.8", table = 7 }),
  "^there is 10%.9%.0%.0/16 via 10%.0%.0%.7 dev eth0 table 7; "
)

local e = check.error(function()
  a.bridge.add("br0", { ports = { "eth0", "nope" } })
end, "not_found")
check.equal(e.message, 'bridge.add "br0" in a: no link named "nope" (there is lo, peer0, eth0)')
check.equal(a.link.get("br0"), nil)

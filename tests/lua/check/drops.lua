-- A claim about packets that a route drops names that route.
local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.1.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00::2/64" } },
})
ns1.route.add("default", { via = "10.0.1.1" })
ns1.route.add("default", { via = "fd00::1" })

local function fails(text, claim, ...)
  local args = table.pack(...)
  check.error(function()
    claim(table.unpack(args))
  end, { kind = "check", match = text, plain = true })
end

for _, case in ipairs({
  { "10.9.0.0/16", "10.9.1.1" },
  { "fd09::/16", "fd09::1" },
}) do
  local prefix, inside = table.unpack(case)
  for kind, told in pairs({
    blackhole = "invalid argument (EINVAL)",
    unreachable = "no route to host (EHOSTUNREACH)",
    prohibit = "permission denied (EACCES)",
  }) do
    ns1.route.add(prefix, { type = kind })
    local text = ("%s: the route %s %s drops them"):format(told, kind, prefix)
    fails(text, check.reachable, ns1, inside)
    fails(text, check.arrives, ns1, inside, { at = host })
    fails(text, check.route, ns1, inside)
    check.unreachable(ns1, inside)
    check.no_route(ns1, inside)
    ns1.route.del(prefix)
  end
end

-- The table that a rule chose, though another one has a route with a longer prefix.
ns1.rule.add({ fwmark = 7, table = 70 })
ns1.route.add("default", { type = "blackhole", table = 70 })
fails(
  "the route blackhole default of table 70 drops them",
  check.route,
  ns1,
  "10.0.1.1",
  { mark = 7, message = "marked" }
)
check.route(ns1, "10.0.1.1")

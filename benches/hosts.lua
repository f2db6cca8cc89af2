-- N hosts on one bridge: a namespace, a veth, an address and a default route each.
local n = math.tointeger(tonumber(arg[1]) or 200)

link.add("br0", { kind = "bridge", up = true, addr = "10.0.0.1/16" })
for i = 1, n do
  local ns = namespace.add("h" .. i)
  local addr = ("10.0.%d.%d/16"):format(i // 250 + 1, i % 250 + 1)
  link.add("v" .. i, {
    kind = "veth",
    master = "br0",
    up = true,
    peer = { name = "eth0", ns = ns, up = true, addr = addr },
  })
  ns.route.add("default", { via = "10.0.0.1" })
end

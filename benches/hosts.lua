-- N hosts on a bridge: a namespace, a veth, an address and a default route each. A bridge has 1,023 ports at most, so that
-- each thousand has its own, on a cable from the first.
local n = math.tointeger(tonumber(arg[1]) or 200)

link.add("br0", { kind = "bridge", up = true, addr = "10.0.0.1/16" })
local bridge = "br0"
for i = 1, n do
  if i > 1 and i % 1000 == 1 then
    local next = i // 1000
    bridge = "br" .. next
    link.add(bridge, { kind = "bridge", up = true })
    local peer = { name = "d" .. next, master = bridge, up = true }
    link.add("c" .. next, { kind = "veth", master = "br0", up = true, peer = peer })
  end
  local ns = namespace.add("h" .. i)
  local addr = ("10.0.%d.%d/16"):format(i // 250 + 1, i % 250 + 1)
  link.add("v" .. i, {
    kind = "veth",
    master = bridge,
    up = true,
    peer = { name = "eth0", ns = ns, up = true, addr = addr },
  })
  ns.route.add("default", { via = "10.0.0.1" })
end

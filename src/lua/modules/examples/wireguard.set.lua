-- needs: wireguard
-- Two hosts, and a tunnel between them.
local a, b = namespace.add("a"), namespace.add("b")
a.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "192.0.2.1/24",
  peer = { name = "eth0", ns = b, up = true, addr = "192.0.2.2/24" },
})
local public = {} ---@type table<integer, string>
for i, ns in ipairs({ a, b }) do
  ns.link.add("wg0", { kind = "wireguard", up = true, addr = ("10.0.0.%d/24"):format(i) })
  ns.wireguard.set("wg0", { private_key = wireguard.genkey(), listen_port = 51820 })
  public[i] = ns.wireguard.get("wg0").public_key
end
a.wireguard.set("wg0", {
  peers = { { public_key = public[2], endpoint = "192.0.2.2:51820", allowed_ips = { "10.0.0.2/32" } } },
})
b.wireguard.set("wg0", { peers = { { public_key = public[1], allowed_ips = { "10.0.0.1/32" } } } })
check.reachable(a, "10.0.0.2")

-- WireGuard, both ways between nsh and wg(8), and packets through a tunnel.
-- needs: wireguard, wg
local a, b = namespace.add("a"), namespace.add("b")
a.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = { "192.0.2.1/24", "2001:db8::1/64" },
  peer = { name = "eth0", ns = b, up = true, addr = { "192.0.2.2/24", "2001:db8::2/64" } },
})
local public = {} ---@type table<integer, string>
for i, ns in ipairs({ a, b }) do
  ns.link.add(
    "wg0",
    { kind = "wireguard", up = true, addr = { ("10.0.0.%d/24"):format(i), ("fd00::%d/64"):format(i) } }
  )
  ns.wireguard.set("wg0", { private_key = wireguard.genkey(), listen_port = 51820 })
  public[i] = ns.wireguard.get("wg0").public_key
end
local key_a, key_b = public[1], public[2]
local function wg(ns, ...)
  return ns.exec({ "wg", ... }, { check = true }).stdout
end
local function peer(ns)
  return ns.wireguard.get("wg0").peers[1]
end

test("keys, as wg reads them", function()
  check.equal(wg(a, "show", "wg0", "public-key"), key_a .. "\n")
  local private = wg(a, "show", "wg0", "private-key"):gsub("%s", "")
  check.equal(a.wireguard.get("wg0").private_key, private)
  check.equal(a.exec({ "wg", "pubkey" }, { stdin = private .. "\n", check = true }).stdout, key_a .. "\n")
  check.equal(wg(a, "show", "wg0", "listen-port"), "51820\n")
  check.differ(wireguard.genkey(), wireguard.genkey())
  check.equal(tostring(a.wireguard.get("wg0")):find(private, 1, true), nil)
end)

test("a tunnel, over IPv4 and IPv6", function()
  local psk = wireguard.genpsk()
  a.wireguard.set("wg0", {
    peers = {
      {
        public_key = key_b,
        preshared_key = psk,
        endpoint = "192.0.2.2:51820",
        allowed_ips = { "10.0.0.2/32", "fd00::/64" },
      },
    },
  })
  b.wireguard.set("wg0", {
    peers = { { public_key = key_a, preshared_key = psk, allowed_ips = { "10.0.0.1/32", "fd00::1/128" } } },
  })
  check.equal(peer(b).endpoint, nil)
  check.equal(peer(b).latest_handshake, nil)
  check.equal(a.ping("10.0.0.2", { count = 1 }).received, 1)
  check.equal(a.ping("fd00::2", { count = 1 }).received, 1)
  check.equal(peer(b).endpoint, "192.0.2.1:51820")
  check.near(peer(b).latest_handshake, peer(a).latest_handshake, 60)
  check.greater(peer(a).tx_bytes, 0)
  check.equal(wg(a, "show", "wg0", "preshared-keys"), key_b .. "\t" .. psk .. "\n")
  check.equal(wg(a, "show", "wg0", "allowed-ips"), key_b .. "\t10.0.0.2/32 fd00::/64\n")
  a.wireguard.set("wg0", { peers = { { public_key = key_b, endpoint = "[2001:db8::2]:51820" } } })
  check.equal(peer(a).allowed_ips, { "10.0.0.2/32", "fd00::/64" })
  check.equal(wg(a, "show", "wg0", "endpoints"), key_b .. "\t[2001:db8::2]:51820\n")
  check.equal(a.ping("10.0.0.2", { count = 1 }).received, 1)
end)

test("what wg sets is read", function()
  wg(
    a,
    "set",
    "wg0",
    "fwmark",
    "0x10",
    "peer",
    key_b,
    "persistent-keepalive",
    "25",
    "allowed-ips",
    "10.0.0.0/24"
  )
  local device = a.wireguard.get("wg0")
  check.equal({ device.fwmark, device.peers[1].persistent_keepalive }, { 16, 25 })
  check.equal(device.peers[1].allowed_ips, { "10.0.0.0/24" })
end)

test("peers that are replaced keep nothing", function()
  a.wireguard.set(
    "wg0",
    { peers = { { public_key = key_b, allowed_ips = { "10.0.0.2/32" } } }, replace_peers = true }
  )
  check.equal({ peer(a).persistent_keepalive, peer(a).preshared_key, peer(a).endpoint }, { 0 })
  check.equal(peer(a).allowed_ips, { "10.0.0.2/32" })
  check.equal(wg(a, "show", "wg0", "preshared-keys"), key_b .. "\t(none)\n")
end)

test("many peers, which the kernel tells in several messages", function()
  local peers = {}
  for i = 1, 300 do
    local allowed = {}
    for j = 1, 4 do
      table.insert(allowed, ("10.%d.%d.%d/32"):format(i // 200 + 1, i % 200, j))
    end
    table.insert(peers, { public_key = wireguard.genkey(), allowed_ips = allowed })
  end
  b.wireguard.set("wg0", { peers = peers, replace_peers = true })
  local found = b.wireguard.get("wg0").peers
  check.equal(#found, 300)
  for _, p in ipairs(found) do
    check.equal(#p.allowed_ips, 4)
  end
  b.wireguard.set("wg0", { peers = { { public_key = found[1].public_key, remove = true } } })
  check.equal(#b.wireguard.get("wg0").peers, 299)
  b.wireguard.set("wg0", { peers = { { public_key = wireguard.genkey(), remove = true } } })
  check.equal(#b.wireguard.get("wg0").peers, 299)
  check.equal(#b.wireguard.list(), 1)
  check.equal(#wireguard.list(), 0)
end)

test("errors", function()
  check.error(function()
    a.wireguard.get("eth0")
  end, { kind = "argument", match = "eth0 is a veth, not a wireguard", plain = true })
  check.error(function()
    a.wireguard.get("wg7")
  end, { kind = "not_found" })
  local short = "c2VjcmV0"
  local e = check.error(function()
    a.wireguard.set("wg0", { private_key = short })
  end, { kind = "argument", match = "opts.private_key: expected a key of 32 bytes in base64", plain = true })
  check.equal(e.message:find(short, 1, true), nil)
  check.error(function()
    a.wireguard.set("wg0", { peers = { { public_key = key_b, allowed_ips = { "10.0.0.300/32" } } } })
  end, { kind = "argument", match = "allowed_ips", plain = true })
  local nameless = { endpoint = "192.0.2.2:1" } ---@type any
  check.error(function()
    a.wireguard.set("wg0", { peers = { nameless } })
  end, { kind = "argument", match = "public_key", plain = true })
  local taken <close> = a.udp.listen("0.0.0.0:7000")
  check.error(function()
    a.wireguard.set("wg0", { listen_port = 7000 })
  end, { kind = "address_in_use" })
end)

test("the state of the lab, without secrets", function()
  local state = lab.state()
  local there = state.namespaces[a.name].wireguard[1]
  check.equal({ there.dev, there.public_key, there.private_key }, { "wg0", key_a, nil })
  check.equal(there.peers[1].preshared_key, nil)
  -- Neighbours may be learned meanwhile.
  check.equal(lab.difference(state, lab.state()):find("interface: wg0", 1, true), nil)
  a.wireguard.set("wg0", { listen_port = 51999 })
  check.match(lab.difference(state, lab.state()), "+ interface: wg0", { plain = true })
end)

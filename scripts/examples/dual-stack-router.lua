-- A router for home: the hosts of its LAN ask for an IPv4 address (DHCP), and make IPv6 addresses of the prefix that it
-- advertises (RFC 4861, RFC 4862). The advertisements are frames that this script makes; no daemon is needed.
--
--   nsh test scripts/examples/dual-stack-router.lua
--
--   internet -- home -- lan (a bridge) -- laptop, phone
local home, internet = namespace.add("home"), namespace.add("internet")
home.link.add("wan", {
  kind = "veth",
  up = true,
  addr = { "203.0.113.2/24", "2001:db8:ffff::2/64" },
  peer = { name = "eth0", ns = internet, up = true, addr = { "203.0.113.1/24", "2001:db8:ffff::1/64" } },
})
internet.addr.add("198.51.100.1/32", { dev = "lo" })
internet.addr.add("2001:db8:cafe::1/128", { dev = "lo" })
-- The provider routes a prefix to the home, but one IPv4 address must do.
internet.route.add("2001:db8:1::/56", { via = "2001:db8:ffff::2" })
home.route.add("default", { via = "203.0.113.1" })
home.route.add("default", { via = "2001:db8:ffff::1" })
-- Its own link-local address, from which it advertises, is there at once.
home.sysctl.set("net.ipv6.conf.default.dad_transmits", 0)
home.sysctl.set("net.ipv4.ip_forward", 1)
home.sysctl.set("net.ipv6.conf.all.forwarding", 1)
home.nat.masquerade({ source = "192.168.1.0/24", out = "wan" })
-- What no host of the LAN began doesn't come in.
home.firewall.apply({
  policy = { forward = "drop" },
  rules = {
    { chain = "forward", state = { "established", "related" }, action = "accept" },
    { chain = "forward", iif = "lan", action = "accept" },
  },
})

home.bridge.add("lan", { up = true, addr = { "192.168.1.1/24", "2001:db8:1::1/64" } })
local hosts = {} ---@type nsh.Namespace[]
for i, name in ipairs({ "laptop", "phone" }) do
  local host = namespace.add(name)
  hosts[i] = host
  -- Addresses may be used at once, and a router is asked for without a random delay.
  host.sysctl.set("net.ipv6.conf.default.dad_transmits", 0)
  host.sysctl.set("net.ipv6.conf.default.router_solicitation_delay", 0)
  host.link.add("eth0", { kind = "veth", peer = { name = "to-" .. name, ns = home, up = true } })
  home.link.set("to-" .. name, { master = "lan" })
end

--- A router advertisement. `lifetime` is the router's, `preferred` the prefix's; both in seconds.
local function advertise(lifetime, preferred)
  local mac = assert(assert(home.link.get("lan")).mac):gsub(":", "")
  local source = string.pack("BB", 1, 1)
    .. mac:gsub("%x%x", function(hex)
      return string.char(assert(tonumber(hex, 16)))
    end)
  local mtu = string.pack(">BBI2I4", 5, 1, 0, 1400)
  -- On the link, and for addresses of hosts' own making (the flags L and A); 2001:db8:1::/64.
  local prefix =
    string.pack(">BBBBI4I4I4I2I2I2I2I8", 3, 4, 64, 0xc0, 86400, preferred, 0, 0x2001, 0xdb8, 1, 0, 0)
  home.send("lan", {
    eth = { dst = "33:33:00:00:00:01" },
    ip = { dst = "ff02::1" },
    -- The hop limit for the hosts, no flags, the router's lifetime; reachable and retransmission time are left to them.
    icmp = { type = "router advertisement", rest = 64 << 24 | lifetime },
    payload = string.pack(">I4I4", 0, 0) .. source .. mtu .. prefix,
  })
end

--- The address that a host has made of the prefix.
---@param host nsh.Namespace
local function made(host)
  local own = host.addr.list({ dev = "eth0", family = "inet6", scope = "global" })
  check.equal(#own, 1)
  return assert(own[1])
end

test("a host asks for a router, and is answered", function()
  for _, host in ipairs(hosts) do
    local asked <close> = home.capture.start("lan", { type = "router solicitation" })
    host.link.set("eth0", { up = true })
    asked:wait()
    advertise(1800, 14400)
    host.wait.route("default", { family = "inet6" })
  end
end)

test("each has an address of the prefix, and the router and MTU that were advertised", function()
  local seen = {}
  for _, host in ipairs(hosts) do
    local own = made(host)["local"]
    check.match(own, "2001:db8:1:", { plain = true })
    seen[own] = true
    local route = assert(host.route.list({ dst = "default", family = "inet6" })[1])
    check.equal({ route.proto, route.dev }, { "ra", "eth0" })
    check.match(assert(route.via), "fe80::", { plain = true })
    check.equal(host.sysctl.get("net.ipv6.conf.eth0.mtu"), "1400")
    check.reachable(host, "2001:db8:cafe::1")
  end
  check.equal(#hosts, 2)
  check(next(seen, next(seen)), "both have the same address")
end)

test("IPv4 comes by DHCP", function()
  local server <close> = home.dhcp.serve("lan", {
    range = { "192.168.1.100", "192.168.1.199" },
    router = "192.168.1.1",
  })
  for _, host in ipairs(hosts) do
    host.dhcp.request("eth0", { hostname = host.name })
    check.reachable(host, "198.51.100.1")
  end
  check.equal(#server:leases(), 2)
end)

test("the internet sees one IPv4 address, and each host's own of IPv6", function()
  local web <close> = internet.tcp.listen(":80")
  local laptop = assert(hosts[1])
  local own = made(laptop)["local"]
  for to, from in pairs({
    ["198.51.100.1:80"] = "203.0.113.2:",
    ["[2001:db8:cafe::1]:80"] = "[" .. own .. "]:",
  }) do
    local connection <close> = laptop.tcp.connect(to)
    connection:send("hello\n")
    connection:recv({ line = true })
    local all = web:connections()
    check.equal(all[#all].peer:sub(1, #from), from)
  end
end)

test("hosts reach each other without the router, and nobody reaches them from outside", function()
  local phone = made(assert(hosts[2]))["local"]
  check.reachable(assert(hosts[1]), phone)
  check.unreachable(internet, phone, { timeout = 0.3 })
end)

test("an address of a prefix that is renounced isn't chosen any more", function()
  local laptop = assert(hosts[1])
  local function deprecated()
    return made(laptop).preferred_lft == 0
  end
  check.equal(deprecated(), false)
  advertise(1800, 0)
  eventually(function()
    check.equal(deprecated(), true)
  end)
end)

test("a router that says goodbye is no default router", function()
  advertise(0, 14400)
  for _, host in ipairs(hosts) do
    eventually(function()
      check.equal(#host.route.list({ dst = "default", family = "inet6" }), 0)
    end)
  end
  check.error(function()
    hosts[1].ping("2001:db8:cafe::1")
  end, "network_unreachable")
  -- IPv4 goes on.
  check.reachable(assert(hosts[1]), "198.51.100.1")
end)

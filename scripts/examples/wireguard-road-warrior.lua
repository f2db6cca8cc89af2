-- A laptop behind a home router's NAT reaches its office through WireGuard. From outside nobody can begin a connection to
-- it; keepalives keep the way open, so that the office reaches it, too.
-- needs: wireguard
local topology = require("nsh.topology")

local net = topology({
  routers = { { "home", nat = "internet" }, "internet", { "office", nat = "internet" } },
  hosts = { "laptop", "files" },
  links = {
    { "home", "laptop", subnet = "192.168.1.0/24" },
    { "home", "internet", subnet = "203.0.113.0/24" },
    { "internet", "office", subnet = "198.51.100.0/24" },
    { "office", "files", subnet = "10.10.0.0/24" },
  },
})
local laptop, office = net.laptop, net.office
local office_outside = net:addr(office, { to = "internet" })
check.unreachable(laptop, net.files, { timeout = 0.5 })

-- A key each; the office knows the laptop by its public key alone, from wherever it comes.
local keys = {} ---@type table<string, string>
for name, ns in pairs({ laptop = laptop, office = office }) do
  ns.link.add("wg0", { kind = "wireguard", addr = name == "office" and "10.99.0.1/24" or "10.99.0.2/24" })
  ns.wireguard.set("wg0", { private_key = ns.wireguard.genkey() })
  keys[name] = assert(ns.wireguard.get("wg0").public_key)
end
office.wireguard.set("wg0", {
  listen_port = 51820,
  peers = { { public_key = keys.laptop, allowed_ips = { "10.99.0.2/32" } } },
})
laptop.wireguard.set("wg0", {
  peers = {
    {
      public_key = keys.office,
      endpoint = office_outside .. ":51820",
      allowed_ips = { "10.99.0.0/24", "10.10.0.0/24" },
      persistent_keepalive = 25,
    },
  },
})
office.link.set("wg0", { up = true })
laptop.link.set("wg0", { up = true })
laptop.route.add("10.10.0.0/24", { dev = "wg0" })
net.files.route.replace("10.99.0.0/24", { via = net:addr(office, { to = "files" }) })

check.reachable(laptop, net.files)
-- And back: the keepalive has made the way through the NAT.
check.reachable(net.files, "10.99.0.2")

-- The office sees the address of the home router, not the laptop's, and the internet sees nothing but UDP.
local peer = office.wireguard.get("wg0").peers[1]
check.match(peer.endpoint or "no endpoint", net:addr("home", { to = "internet" }), { plain = true })
local seen <close> = net.internet.capture.start("to-office")
check.equal(laptop.ping(net:addr("files"), { count = 2 }).received, 2)
check.at_least(#seen:packets({ proto = "udp" }), 4)
check.equal(seen:packets({ proto = "icmp" }), {})
print(office.wireguard.get("wg0"))

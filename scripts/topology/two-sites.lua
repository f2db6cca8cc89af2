-- Two sites and the line between them, from one table: nsh works out addresses and routes.
--
--   nsh scripts/topology/two-sites.lua

local topology = require("nsh.topology")

local net = topology({
  routers = { "paris", "rome" },
  hosts = { "anne", "bruno", "carla", { "web", addr = "192.168.20.80" } },
  switches = {
    { "office", subnet = "192.168.10.0/24" },
    { "shop", subnet = "192.168.20.0/24" },
  },
  links = {
    { "office", "anne" },
    { "office", "bruno" },
    { "office", "paris" },
    { "paris", "rome", subnet = { "10.0.12.0/30", "fd00:12::/64" } },
    { "rome", "shop" },
    { "shop", "carla" },
    { "shop", "web" },
  },
})

-- Who has which address, on which interface, to whom.
print(net)

print("\nRoutes of anne:")
print(net.anne.route.list({ family = "inet" }))
print("\nRoutes of paris:")
print(net.paris.route.list({ family = "inet" }))

-- Every host reaches every other.
for _, from in ipairs(net.hosts) do
  for _, to in ipairs(net.hosts) do
    check.reachable(from, to, { family = "inet" })
    check.reachable(from, to, { family = "inet6" })
  end
end

-- Nodes are namespaces, with all that these can do.
local server <close> = net.web.http.serve("192.168.20.80:80", { ["/"] = "welcome\n" })
check.equal(net.anne.http.get("http://web/").body, "welcome\n")

-- The line is cut: the sites are on their own.
net:cut("paris", "rome")
check.unreachable(net.anne, net.web)
check.reachable(net.anne, net.bruno)
check.reachable(net.carla, net.web)

net:mend("paris", "rome")
check.equal(net.anne.http.get("http://web/").body, "welcome\n")

print("\n" .. check.passed() .. " checks passed")

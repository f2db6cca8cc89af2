-- needs: ip
-- Links that are cut and mended, nodes that are taken down and up: addresses and routes come back as they were.
local topology = require("nsh.topology")

local function state(net)
  local out = {}
  for _, ns in ipairs(net.nodes) do
    local text = ns.exec("ip -o addr; ip -4 -o route show table all; ip -6 -o route show table all").stdout
    -- Link-local addresses are made anew, and the order of routes of one kind may change.
    local lines = {}
    for line in text:gmatch("[^\n]+") do
      if not line:find("fe80") and not line:find("ff00") then
        table.insert(lines, (line:gsub("%s+", " "):gsub(" linkdown", "")))
      end
    end
    table.sort(lines)
    out[ns.name] = table.concat(lines, "\n")
  end
  return out
end

local function both(f, from, to)
  local timeout = f == check.unreachable and 0.2 or nil
  f(from, to, { family = "inet", timeout = timeout })
  f(from, to, { family = "inet6", timeout = timeout })
end

local net <close> = topology(topology.ring(4, { loopbacks = true }))
net.r1.route.add("10.77.0.0/16", {
  nexthops = { { via = net:addr("r2", { to = "r1" }) }, { via = net:addr("r4", { to = "r1" }), weight = 2 } },
})
net.r1.route.add("fd77::/64", {
  nexthops = { { via = "fd00:1::2" }, { via = "fd00:4::2" } },
})
net.r1.route.add(
  "10.78.0.0/16",
  { via = net:addr("r2", { to = "r1" }), metric = 50, table = 100, proto = "static" }
)
net.r1.route.add("10.79.0.0/16", { via = "192.0.2.1", dev = "to-r2", onlink = true })
net.r1.route.add("10.80.0.0/16", {
  nexthops = {
    { via = "192.0.2.1", dev = "to-r2", onlink = true },
    { via = "192.0.2.2", dev = "to-r4", onlink = true },
  },
})
both(check.reachable, net.h1, net.h2)
local before = state(net)

-- A route that goes by itself does so when it is back, too.
net.r1.route.add("fd79::/64", { via = net:addr("r2", { to = "r1", family = "inet6" }), expires = 600 })
net:cut("r1", "r2")
net:mend("r1", "r2")
local expires = json.decode(net.r1.exec("ip -6 -j route show fd79::/64").stdout)[1].expires
check(expires and expires > 500 and expires <= 600, expires)
net.r1.route.del("fd79::/64")
check.equal(state(net), before, "all is as it was")

net:cut("r2", "r1")
check.equal(net.links[1].up, false)
check(tostring(net):find("to%-r2 +%-%- r2 +10%.0%.1%.1/24 +fd00:1::1/64 +cut\n"), tostring(net))
for node, dev in pairs(net.links[1].dev) do
  local link = json.decode(net[node].exec({ "ip", "-j", "link", "show", "dev", dev }).stdout)[1]
  check.equal(link.operstate, "DOWN")
end
both(check.unreachable, net.h1, net.h2)
both(check.reachable, net.h1, net.h4)
net:cut("r1", "r2")
net:mend("r1", "r2")
check.equal(net.links[1].up, true)
both(check.reachable, net.h1, net.h2)
check.equal(state(net), before, "all is as it was")
net:mend("r1", "r2")

-- What a routing daemon made does not come back: it may have found another way by now. Nor does what something newer
-- stands in the place of.
do
  local r1 = net.r1
  local daemons =
    { "10.81.0.0/16 proto bird", "10.82.0.0/16 proto zebra metric 20", "10.83.0.0/16 proto 188 metric 20" }
  for _, route in ipairs(daemons) do
    r1.exec("ip route add " .. route .. " via 10.0.1.2", { check = true })
  end
  r1.exec("ip -6 route add fd81::/64 via fd00:1::2 proto bird", { check = true })
  r1.exec("ip route add 10.84.0.0/16 via 10.0.1.2; ip -6 route add fd84::/64 via fd00:1::2", { check = true })
  net:cut("r1", "r2")
  r1.exec("ip route add 10.77.0.0/16 via 10.0.4.2 metric 5 proto bird", { check = true })
  r1.exec("ip route add 10.84.0.0/16 via 10.0.4.2 proto ospf", { check = true })
  r1.exec("ip -6 route add fd84::/64 via fd00:4::2 proto ospf", { check = true })
  net:mend("r1", "r2")
  local function shown(family, dst)
    local routes = json.decode(r1.exec({ "ip", family, "-j", "route", "show", dst }).stdout)
    return #routes > 0 and routes[#routes].gateway or nil
  end
  for _, dst in ipairs({ "10.81.0.0/16", "10.82.0.0/16", "10.83.0.0/16" }) do
    check.equal(shown("-4", dst), nil, dst .. " is a daemon's")
  end
  check.equal(shown("-6", "fd81::/64"), nil)
  check.equal(shown("-4", "10.84.0.0/16"), "10.0.4.2", "the newer one stays")
  check.equal(shown("-6", "fd84::/64"), "fd00:4::2")
  r1.exec("ip route del 10.77.0.0/16 metric 5; ip route del 10.84.0.0/16; ip -6 route del fd84::/64")
  check.equal(state(net), before, "all is as it was")
end

-- The settings of the nodes are as they were, too.
for _, ns in ipairs(net.nodes) do
  local kept = ns.exec("cat /proc/sys/net/ipv6/conf/*/keep_addr_on_down").stdout
  check(not kept:find("1"), ns.name .. ": " .. kept)
end

-- A node that is down, with a link of it that is cut by itself.
net:down("r3")
net:cut(net.r3, net.r4)
both(check.unreachable, net.h4, net.h3)
net:up("r3")
both(check.reachable, net.h2, net.h3)
check.equal(net.links[3].up, false, "it is still cut")
net:mend("r3", "r4")
check.equal(state(net), before, "all is as it was")

-- A link between two that are down comes up when both are up.
net:down("r1")
net:down("r2")
net:up("r1")
check.equal(net.links[1].up, false)
both(check.unreachable, net.h1, net.h2)
net:up(net.r2)
both(check.reachable, net.h1, net.h2)
check.equal(state(net), before, "all is as it was")

-- A switch, and a host on it. What the script deleted itself, and what it made in its place, are its own.
namespace.del("r2")
namespace.del("h3")
local own = namespace.add("h3")
net:close()
check.equal(namespace.list(), { own })
namespace.del(own)
local lan <close> = topology({
  hosts = { "x", "y", "z" },
  switches = { "sw" },
  links = { { "sw", "x" }, { "sw", "y" }, { "sw", "z" } },
})
both(check.reachable, lan.x, lan.y)
lan:down("x")
both(check.unreachable, lan.x, lan.y)
both(check.reachable, lan.z, lan.y)
lan:up("x")
both(check.reachable, lan.x, lan.y)
lan:down("sw")
both(check.unreachable, lan.z, lan.y)
lan:up("sw")
both(check.reachable, lan.z, lan.y)

-- needs: nat
-- Routers that translate addresses: nobody outside has a route to the networks behind them.
local topology = require("nsh.topology")

local net <close> = topology({
  routers = { "isp", { "home1", nat = "isp" }, { "home2", nat = "isp" }, { "inner", nat = { "home2" } } },
  hosts = { "a", "b", "c", "d", "web" },
  links = {
    { "isp", "home1" },
    { "isp", "home2" },
    { "isp", "web" },
    { "home1", "a" },
    { "home1", "b" },
    { "home2", "c" },
    { "home2", "inner" },
    { "inner", "d" },
  },
})

-- Who is inside reaches those outside, under the router's address; the other way round nobody does.
check.reachable(net.a, net.b)
for _, inside in ipairs({ "a", "b", "c", "d" }) do
  check.reachable(net[inside], net.web, { family = "inet" })
  check.no_route(net.isp, net:addr(inside))
  check.unreachable(net.web, net[inside], { family = "inet", timeout = 0.2 })
end
check.unreachable(net.c, net.a, { family = "inet", timeout = 0.2 })
check.no_route(net.home2, net:addr("d"), { message = "inner hides it from home2, too" })
check.reachable(net.d, net.c, { family = "inet" })
local heard <close> = net.web.capture.start("eth0", { proto = "icmp" })
net.a.ping(net:addr("web"))
check.equal(heard:wait({ timeout = 5 })[1].src, net:addr("home1", { to = "isp" }))

-- IPv6 has addresses enough.
for _, from in ipairs(net.hosts) do
  for _, to in ipairs(net.hosts) do
    check.reachable(from, to, { family = "inet6" })
  end
end

-- A network that grows keeps to it, and so does a home that moves.
net:add_router("home3", { to = "isp", nat = "isp" })
net:add_host("e", { to = "home3" })
check.reachable(net.e, net.web, { family = "inet" })
check.no_route(net.isp, net:addr("e"))
net:add_router("isp2", { to = "isp" })
net:move("home3", "isp2", { from = "isp" })
check.reachable(net.e, net.web, { family = "inet" })
check.no_route(net.isp, net:addr("e"))

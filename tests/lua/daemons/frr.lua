-- Three routers in a triangle run FRR's zebra and ospfd; the link in use is cut, and they find the way around.
-- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, vtysh

local topology = require("nsh.topology")

local B = "10.20.0.2"
local net = topology({
  routers = { "r1", "r2", "r3" },
  hosts = { "a", { "b", addr = B .. "/24" } },
  links = { { "r1", "r2" }, { "r2", "r3" }, { "r1", "r3" }, { "a", "r1" }, { "b", "r3" } },
  loopbacks = true,
  routing = false,
  ipv6 = false,
})

local ospf = [[
interface to-r1
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf network point-to-point
interface to-r2
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf network point-to-point
interface to-r3
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf network point-to-point
router ospf
 ospf router-id 10.255.0.%d
 network 0.0.0.0/0 area 0
 timers throttle spf 10 50 500
 passive-interface to-a
 passive-interface to-b
]]

local function start(router, daemon, config, socket)
  router.spawn({ "/usr/lib/frr/" .. daemon, "--log", "stdout" }, {
    files = { [("/etc/frr/%s.conf"):format(daemon)] = config },
    ready = { file = "/run/frr/" .. socket },
  })
end

local function vtysh(router, command)
  return router.exec({ "vtysh", "-c", command }, {
    files = { ["/etc/frr/vtysh.conf"] = "" },
    check = true,
  }).stdout
end

for i, router in ipairs(net.routers) do
  router.proc.private({ "/etc/frr", "/run/frr" })
  start(router, "zebra", "log stdout\n", "zserv.api")
  start(router, "ospfd", ospf:format(i), "ospfd.vty")
end

-- Waits until r1 sends what is for b through this link, and replies come back.
local function converge(what, dev)
  local took = eventually(function()
    check.equal(net.r1.route.get(B).dev, dev)
    check.reachable(net.a, net.b, { timeout = 0.2 })
  end, { timeout = 40, interval = 0.02 })
  print(("%s: %.2f s"):format(what, took))
end

converge("until all routes are there", "to-r3")
print(vtysh(net.r1, "show ip ospf neighbor"))

net:cut("r1", "r3")
converge("around the link that was cut", "to-r2")

net:mend("r1", "r3")
converge("back on the link that was mended", "to-r3")

check.equal(#proc.deaths(), 0)

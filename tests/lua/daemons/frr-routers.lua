-- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, vtysh
-- nsh.frr: configurations from tables and texts, vtysh's JSON as tables, and errors in its words.
local frr = require("nsh.frr")
local topology = require("nsh.topology")

local function refused(kind, text, f)
  local e = check.error(f, kind)
  check.match(e.message, text)
  check(tostring(e.at):find("frr%-routers%.lua:%d+$"), e.at)
  check.equal(#proc.deaths(), 0)
end

-- OSPF of both families, and static routes.
do
  local net <close> = topology(topology.chain(2, { loopbacks = true, routing = false }))
  local routers = frr.start_all(net.routers, function(ns, i)
    return {
      router_id = "10.255.0." .. i,
      ospf = { type = "ptp", passive = { "to-h" .. i }, redistribute = { "static" } },
      static = { { ("10.%d.0.0/16"):format(90 + i), type = "blackhole" } },
    }
  end)
  local r1 = routers[1]
  check.equal(tostring(r1), "FRR in r1")
  check(r1.processes.zebra:running() and r1.processes.ospfd:running() and r1.processes.staticd:running())
  check.equal(r1.processes.bgpd, nil, "only what the configuration needs")
  eventually(function()
    check.reachable(net.h1, net.h2, { family = "inet", timeout = 0.2 })
    check.reachable(net.h1, net.h2, { family = "inet6", timeout = 0.2 })
    check.equal(net.r1.route.get("10.92.0.1").via, net:addr("r2"))
  end, { timeout = 60 })
  local neighbor = r1:show("ip ospf neighbor").neighbors["10.255.0.2"][1]
  check.equal({ neighbor.address, neighbor.converged }, { net:addr("r2"), "Full" })
  check.equal(r1:show("ip route")["10.91.0.0/16"][1].protocol, "static")
  check.match(r1:vtysh("show ip ospf neighbor"), "10%.255%.0%.2")

  -- More configuration, and a daemon that it needs besides.
  r1:configure("router bgp 65001\n no bgp default ipv4-unicast\n")
  check.equal(r1:show("bgp summary").ipv4Unicast, nil)
  check(r1.processes.bgpd:running())
  refused(
    "exit",
    "^FrrRouter:configure: FRR in r1 refuses its configuration: line 2: %% Unknown command",
    function()
      r1:configure("hostname r1\nbogus thing\n")
    end
  )
  refused("exit", 'vtysh: "show nope json" in r1: %% Unknown command', function()
    r1:show("nope")
  end)
  r1:stop()
  check.equal(r1.processes.zebra:running(), false)
end

-- BGP, of a table in one router and of a text in the other.
do
  local net <close> = topology(topology.chain(2, { routing = false, ipv6 = false }))
  frr.start(net.r1, {
    bgp = {
      as = 65001,
      neighbors = { { net:addr("r2"), as = 65002 } },
      networks = net.links["r1-h1"].subnets,
    },
  })
  frr.start(
    net.r2,
    ([[
router bgp 65002
 no bgp ebgp-requires-policy
 neighbor %s remote-as 65001
 neighbor %s timers connect 1
 address-family ipv4 unicast
  network %s
 exit-address-family
]]):format(net:addr("r1"), net:addr("r1"), net.links["r2-h2"].subnets[1])
  )
  eventually(function()
    check.reachable(net.h1, net.h2, { timeout = 0.2 })
  end, { timeout = 60 })
end

local ns = namespace.add("ns", { up = true })
refused(
  "exit",
  "^frr%.start: FRR in ns refuses its configuration: line 1: %% Unknown command.*: bogus thing",
  function()
    frr.start(ns, "bogus thing\n")
  end
)
refused("argument", '^frr%.start: bgp%.neighbors%[1%]%[1%]: "10%.0%.0%.0/8" is no address', function()
  frr.start(ns, { bgp = { as = 1, neighbors = { { "10.0.0.0/8", as = 2 } } } })
end)
refused("argument", '^frr%.start: ospf%.links%.eth9: no link "eth9"', function()
  frr.start(ns, { ospf = { links = { eth9 = { cost = 1 } } } })
end)

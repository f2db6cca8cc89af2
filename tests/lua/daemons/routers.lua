-- needs: bird, birdc
-- nsh.bird: configurations from tables and texts, what birdc says as tables, and errors that name the line.
local bird = require("nsh.bird")
local topology = require("nsh.topology")

local function message(e)
  return e.message .. (e.hint and "; " .. e.hint or "")
end

local function refused(kind, text, f)
  local e = check.error(f, kind)
  check.match(message(e), text)
  check(tostring(e.at):find("routers%.lua:%d+$"), e.at)
  check.equal(#proc.deaths(), 0)
end

-- OSPF of both families, static routes, and all answers that have a form of their own.
do
  local net <close> = topology(topology.chain(2, { loopbacks = true, routing = false }))
  local routers = bird.start_all(net.routers, function(ns, i)
    return {
      router_id = net:addr(ns),
      ospf = {
        type = "ptp",
        passive = { "to-h" .. i },
        links = { [i == 1 and "to-r2" or "to-r1"] = { cost = 7 } },
        redistribute = { "static" },
      },
      static = {
        { ("10.%d.0.0/16"):format(90 + i), type = "blackhole" },
        { dst = ("fd9%d::/64"):format(i), type = "unreachable" },
      },
    }
  end)
  check.equal(tostring(routers[1]), "BIRD in r1")
  eventually(function()
    check.reachable(net.h1, net.h2, { family = "inet", timeout = 0.2 })
    check.reachable(net.h1, net.h2, { family = "inet6", timeout = 0.2 })
    check.equal(net.r1.route.get("10.92.0.1").via, net:addr("r2"))
  end, { timeout = 60 })
  local r1 = routers[1]
  local status = r1:show("status")
  check.equal(status.router_id, net:addr("r1"))
  check.equal(status.daemon, "up and running")
  check.match(status.version, "^%d+%.")
  local protocols = {}
  for _, p in ipairs(r1:show("protocols")) do
    protocols[p.name] = p
  end
  check.subset(protocols.ospf_ipv4, { proto = "OSPF", table = "master4", state = "up", info = "Running" })
  check.subset(protocols.device1, { proto = "Device", state = "up" })
  check.equal(protocols.device1.table, nil)
  check.equal(r1:show("protocols all ospf_ipv6")[1].details["Channel ipv6"].State, "UP")
  local neighbors = r1:show("ospf neighbors")
  check.equal(#neighbors, 2)
  check.subset(neighbors[1], {
    protocol = "ospf_ipv4",
    router_id = net:addr("r2"),
    state = "Full/PtP",
    dev = "to-r2",
    address = net:addr("r2"),
  })
  check.match(neighbors[2].address, "^fe80::")
  local by_dst = {}
  for _, r in ipairs(r1:show("route")) do
    by_dst[r.dst] = r
  end
  check.subset(
    by_dst["10.91.0.0/16"],
    { type = "blackhole", protocol = "static1", primary = true, table = "master4" }
  )
  check.subset(by_dst["fd91::/64"], { type = "unreachable", table = "master6" })
  check.subset(by_dst["10.92.0.0/16"], { type = "unicast", via = net:addr("r2"), dev = "to-r2" })
  check.subset(
    by_dst["10.0.3.0/24"],
    { metric = 17, preference = 150, hops = { { via = net:addr("r2"), dev = "to-r2" } } }
  )
  local all = r1:show("route for 10.92.1.1 all")
  check.equal(#all, 1)
  check.equal(all[1].attributes["OSPF.metric2"], 10000)
  local links = {}
  for _, link in ipairs(r1:show("interfaces")) do
    links[link.name] = link
  end
  check.subset(links["to-r2"], { up = true, mtu = 1500, index = net.r1.link.get("to-r2").index })
  check.equal(links["to-r2"].addrs[1], "10.0.1.1/24")
  check.equal(r1:show("ospf").ospf_ipv4["Number of areas"], 1)
  check.equal(
    r1:show("ospf interface ospf_ipv4").ospf_ipv4["Interface to-h1 (10.0.2.0/24)"].State,
    "Waiting (stub)"
  )

  -- Another configuration, without a restart; a wrong one changes nothing.
  local pid = r1.process:pid()
  r1:configure("router id 9.9.9.9;\nprotocol device {}\n")
  check.equal({ r1:show("status").router_id, r1.process:pid() }, { "9.9.9.9", pid })
  refused("exit", "^BirdRouter:configure: BIRD in r1 refuses it: .*bird%.conf:2:%d+ syntax error", function()
    r1:configure("router id 9.9.9.9;\nprotokol device {}\n")
  end)
  check.equal(#r1:show("protocols"), 1)
  refused("exit", 'birdc: "show nope" in r1: No such command', function()
    r1:show("nope")
  end)
  refused("exit", '"show route fro" in r1: syntax error', function()
    r1:birdc("show route fro")
  end)
  r1:stop()
  check.equal(r1.process:running(), false)
  r1:stop()
end

-- BGP over IPv4 and IPv6.
do
  local net <close> = topology(topology.chain(3, { routing = false }))
  local as = { r1 = 65001, r2 = 65002, r3 = 65003 }
  local function neighbors(name)
    local out = {}
    for _, link in ipairs(net.links) do
      local other = link[1] == name and link[2] or link[2] == name and link[1]
      for _, a in ipairs(as[other] and link.addr[other] or {}) do
        table.insert(out, { a:match("^[^/]+"), as = as[other] })
      end
    end
    return out
  end
  bird.start_all(net.routers, function(ns)
    local host = net.links[ns.name == "r1" and "r1-h1" or "r3-h2"]
    local networks = ns.name ~= "r2" and host.subnets or nil
    return {
      router_id = net:addr(ns),
      bgp = { as = as[ns.name], neighbors = neighbors(ns.name), networks = networks },
    }
  end)
  eventually(function()
    check.reachable(net.h1, net.h2, { family = "inet", timeout = 0.2 })
    check.reachable(net.h1, net.h2, { family = "inet6", timeout = 0.2 })
  end, { timeout = 60 })
  check.equal(net.r1.route.get(net:addr("h2")).via, net:addr("r2", { to = "r1" }))
end

-- What is wrong is told before anything runs, or as BIRD tells it.
local ns = namespace.add("ns", { up = true })
refused(
  "exit",
  "^bird%.start: bird in ns exited with status 1 before it was ready: .*bird%.conf:1:%d+ syntax error",
  function()
    bird.start(ns, "bogus thing;\n")
  end
)
refused("argument", '^bird%.start: ospf: unknown key "helo"; did you mean "hello"%?', function()
  bird.start(ns, { ospf = { helo = 1 } })
end)
refused("argument", '^bird%.start: ospf%.passive%[1%]: no link "eth1"', function()
  bird.start(ns, { ospf = { passive = { "eth1" } } })
end)
refused("argument", "^bird%.start: bgp%.as: expected an integer from 1 to 4294967295, got nil", function()
  (bird --[[@as any]]).start(ns, { bgp = { neighbors = {} } })
end)
refused("argument", "^bird%.start: static%[1%]: a route needs via, dev or type", function()
  bird.start(ns, { static = { { "10.0.0.0/8" } } })
end)
refused("argument", '^bird%.start_all: there is no namespace "nobody"', function()
  bird.start_all({ ns, "nobody" }, {})
end)
refused("argument", "^bird%.start: expected a table or a text of configuration, got the integer 5", function()
  bird.start(ns, 5 --[[@as any]])
end)
check.equal(ns.exec({ "birdc", "-s", "/run/bird/bird.ctl", "show", "status" }).status, 1, "nothing runs")

-- needs: ip
-- More of what the table can say: hardware addresses, JSON, several subnets at a switch, names of links, no IPv6 at all.
local topology = require("nsh.topology")

local function ip(ns, ...)
  return json.decode(ns.exec({ "ip", "-j", ... }).stdout)
end

-- A table from JSON.
do
  local net <close> = topology(json.decode([[{
    "routers": [{ "name": "r1" }, { "name": "r2", "routes": [{ "dst": "default", "via": "r1" }] }],
    "hosts": ["a", { "name": "b", "mac": "02:00:00:00:00:0B" }],
    "switches": [{ "name": "s1", "subnet": ["10.1.0.0/24", "fd01::/64"] }],
    "links": [
      { "a": "s1", "b": "r1", "addr": { "r1": "10.1.0.254" } },
      { "a": "s1", "b": "a" },
      { "a": "b", "b": "r2" },
      { "a": "r1", "b": "r2", "mtu": 1400, "name": "line", "mac": { "r1": "02:00:00:00:00:01" } }
    ]
  }]]))
  check.equal(net.links.line.mtu, 1400)
  check.equal(net.links["r1-r2"], nil, "it has another name")
  check.equal(net:addr("r1", { to = "s1" }), "10.1.0.254")
  check.equal(ip(net.b, "link", "show", "eth0")[1].address, "02:00:00:00:00:0b")
  check.equal(ip(net.r1, "link", "show", "to-r2")[1].address, "02:00:00:00:00:01")
  check.reachable(net.a, net.b)
  check.reachable(net.a, net.b, { family = "inet6" })
end

-- Several subnets at a switch: routers are in all of them, hosts in the first, unless something else is said.
do
  local net <close> = topology({
    routers = { "r1" },
    hosts = { "a", { "b", addr = "10.2.0.9" }, "c", "d" },
    switches = { { "s1", subnet = { "10.1.0.0/24", "10.2.0.0/24", "fd01::/64" } }, "s2" },
    links = {
      { "s1", "r1" },
      { "s1", "a" },
      { "s1", "b" },
      { "s1", "c", subnet = "10.2.0.0/24" },
      { "s2", "r1" },
      { "s2", "d" },
    },
    subnets = { s2 = { "10.3.0.0/24", "10.4.0.0/24" } },
  })
  check.equal(net.links[1].addr.r1, { "10.1.0.1/24", "10.2.0.1/24", "fd01::1/64" })
  check.equal(net.links["s1-a"].addr.a, { "10.1.0.2/24", "fd01::2/64" })
  check.equal(net:addr("b"), "10.2.0.9")
  check.equal(net:addr("c"), "10.2.0.2")
  check.equal(net:addr("d"), "10.3.0.2")
  check.equal(net.links["s1-a"].subnets, { "10.1.0.0/24", "10.2.0.0/24", "fd01::/64" })
  check.equal(net.c.route.get("8.8.8.8").via, "10.2.0.1", "the gateway is the router's address in its subnet")
  for _, from in ipairs(net.hosts) do
    for _, to in ipairs(net.hosts) do
      check.reachable(from, to)
    end
  end
end

-- Networks behind address translation are nobody else's business.
-- (Its rules need the kernel's NAT: see nat.lua.)

-- Without IPv6 there is none, not even the kernel's own.
do
  local net <close> = topology(topology.chain(2, { ipv6 = false }))
  for _, ns in ipairs(net.nodes) do
    check.equal(ns.exec("ip -6 -o addr").stdout, "", ns.name)
  end
  check.reachable(net.h1, net.h2)
  net:cut("r1", "r2")
  net:mend("r1", "r2")
  net:add_host("h3", { to = "r2" })
  check.equal(net.h3.exec("ip -6 -o addr").stdout, "")
  check.reachable(net.h1, net.h3)
end

-- Switches in a row.
do
  local net <close> = topology(topology.linear(4))
  check.equal({ #net.switches, #net.hosts, #net.links }, { 4, 4, 7 })
  check.reachable(net.h1, net.h4)
  check.reachable(net.h1, net.h4, { family = "inet6" })
end

-- What is wrong is told with its place.
local function refused(text, lab)
  local e = check.error(function()
    topology(lab)
  end, "argument")
  check.equal(e.message .. (e.hint and "\n  hint: " .. e.hint or ""), "topology: " .. text)
end

refused([=[hosts[1].name: is given already, by [1]]=], { hosts = { { "a", name = "b" } } })
refused([=[hosts[1][1]: expected a node's name, got nil]=], { hosts = { {} } })
refused(
  [=[links[1].a: unknown node "b"
  hint: the nodes are a]=],
  { hosts = { "a" }, links = { { a = "b", b = "a" } } }
)
refused(
  [=[links[1].b: is given already, by [2]]=],
  { hosts = { "a", "b" }, links = { { "a", "b", b = "b" } } }
)
refused([=[links[2].name: "a-b" is the name of links[1] already]=], {
  hosts = { "a", "b", "c" },
  links = { { "a", "b" }, { "b", "c", name = "a-b" } },
})
refused([=[hosts[1].mac: expected a hardware address such as "02:00:00:00:00:01", got the string "x"]=], {
  hosts = { { "a", mac = "x" }, "b" },
  links = { { "a", "b" } },
})
refused([=[links[1].mac.a: 01:00:00:00:00:01 is the address of a group, no interface's]=], {
  hosts = { "a", "b" },
  links = { { "a", "b", mac = { a = "01:00:00:00:00:01" } } },
})
refused(
  [=[hosts[1].mac: a has 2 links, so it is not clear which one is meant
  hint: give it with a link: { "a", ..., mac = { a = ... } }]=],
  {
    hosts = { { "a", mac = "02:00:00:00:00:01" }, "b", "c" },
    links = { { "a", "b" }, { "a", "c" } },
  }
)
refused([=[routers[1].nat: r and a are not linked]=], { routers = { { "r", nat = "a" } }, hosts = { "a" } })
refused([=[links[2].subnet: 10.3.0.0/24, but switches[1].subnet[1] says 10.1.0.0/24]=], {
  hosts = { "a", "b" },
  switches = { { "s", subnet = { "10.1.0.0/24", "10.2.0.0/24" } } },
  links = { { "s", "a" }, { "s", "b", subnet = "10.3.0.0/24" } },
})
refused([=[hosts[1].addr: 10.3.0.1 is outside the subnets of s, 10.1.0.0/24, 10.2.0.0/24]=], {
  hosts = { { "a", addr = "10.3.0.1/24" }, "b" },
  switches = { { "s", subnet = { "10.1.0.0/24", "10.2.0.0/24" } } },
  links = { { "s", "a" }, { "s", "b" } },
})

-- needs: ip
-- Each generator: who is there, and everyone reaches everyone, by IPv4 and by IPv6.
local topology = require("nsh.topology")

local function names(list)
  local out = {}
  for i, ns in ipairs(list) do
    out[i] = ns.name
  end
  return table.concat(out, " ")
end

local function all_pairs(net, what)
  for _, from in ipairs(net.hosts) do
    for _, to in ipairs(net.hosts) do
      for _, family in ipairs({ "inet", "inet6" }) do
        check.reachable(from, to, { family = family, message = what })
      end
    end
  end
end

local function try(lab, routers, hosts, switches, links)
  local net <close> = topology(lab)
  check.equal(names(net.routers), routers)
  check.equal(names(net.hosts), hosts)
  check.equal(names(net.switches), switches)
  check.equal(#net.links, links)
  all_pairs(net, tostring(net))
  -- An independent witness of what is there: addresses by namespace.
  for _, link in ipairs(net.links) do
    for node, dev in pairs(link.dev) do
      local seen = json.decode(net[node].exec({ "ip", "-j", "addr", "show", "dev", dev }).stdout)
      local found = {}
      for _, a in ipairs(seen[1].addr_info) do
        if a.scope == "global" then
          table.insert(found, a["local"] .. "/" .. a.prefixlen)
        end
      end
      check.equal(found, link.addr[node], node .. " " .. dev)
    end
  end
end

try(topology.star(3), "", "h1 h2 h3", "s1", 3)
try(topology.linear(3), "", "h1 h2 h3", "s1 s2 s3", 5)
try(topology.chain(1), "r1", "h1 h2", "", 2)
try(topology.chain(4), "r1 r2 r3 r4", "h1 h2", "", 5)
try(topology.chain(2, { hosts = 2 }), "r1 r2", "h1_1 h1_2 h2_1 h2_2", "", 5)
try(topology.ring(4), "r1 r2 r3 r4", "h1 h2 h3 h4", "", 8)
try(topology.tree(2, 2), "", "h1 h2 h3 h4", "s1 s2 s3", 6)
try(topology.tree(2, 2, { of = "routers" }), "r1 r2 r3", "h1 h2 h3 h4", "", 6)
try(topology.mesh(3), "r1 r2 r3", "h1 h2 h3", "", 6)
try(topology.grid(2, 2), "r1_1 r1_2 r2_1 r2_2", "h1_1 h1_2 h2_1 h2_2", "", 8)
try(topology.dumbbell(2, 1), "r1 r2", "a1 a2 b1", "s1 s2", 6)
check.equal(#namespace.list(), 0, "each was taken away")

-- Names as Graphviz needs them.
do
  local odd <close> =
    topology({ hosts = { 'a"b', "c\\d" }, links = { { 'a"b', "c\\d", subnet = "10.0.0.0/24" } } })
  check.equal(
    odd:dot(),
    [[
graph {
  "a\"b" [shape=box];
  "c\\d" [shape=box];
  "a\"b" -- "c\\d" [label="10.0.0.0/24\nfd00:1::/64"];
}]]
  )
end

-- Other fields of the table are passed on, and the table can be changed before it is made.
local lab = topology.star(2, { ipv6 = false, subnets = { s1 = "192.168.7.0/24" } })
table.insert(lab.hosts, "printer")
table.insert(lab.links, { "s1", "printer", addr = { printer = "192.168.7.100" } })
local net <close> = topology(lab)
check.equal(net:addr("h1"), "192.168.7.1")
check.equal(net:addr("printer"), "192.168.7.100")
check.reachable(net.h2, net.printer)
check.equal(#net.h1.addr.list({ family = "inet6" }), 0)

-- What is wrong in a table is told with its place there, and nothing is made. What fails later leaves nothing.
local topology = require("nsh.topology")
namespace.add("there")

local function refused(text, lab)
  local e = check.error(function()
    topology(lab)
  end)
  check.equal(e.message .. (e.hint and "\n  hint: " .. e.hint or ""), "topology: " .. text)
  check(e.kind == "argument" or e.kind == "exists", e.kind)
  check(tostring(e.at):find("bad%.lua:%d+$"), e.at .. ": the script's own line")
  check.equal(#namespace.list(), 1, "nothing was made")
end

refused([=[expected a table, got nil]=], nil)
refused([=[expected a table, got the string "x"]=], "x")
refused([=[unknown key "router"; did you mean "routers"?]=], { router = { "r1" } })
refused([=[routers: expected an array, got the string "r1"]=], { routers = "r1" })
refused([=[routers[2]: expected a node's name, got the integer 5]=], { routers = { "r1", 5 } })
refused(
  [=[routers: expected an array, got a table with the key "r1"
  hint: write { { "r1", ... } } rather than { r1 = ... }: the order counts]=],
  { routers = { r1 = {} } }
)
refused(
  [=[hosts: expected an array with the places 1 and on, got the integer 3]=],
  { hosts = { "a", nil, "b" } }
)
refused(
  [=[hosts[1]: "a b" is no name for a namespace
  hint: no white space, no "/", at most 255 bytes]=],
  { hosts = { "a b" } }
)
refused(
  [=[hosts[1]: "host" is the namespace in which the lab begins
  hint: choose another name]=],
  { hosts = { "host" } }
)
refused(
  [=[hosts[1]: "cut" is a field or method of every network
  hint: choose another name]=],
  { hosts = { "cut" } }
)
refused([=[hosts[2]: "a" is the name of hosts[1] already]=], { hosts = { "a", "a" } })
refused([=[hosts[1]: "a" is the name of routers[1] already]=], { hosts = { "a" }, routers = { "a" } })
refused([=[hosts[1]: there is a namespace "there" already]=], { hosts = { "there" } })
refused(
  [=[hosts[1]: unknown key "adddr"; did you mean "addr"?]=],
  { hosts = { { "a", adddr = "10.0.0.1/24" } } }
)
refused([=[hosts[1][1]: expected a node's name, got nil]=], { hosts = { { addr = "10.0.0.1/24" } } })
refused(
  [=[links[1][1]: unknown node "alise"; did you mean "alice"?]=],
  { hosts = { "alice", "bob" }, links = { { "alise", "bob" } } }
)
refused(
  [=[links[1][2]: unknown node "b"
  hint: the nodes are a]=],
  { hosts = { "a" }, links = { { "a", "b" } } }
)
refused([=[links[1]: a can't be linked to itself]=], { hosts = { "a" }, links = { { "a", "a" } } })
refused([=[links[1][2]: expected a node's name, got nil]=], { hosts = { "a", "b" }, links = { { "a" } } })
refused(
  [=[links[1][3]: nothing more is expected here, got the string "c"]=],
  { hosts = { "a", "b" }, links = { { "a", "b", "c" } } }
)
refused([=[links[1]: expected a table, got the string "a-b"]=], { hosts = { "a", "b" }, links = { "a-b" } })
refused(
  [=[links[1]: unknown key "subnett"; did you mean "subnet"?]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnett = "10.0.0.0/24" } } }
)
refused(
  [=[links[1].mtu: expected an integer from 68 to 65535, got the string "1500"]=],
  { hosts = { "a", "b" }, links = { { "a", "b", mtu = "1500" } } }
)
refused(
  [=[links[1].rate: expected a rate such as "500kbit", "10mbit" or "1gbit", got "10mbi"]=],
  { hosts = { "a", "b" }, links = { { "a", "b", rate = "10mbi" } } }
)
refused(
  [=[links[1]: jitter needs delay]=],
  { hosts = { "a", "b" }, links = { { "a", "b", jitter = "1ms" } } }
)
refused(
  [=[links[1].shape.a: unknown option "dellay"; did you mean "delay"?]=],
  { hosts = { "a", "b" }, links = { { "a", "b", shape = { a = { dellay = "1ms" } } } } }
)
refused(
  [=[links[1].shape: not an end of this link: "c"
  hint: its ends are a, b]=],
  { hosts = { "a", "b" }, links = { { "a", "b", shape = { c = { delay = "1ms" } } } } }
)
refused(
  [=[links[1].shape.a.direction: an end of a link shapes what it sends]=],
  { hosts = { "a", "b" }, links = { { "a", "b", shape = { a = { delay = "1ms", direction = "in" } } } } }
)
refused(
  [=[links[1].mtu: expected an integer from 68 to 65535, got the integer 20]=],
  { hosts = { "a", "b" }, links = { { "a", "b", mtu = 20 } } }
)
refused(
  [=[links[1].mtu: 1279 is too small for IPv6, which needs 1280
  hint: give a larger one, or leave IPv6 out: ipv6 = false]=],
  { hosts = { "a", "b" }, links = { { "a", "b", mtu = 1279 } } }
)
refused(
  [=[mtu: 1000 is too small for IPv6, which needs 1280
  hint: give a larger one, or leave IPv6 out: ipv6 = false]=],
  { mtu = 1000, hosts = { "a" }, switches = { "s" }, links = { { "a", "s" } } }
)
refused(
  [=[links[1].cost: expected an integer from 1 to 65535, got the integer 0]=],
  { hosts = { "a", "b" }, links = { { "a", "b", cost = 0 } } }
)
refused(
  [=[links[1].subnet: expected a subnet such as "10.0.1.0/24" or "fd00:1::/64", got the string "10.0.0.0"]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "10.0.0.0" } } }
)
refused(
  [=[links[1].subnet: expected a subnet such as "10.0.1.0/24" or "fd00:1::/64", got the string "fd00::1::/64"]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "fd00::1::/64" } } }
)
refused(
  [=[links[1].subnet: expected a subnet such as "10.0.1.0/24" or "fd00:1::/64", got the string "10.0.0.0/33"]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "10.0.0.0/33" } } }
)
refused(
  [=[links[1].subnet: 10.0.0.1/24 is an address; its subnet is 10.0.0.0/24]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "10.0.0.1/24" } } }
)
refused(
  [=[links[1].subnet: fd00::1/64 is an address; its subnet is fd00::/64]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "fd00::1/64" } } }
)
refused(
  [=[links[1].subnet: 10.0.0.0/32 has room for 1, too few for the 2 addresses of a-b]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "10.0.0.0/32" } } }
)
refused(
  [=[links[1].subnet: 10.0.0.0/24 and 10.0.1.0/24 are of the same family; one of each is enough]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = { "10.0.0.0/24", "10.0.1.0/24" } } } }
)
refused([=[switches[1].subnet: 10.0.0.0/30 has room for 2, too few for the 3 addresses of s]=], {
  hosts = { "a", "b", "c" },
  switches = { { "s", subnet = "10.0.0.0/30" } },
  links = { { "s", "a" }, { "s", "b" }, { "s", "c" } },
})
refused(
  [=[links[1].addr.a: 10.0.1.1 is outside the subnet of a-b, 10.0.0.0/24]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "10.0.0.0/24", addr = { a = "10.0.1.1" } } } }
)
refused(
  [=[links[1].addr.a: fd00:0:0:1::1 is outside the subnet of a-b, fd00::/64]=],
  { hosts = { "a", "b" }, links = { { "a", "b", subnet = "fd00::/64", addr = { a = "fd00:0:0:1::1/64" } } } }
)
refused(
  [=[links[1].addr: not an end of this link: "c"
  hint: its ends are a, b]=],
  { hosts = { "a", "b" }, links = { { "a", "b", addr = { c = "10.0.1.1/24" } } } }
)
refused(
  [=[hosts[2].addr: 10.0.0.1 is used already, by hosts[1].addr]=],
  { hosts = { { "a", addr = "10.0.0.1/24" }, { "b", addr = "10.0.0.1/24" } }, links = { { "a", "b" } } }
)
refused(
  [=[hosts[2].addr: 10.0.0.2/25 has another length than the subnet of a-b, 10.0.0.0/24]=],
  { hosts = { { "a", addr = "10.0.0.1/24" }, { "b", addr = "10.0.0.2/25" } }, links = { { "a", "b" } } }
)
refused(
  [=[hosts[1].addr: 10.0.0.1 has no prefix length, and no IPv4 subnet of a-b is given
  hint: write it as "10.0.0.1/24", say]=],
  { hosts = { { "a", addr = "10.0.0.1" }, "b" }, links = { { "a", "b" } } }
)
refused(
  [=[hosts[1].addr: 10.0.0.0 is the subnet's own address, no host's]=],
  { hosts = { { "a", addr = "10.0.0.0/24" }, "b" }, links = { { "a", "b" } } }
)
refused(
  [=[hosts[1].addr: 10.0.0.255 is its broadcast address, no host's]=],
  { hosts = { { "a", addr = "10.0.0.255/24" }, "b" }, links = { { "a", "b" } } }
)
refused(
  [=[hosts[1].addr: expected an address such as "10.0.1.1/24" or "fd00::1", got the string "10.0.0.300"]=],
  { hosts = { { "a", addr = "10.0.0.300" }, "b" }, links = { { "a", "b" } } }
)
refused(
  [=[hosts[1].addr: a has 0 links, so it is not clear which one is meant
  hint: give the address with a link: { "a", ..., addr = { a = ... } }]=],
  { hosts = { { "a", addr = "10.0.0.1/24" } } }
)
refused([=[links[2].subnet: 10.0.1.0/24 overlaps 10.0.0.0/16 of a-b]=], {
  hosts = { "a", "b", "c" },
  links = { { "a", "b", subnet = "10.0.0.0/16" }, { "b", "c", subnet = "10.0.1.0/24" } },
})
refused(
  [=[subnets: no link or switch is called "a-c"
  hint: there are a-b]=],
  { hosts = { "a", "b" }, links = { { "a", "b" } }, subnets = { ["a-c"] = "10.0.0.0/24" } }
)
refused([=[subnets.s: s has no links]=], { switches = { "s" }, subnets = { s = "10.0.0.0/24" } })
refused(
  [=[subnets["a-b-c"]: links[1] and links[2] are both called so
  hint: give the subnet there]=],
  {
    hosts = { "a", "b-c", "a-b", "c" },
    links = { { "a", "b-c" }, { "c", "a-b" } },
    subnets = { ["a-b-c"] = "10.0.0.0/24" },
  }
)
refused([=[subnets["b-a"]: 10.2.0.0/24, but links[1].subnet says 10.1.0.0/24]=], {
  hosts = { "a", "b" },
  links = { { "a", "b", subnet = "10.1.0.0/24" } },
  subnets = { ["b-a"] = "10.2.0.0/24" },
})
refused(
  [=[links[1].subnet: fd00:: is IPv6, which ipv6 = false switches off]=],
  { ipv6 = false, hosts = { "a", "b" }, links = { { "a", "b", subnet = "fd00::/64" } } }
)
refused([=[ipv6: expected a boolean, got the integer 1]=], { ipv6 = 1 })
refused(
  [=[pool: 10.0.0.0/30 has no room for the subnet of b-c
  hint: give a larger pool, or some of the subnets]=],
  { pool = "10.0.0.0/30", hosts = { "a", "b", "c" }, links = { { "a", "b" }, { "b", "c" } } }
)
refused([=[pool: fd00::/65 is too small: each subnet is a /64]=], { pool = "fd00::/65" })
refused(
  [=[pool: 10.0.0.255/32 at its end has no room for all loopbacks
  hint: give a larger pool]=],
  { pool = "10.0.0.0/24", loopbacks = true, routers = { "r1", "r2" } }
)
refused(
  [=[routers[2].loopback: 1.1.1.1 is used already, by routers[1].loopback]=],
  { routers = { { "r1", loopback = "1.1.1.1" }, { "r2", loopback = "1.1.1.1" } } }
)
refused(
  [=[routers[1].loopback: a loopback has an address alone: 1.1.1.0/32]=],
  { routers = { { "r1", loopback = "1.1.1.0/24" } } }
)
refused(
  [=[links[1].addr.s: s is a switch; switches have no addresses]=],
  { switches = { "s" }, hosts = { "a" }, links = { { "s", "a", addr = { s = "10.0.0.1/24" } } } }
)
refused([=[links[2].dev.a: a has an interface x already]=], {
  routers = { "a", "b", "c" },
  links = { { "a", "b", dev = { a = "x" } }, { "a", "c", dev = { a = "x" } } },
})
refused(
  [=[links[1].dev.a: "a-name-too-long-" is no name for an interface
  hint: 1 to 15 bytes, without white space, / : and %]=],
  { routers = { "a", "b" }, links = { { "a", "b", dev = { a = "a-name-too-long-" } } } }
)
for _, dev in ipairs({ "lo", ".", "..", "all", "default" }) do
  refused(
    ("links[1].dev.a: no interface can be called %q"):format(dev),
    { routers = { "a", "b" }, links = { { "a", "b", dev = { a = dev } } } }
  )
end
refused(
  [=[links[2]: s2-s3 closes a loop of switches, in which frames would circle for ever
  hint: leave it out, or give each of the switches bridge = { stp = true }, s1 too]=],
  { switches = { "s1", "s2", "s3" }, links = { { "s1", "s2" }, { "s2", "s3" }, { "s3", "s1" } } }
)
refused(
  [=[hosts[1].gateway: a and r2 have no subnet in common]=],
  { hosts = { { "a", gateway = "r2" } }, routers = { "r1", "r2" }, links = { { "a", "r1" }, { "r1", "r2" } } }
)
refused(
  [=[hosts[1].gateway: unknown node "r9"
  hint: the nodes are r1, a]=],
  { hosts = { { "a", gateway = "r9" } }, routers = { "r1" }, links = { { "a", "r1" } } }
)
refused([=[hosts[1].routes[1].via: a and r2 have no subnet in common]=], {
  hosts = { { "a", routes = { { "default", via = "r2" } } } },
  routers = { "r1", "r2" },
  links = { { "a", "r1" }, { "r1", "r2" } },
})
refused(
  [=[hosts[1].routes[1][1]: "defautl" is no destination
  hint: "default", or a prefix such as "10.0.0.0/8"]=],
  {
    hosts = { { "a", routes = { { "defautl", via = "r1" } } } },
    routers = { "r1" },
    links = { { "a", "r1" } },
  }
)
refused(
  [=[hosts[1].routes[1]: a route needs via or dev
  hint: or nexthops, or a type without a next hop, such as "blackhole"]=],
  { hosts = { { "a", routes = { { "10.0.0.0/8", metric = 5 } } } } }
)
refused([=[hosts[1].routes[1][1]: fd00:: is IPv6, which ipv6 = false switches off]=], {
  ipv6 = false,
  hosts = { { "a", routes = { { "fd00::/8", via = "r1" } } } },
  routers = { "r1" },
  links = { { "a", "r1" } },
})
refused(
  [=[hosts[1].gateway: routes stand in place of the default route
  hint: give it with them: { "default", via = "r1" }]=],
  {
    hosts = { { "a", gateway = "r1", routes = { { "10.0.0.0/8", via = "r1" } } } },
    routers = { "r1" },
    links = { { "a", "r1" } },
  }
)
refused(
  [=[hosts[1].routes[1][1]: expected a string, got nil]=],
  { hosts = { { "a", routes = { { via = "r1" } } } }, routers = { "r1" }, links = { { "a", "r1" } } }
)
refused([=[unknown key "host"; did you mean "hosts"?]=], topology.ring(3, { host = 2 }))

-- What the kernel or a binding refuses is theirs to tell, at the script's line; what was made before is gone.
local function fails(kind, text, lab)
  local e = check.error(function()
    topology(lab)
  end, kind)
  check.equal(e.message, text)
  check(tostring(e.at):find("bad%.lua:%d+$"), e.at)
  check.equal(#namespace.list(), 1, "what was made is gone")
end

local lab = topology.chain(3)
lab.routers[3] = { "r3", sysctl = { ["net.nope"] = 1 } }
fails("not_found", 'sysctl.set "net.nope" in r3: there is no parameter "net.nope"', lab)
lab = topology.chain(3)
lab.hosts[2] = { "h2", routes = { { "default", via = "10.99.0.1" } } }
fails(
  "network_unreachable",
  'route.add "default" in h2: network is unreachable (ENETUNREACH): Nexthop has invalid gateway',
  lab
)
topology(topology.chain(3)):close()
check.equal(#namespace.list(), 1)

-- Generators and methods.
local function raises(text, f)
  local e = check.error(f, "argument")
  check.equal(e.message .. (e.hint and "\n  hint: " .. e.hint or ""), text)
  check(tostring(e.at):find("bad%.lua:%d+$"), e.at)
end

local net = topology(topology.chain(2))
local gone = topology({ hosts = { "g" } })
gone:close()
raises([=[topology.ring: n: expected an integer from 3 to 4096, got the integer 2]=], function()
  topology.ring(2)
end)
raises([=[topology.ring: n: expected an integer from 3 to 4096, got the string "4"]=], function()
  topology.ring("4" --[[@as any]])
end)
raises([=[topology.star: n: expected an integer from 1 to 4096, got nil]=], function()
  (topology.star --[[@as any]])()
end)
raises(
  [=[topology.star: opts.hosts: change the table that is returned
  hint: local plan = topology.star(...); table.insert(plan.hosts, ...)]=],
  function()
    topology.star(3, { hosts = {} })
  end
)
raises([=[topology.star: opts: expected a table, got the integer 4]=], function()
  topology.star(3, 4 --[[@as any]])
end)
raises([=[topology.tree: 20^20 hosts are more than 4096]=], function()
  topology.tree(20, 20)
end)
raises([=[topology.tree: opts.of: expected "switches" or "routers", got the string "x"]=], function()
  topology.tree(1, 1, { of = "x" })
end)
raises([=[topology.ring: opts.hosts: expected an integer from 0 to 4096, got the integer -1]=], function()
  topology.ring(3, { hosts = -1 })
end)
raises([=[topology: no function "stars"; did you mean "star"?]=], function()
  (topology --[[@as any]]).stars(3)
end)
raises(
  [=[topology: no function "foobar"
  hint: it has chain, dumbbell, grid, linear, mesh, ring, star, tree]=],
  function()
    (topology --[[@as any]]).foobar()
  end
)
raises([=[Net:cut: expected a node or its name, got nil]=], function()
  (net --[[@as any]]):cut("r1")
end)
raises(
  [=[Net:cut: expected a network, got the string "r1"
  hint: call it with a colon: net:cut(...)]=],
  function()
    (net --[[@as any]]).cut("r1", "r2")
  end
)
raises(
  [=[Net:cut: there is no node "r9"
  hint: the nodes are r1, r2, h1, h2]=],
  function()
    net:cut("r1", "r9")
  end
)
raises(
  [=[Net:cut: r1 and h2 are not linked
  hint: r1 is linked to r2, h1]=],
  function()
    net:cut("r1", "h2")
  end
)
raises(
  [=[Net: no node or method "kutt"
  hint: there are add_host, add_link, add_router, add_switch, addr, check, close, cut, dot, down, h1, h2, hosts, links, mend, move, nodes, ping_all, r1, r2, ...]=],
  function()
    (net --[[@as any]]):kutt()
  end
)
raises(
  [=[Net: no node or method "r9"
  hint: there are add_host, add_link, add_router, add_switch, addr, check, close, cut, dot, down, h1, h2, hosts, links, mend, move, nodes, ping_all, r1, r2, ...]=],
  function()
    net.r9.ping("r1")
  end
)
raises([=[Net:down: expected a node or its name, got the integer 5]=], function()
  net:down(5 --[[@as any]])
end)
raises([=[Net:addr: opts: unknown option "famly"; did you mean "family"?]=], function()
  net:addr("r1", { famly = "inet" })
end)
raises(
  [=[Net:addr: r1 and h2 are not linked
  hint: r1 is linked to r2, h1]=],
  function()
    net:addr("r1", { to = "h2" })
  end
)
raises([=[Net:addr: opts.family: expected "inet" or "inet6", got the string "inet4"]=], function()
  net:addr("r1", { family = "inet4" } --[[@as any]])
end)
raises([=[Net:cut: this network was closed]=], function()
  gone:cut("r1", "r2")
end)
raises(
  [=[require: nsh has no module "nsh.topologi"
  hint: did you mean "nsh.topology"?]=],
  function()
    (require --[[@as any]])("nsh.topologi")
  end
)
raises(
  [=[require: nsh has no module "nsh.x"
  hint: it has nsh.bird, nsh.frr, nsh.topology]=],
  function()
    (require --[[@as any]])("nsh.x")
  end
)

-- A script's own files can't stand in the library's place.
package.path = "/nowhere/?.lua"
package.loaded["nsh.topology"] = nil
package.preload["nsh.topology"] = function()
  return "another"
end
check.equal(type(require("nsh.topology").ring), "function")
local ok, text = pcall(require, "topology")
check(not ok and text:find('did you mean require("nsh.topology")?', 1, true), text)

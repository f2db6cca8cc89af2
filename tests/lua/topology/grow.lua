-- needs: ip
-- Nodes and links that come later, and nodes that move: what is there stays, what is new gets addresses and routes.
local topology = require("nsh.topology")

local FAMILIES = { "inet", "inet6" }

local function all_pairs(net, what)
  for _, from in ipairs(net.hosts) do
    for _, to in ipairs(net.hosts) do
      for _, family in ipairs(FAMILIES) do
        check.reachable(from, to, { family = family, message = what })
      end
    end
  end
end

---The addresses of an interface, as `ip` sees them.
local function addresses(ns, dev)
  local out = {}
  for _, a in ipairs(json.decode(ns.exec({ "ip", "-j", "addr", "show", "dev", dev }).stdout)[1].addr_info) do
    table.insert(out, a.scope == "global" and a["local"] .. "/" .. a.prefixlen or nil)
  end
  return out
end

local function names(list)
  local out = {}
  for i, ns in ipairs(list) do
    out[i] = ns.name
  end
  return table.concat(out, " ")
end

-- Hosts, routers, switches and links.
do
  local net <close> = topology(topology.star(2))
  local hosts, links, first = net.hosts, net.links, net.links[1]
  local h3 = net:add_host("h3", { to = "s1", mac = "02:00:00:00:00:33" })
  check.equal(h3, net.h3)
  check.equal(addresses(h3, "eth0"), { "10.0.1.3/24", "fd00:1::3/64" })
  check.equal(json.decode(h3.exec("ip -j link show eth0").stdout)[1].address, "02:00:00:00:00:33")
  check.match(tostring(net), "h3 +eth0 +%-%- s1 +10%.0%.1%.3/24")
  local r1 = net:add_router("r1", { to = "s1", loopback = "1.1.1.1" })
  check.equal(addresses(net.h1, "eth0"), { "10.0.1.1/24", "fd00:1::1/64" }, "what is there stays")
  check.equal(net.h1.route.get("8.8.8.8").via, net:addr("r1"), "hosts have a default route now")
  net:add_switch("s2", { to = "r1", subnet = "172.16.0.0/24" })
  net:add_host("far", { to = net.s2, addr = "172.16.0.77" })
  check.equal(net:addr("far"), "172.16.0.77")
  all_pairs(net, tostring(net))
  check.reachable(net.far, "1.1.1.1")
  net:add_router("r2")
  local link = net:add_link("r1", "r2", { mtu = 1400, subnet = "10.0.12.0/30", dev = { r1 = "wan" } })
  check.equal(link.name, "r1-r2")
  check.equal(json.decode(r1.exec("ip -j link show wan").stdout)[1].mtu, 1400)
  net:add_host("end", { to = "r2" })
  all_pairs(net, tostring(net))
  check.equal(names(net.hosts), "h1 h2 h3 far end")
  check.equal(names(net.nodes), "r1 r2 h1 h2 h3 far end s1 s2")
  check(hosts == net.hosts and links == net.links and first == net.links["s1-h1"], "the tables are the same")
  check.equal(net.links["end-r2"].subnets[1], "10.0.4.0/24")

  -- The routes of others change with it.
  check.equal(net.h1.ping(net["end"]).replies[1].ttl, 64 - 2)
  net:add_link("r2", "s1")
  check.equal(net.h2.route.get("8.8.8.8").via, net:addr("r1", { to = "s1" }))
  all_pairs(net, tostring(net))

  -- To a node that is down, and over a link that is cut.
  net:cut("r1", "r2")
  net:down("h1")
  net:add_link("h1", "r2")
  check.equal(net.links["h1-r2"].up, false)
  net:add_host("later", { to = "s2" })
  net:up("h1")
  net:mend("r1", "r2")
  all_pairs(net, tostring(net))

  -- What is wrong changes nothing.
  local before = tostring(net)
  local function refused(text, f)
    local e = check.error(f)
    check.equal(e.message .. (e.hint and "; " .. e.hint or ""), text)
    check.match(e.at or "", "grow%.lua:%d+$")
    check.equal(tostring(net), before)
    check.equal(namespace.get("new"), nil)
  end
  refused('Net:add_host: hosts[7]: "h1" is the name of hosts[1] already', function()
    net:add_host("h1")
  end)
  refused('Net:add_host: hosts[7]: unknown key "adddr"; did you mean "addr"?', function()
    net:add_host("new", { adddr = "10.0.0.1" })
  end)
  refused("Net:add_host: hosts[7].addr: 10.9.9.9 is outside the subnet of s1, 10.0.1.0/24", function()
    net:add_host("new", { to = "s1", addr = "10.9.9.9" })
  end)
  refused("Net:add_host: hosts[7].addr: 10.0.1.1 is used already, by links[1]", function()
    net:add_host("new", { to = "s1", addr = "10.0.1.1" })
  end)
  refused('Net:add_host: links[12][2]: unknown node "nobody"', function()
    local e = check.error(function()
      net:add_host("new", { to = "nobody" })
    end)
    e.hint = nil
    error(e, 0)
  end)
  refused('Net:add_link: links[12].mtu: expected an integer from 68 to 65535, got the string "x"', function()
    net:add_link("h1", "h2", { mtu = "x" } --[[@as any]])
  end)
  refused(
    "Net:add_link: this joins s1 and s2, which have subnets of their own; put a router between them, or join them in the table",
    function()
      net:add_link("s1", "s2")
    end
  )
  -- What the kernel refuses leaves nothing, either.
  net.h2.link.add("mine", { kind = "bridge" })
  local e = check.error(function()
    net:add_link("h2", "r1", { dev = { h2 = "mine" } })
  end, "exists")
  check.match(e.message, "mine")
  check.equal(tostring(net), before)
  all_pairs(net, "nothing has changed")
end

-- Within a subnet a node keeps its addresses, and others find it at once.
do
  local net <close> = topology(topology.linear(3, { hosts = 2 }))
  all_pairs(net, "before")
  local seen = net.h1_1.exec("ip -o addr show dev eth0 | grep global").stdout
  local link = net:move("h1_1", "s3")
  check.equal(link.name, "s3-h1_1")
  check.equal(link, net.links["h1_1-s3"])
  check.equal(net.h1_1.exec("ip -o addr show dev eth0 | grep global").stdout, seen)
  check.equal(net.s1.link.get("to-h1_1"), nil)
  check.equal(json.decode(net.s3.exec("ip -j link show to-h1_1").stdout)[1].master, "br0")
  check.match(tostring(net), "h1_1 +eth0 +%-%- s3")
  for _, from in ipairs(net.hosts) do
    check.reachable(from, net.h1_1)
  end
  all_pairs(net, "after")
  net:cut("h1_1", "s3")
  net:mend("h1_1", "s3")
  net:move("h1_1", "s1")
  all_pairs(net, "back")
end

-- Elsewhere it gets others, and another default route.
do
  local net <close> = topology({
    routers = { "r1", "r2" },
    hosts = { "a", { "b", addr = "10.50.0.7/24" }, "c" },
    switches = { "s1", "s2" },
    links = { { "r1", "r2" }, { "r1", "s1" }, { "r2", "s2" }, { "s1", "a" }, { "s1", "b" }, { "s2", "c" } },
  })
  all_pairs(net, "before")
  local _server <close> = net.b.http.serve(":80", { ["/"] = "b\n" })
  net:move("b", "s2")
  check.equal(addresses(net.b, "eth0"), { "10.0.3.3/24", "fd00:3::3/64" })
  check.equal(net.b.route.get(net:addr("a")).via, net:addr("r2", { to = "s2" }))
  all_pairs(net, tostring(net))
  check.equal(net.a.http.get("http://" .. net:addr("b") .. "/").body, "b\n")
  net:move("b", "s1", { addr = "10.50.0.9" })
  check.equal(addresses(net.b, "eth0")[1], "10.50.0.9/24")
  all_pairs(net, tostring(net))
  -- To a router itself, and a router's own cable.
  net:move("b", "r2")
  check.equal(net.links["r2-b"].subnets[1], "10.0.4.0/24")
  all_pairs(net, tostring(net))
  net:move("r2", "s1", { from = "r1" })
  all_pairs(net, tostring(net))
  local e = check.error(function()
    net:move("b", "r2")
  end, "argument")
  check.equal(e.message, "Net:move: b is linked to r2 already, by this link")
  check.match(
    check.error(function()
      net:move("r2", "r1")
    end).message,
    "Net:move: r2 has %d links"
  )
end
check.equal(#namespace.list(), 0)

-- needs: ip
-- Nexthop objects as `ip -j nexthop` sees them.
local other = namespace.add("other")
for i = 0, 1 do
  link.add("v" .. i, { kind = "veth", up = true, peer = { name = "p" .. i, ns = other, up = true } })
  addr.add(("10.0.%d.1/24"):format(i), { dev = "v" .. i })
  addr.add(("fd00:%d::1/64"):format(i), { dev = "v" .. i })
end
wait.link("v0")
wait.link("v1")

local function same()
  local text = {}
  for i, item in ipairs(nexthop.list()) do
    text[i] = tostring(item)
  end
  local told = proc.exec("ip nexthop", { check = true }).stdout:gsub("%s+\n", "\n"):gsub("%s+$", "")
  check.equal(table.concat(text, "\n"), told)
end

local made, raised = pcall(nexthop.add, 1, { via = "10.0.0.9", dev = "v0" })
local e = raised --[[@as nsh.Error]]
if not made and e.kind == "unsupported" then
  skip("this kernel has no nexthop objects")
end
nexthop.add(2, { via = "fd00:1::9", dev = "v1", proto = "static" })
nexthop.add(3, { blackhole = true })
nexthop.add(4, { dev = "v1" })
nexthop.add(5, { via = "10.77.0.1", dev = "v1", onlink = true })
nexthop.add(6, { dev = "v0", family = "inet6" })
nexthop.add(10, { group = "1/5,3" })
same()

local seen = {}
for _, item in ipairs(json.decode(proc.exec("ip -j nexthop", { check = true }).stdout)) do
  seen[item.id] = item
end
check.equal(seen[1].gateway, "10.0.0.9")
check.equal(seen[2].protocol, "static")
check.equal(seen[5].flags, { "onlink" })
check.equal(seen[10].group, { { id = 1 }, { id = 5, weight = 3 } })

local way = nexthop.get(5)
check.equal(way.via, "10.77.0.1")
check.equal(way.dev, "v1")
check.equal(way.onlink, true)
check.equal(nexthop.get(10).group, "1/5,3")
check.equal(nexthop.get(99), nil)
check.equal(#nexthop.list({ dev = "v1" }), 3)
check.equal(nexthop.list({ via = "10.0.0.9" })[1].id, 1)

route.add("10.9.0.0/16", { nhid = 1 })
check.equal(route.list({ nhid = 1 })[1].via, "10.0.0.9")
nexthop.replace(1, { via = "10.0.0.8", dev = "v0" })
check.equal(route.list({ dst = "10.9.0.0/16" })[1].via, "10.0.0.8")
route.add("10.10.0.0/16", { nhid = 10 })
check.equal(#route.list({ dst = "10.10.0.0/16" })[1].nexthops, 2)

local function fails(kind, pattern, id, opts)
  local failed = check.error(function()
    nexthop.add(id, opts)
  end, kind)
  check.match(tostring(failed), pattern, { plain = true })
end
fails("exists", "there is id 1 via 10.0.0.8 dev v0 scope link; nexthop.replace", 1, { blackhole = true })
fails("argument", "a nexthop needs dev, group or blackhole", 50, {})
fails("argument", "a group and a blackhole have no via", 50, { blackhole = true, dev = "v0" })
fails("argument", 'expected ids with their weights, such as "1/2"', 50, { group = "1,0" })
fails(
  "network_unreachable",
  "no interface of host has an address in the subnet of 10.77.0.9",
  50,
  { via = "10.77.0.9", dev = "v0" }
)
fails("network_unreachable", "in the subnet of v1", 50, { via = "10.0.1.9", dev = "v0" })
fails("not_found", "v9", 50, { dev = "v9" })
check.error(function()
  nexthop.del(99)
end, "not_found")

check.equal(#lab.state().namespaces.host.nexthops, 7)
nexthop.del(1)
check.equal(route.list({ dst = "10.9.0.0/16" }), {}, "a route goes with its nexthop")
check.equal(nexthop.flush({ proto = "static" }), 1)
same()
check.at_least(nexthop.flush(), 4)
check.equal(nexthop.list(), {})

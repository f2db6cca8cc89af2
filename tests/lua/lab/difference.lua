-- What the kernel does by itself while a link settles is no difference; what routes have beyond their hops is one.
local ns1 = namespace.add("ns1")
link.add("br0", { kind = "bridge", up = true, addr = { "10.0.0.1/24", "fd00::1/64" } })
link.add("v1", {
  kind = "veth",
  master = "br0",
  up = true,
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.11/24", "fd00::11/64" } },
})
check.reachable("ns1", "10.0.0.1")
addr.add("fd00::2/64", { dev = "br0", dad = true })
addr.add("10.0.0.3/24", { dev = "br0", valid_lft = 1000, preferred_lft = 500 })
local before = lab.state()
check(addr.list({ family = "inet6", dev = "br0" })[1], "there is one")
-- Detection of duplicates ends, neighbours get old, times run out, the bridge learns.
eventually(function()
  for _, ns in ipairs(namespace.list()) do
    for _, a in ipairs(ns.addr.list({ family = "inet6" })) do
      check(not a.tentative)
    end
  end
end)
ns1.neigh.replace("10.0.0.1", { dev = "eth0", lladdr = link.get("br0").mac, state = "stale" })
neigh.flush({ dev = "br0" })
check.reachable("ns1", "10.0.0.1")
check.reachable("ns1", "fd00::1")
fdb.flush("br0")
local function changed()
  local lines = {}
  for line in lab.difference(before, lab.state()):gmatch("[^\n]+") do
    if line:find("^  [-+]") then
      lines[#lines + 1] = line
    end
  end
  return lines
end
-- A neighbour of IPv6 may be new.
for _, line in ipairs(changed()) do
  check.match(line, "^  %+ f[de][%x:]+ dev [%w]+ ")
end

local function adds(line, f, undo)
  local first = lab.state()
  f()
  check.match(lab.difference(first, lab.state()), "  + " .. line, { plain = true })
  undo()
  check.equal(lab.difference(first, lab.state()), "")
end
adds("10.9.0.0/16 via 10.0.0.2 dev br0 mtu 1300 advmss 1200", function()
  route.add("10.9.0.0/16", { via = "10.0.0.2", metrics = { mtu = 1300, advmss = 1200 } })
end, function()
  route.del("10.9.0.0/16")
end)
adds("10.9.0.0/16 nexthop dev br0 weight 1 nexthop via 10.0.0.2 dev br0 weight 3", function()
  route.add("10.9.0.0/16", { nexthops = { { dev = "br0" }, { via = "10.0.0.2", weight = 3 } } })
end, function()
  route.del("10.9.0.0/16")
end)
route.add("10.9.0.0/16", { via = "10.0.0.2" })
adds("10.9.0.0/16 via 10.0.0.2 dev br0 mtu 1300", function()
  route.replace("10.9.0.0/16", { via = "10.0.0.2", metrics = { mtu = 1300 } })
end, function()
  route.replace("10.9.0.0/16", { via = "10.0.0.2" })
end)
adds("10.0.0.77 dev br0 lladdr 02:00:00:00:00:77 PERMANENT", function()
  neigh.add("10.0.0.77", { dev = "br0", lladdr = "02:00:00:00:00:77" })
end, function()
  neigh.del("10.0.0.77", { dev = "br0" })
end)
adds("02:00:00:00:00:78 dev v1 master br0 static", function()
  fdb.add("02:00:00:00:00:78", { dev = "v1" })
end, function()
  fdb.del("02:00:00:00:00:78", { dev = "v1" })
end)
-- An address that is added is one, tentative or not.
adds("br0    inet6 fd00::7/64 scope global", function()
  addr.add("fd00::7/64", { dev = "br0", dad = true })
end, function()
  addr.del("fd00::7/64", { dev = "br0" })
end)

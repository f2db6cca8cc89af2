-- One Ethernet over three sites: VXLAN between routers of an IP network. What is sent to all goes to each of the other
-- sites (head-end replication); what goes to one host, to its site alone, since the sites are told where each host is.
-- needs: vxlan
local topology = require("nsh.topology")

-- The network between the sites knows nothing of their Ethernet.
local net = topology({
  routers = { "core" },
  hosts = { "site1", "site2", "site3" },
  links = { { "core", "site1" }, { "core", "site2" }, { "core", "site3" } },
})

local sites, hosts, macs = {}, {}, {}
for i = 1, 3 do
  local site = net["site" .. i]
  local address = net:addr(site)
  sites[i] = { ns = site, address = address }
  site.bridge.add("br0", { up = true })
  site.link.add("vx0", {
    kind = "vxlan",
    vxlan = { id = 42, ["local"] = address, dstport = 4789, learning = false },
    master = "br0",
    up = true,
  })
  local host = namespace.add("h" .. i)
  local peer = { name = "eth0", ns = host, up = true, addr = ("10.0.0.%d/24"):format(i) }
  site.link.add("p0", { kind = "veth", master = "br0", up = true, peer = peer })
  hosts[i], macs[i] = host, assert(host.link.get("eth0")).mac
end

-- To all: a copy for each of the other sites. Nothing passes before.
check.unreachable(hosts[1], "10.0.0.2", { timeout = 0.5 })
for i, site in ipairs(sites) do
  for j, other in ipairs(sites) do
    if i ~= j then
      site.ns.fdb.append("00:00:00:00:00:00", { dev = "vx0", dst = other.address })
      site.ns.fdb.add(macs[j], { dev = "vx0", dst = other.address })
    end
  end
end
print(sites[1].ns.fdb.list({ dev = "vx0" }))

for i, host in ipairs(hosts) do
  host.neigh.flush()
  for j = 1, 3 do
    if i ~= j then
      check.reachable(host, "10.0.0." .. j)
    end
  end
end

-- Where they go: between the sites it is UDP to port 4789, and what h1 and h2 say isn't seen at site 3.
local function large(capture)
  local count = 0
  for _, packet in ipairs(capture:packets({ proto = "udp", dport = 4789 })) do
    count = count + (packet.length > 1000 and 1 or 0)
  end
  return count
end
local two <close> = sites[2].ns.capture.start("eth0")
local three <close> = sites[3].ns.capture.start("eth0")
check.equal(hosts[1].ping("10.0.0.2", { count = 3, size = 1000 }).received, 3)
check.equal(large(two), 6)
check.equal(large(three), 0)

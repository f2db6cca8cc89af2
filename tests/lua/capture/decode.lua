-- What packets say, told as tcpdump tells it, and as fields.
-- needs: tcpdump, root
local frames = require("lib.frames")

-- A file of pcap, whose packets come a second apart.
local parts = { string.pack("<I4I2I2i4I4I4I4", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1) }
for i, hex in ipairs(frames) do
  local bytes = hex:gsub("%x%x", function(byte)
    return string.char(assert(tonumber(byte, 16)))
  end)
  parts[#parts + 1] = string.pack("<I4I4I4I4", 1700000000 + i, 5, #bytes, #bytes) .. bytes
end
local file = assert(io.open("/tmp/frames.pcap", "wb"))
file:write(table.concat(parts))
file:close()
local packets = capture.read("/tmp/frames.pcap")
check.equal(#packets, #frames)

test("lines", function()
  local dump =
    proc.exec({ "tcpdump", "-Z", "root", "-n", "-S", "-r", "/tmp/frames.pcap" }, { check = true }).stdout
  -- What VXLAN carries is a line of its own there.
  local lines = {}
  for line in dump:gmatch("[^\n]+") do
    if line:find("^%d%d:%d%d:") then
      lines[#lines + 1] = line
    else
      lines[#lines] = lines[#lines] .. ": " .. line
    end
  end
  for i, p in ipairs(packets) do
    -- More is told of DHCP and BGP.
    local mine = tostring(p)
    if p.dhcp or p.bgp then
      mine = mine:sub(1, #lines[i])
    end
    check.equal(mine, lines[i])
  end
end)

local function of(proto, nth)
  local found = capture.read("/tmp/frames.pcap", { proto = proto })
  return assert(found[nth or 1], proto)
end

test("dns", function()
  local p = of("dns")
  check.subset(p, { proto = "dns", type = "query", dport = 53 })
  check.equal(p.dns.questions, { { name = "example.com.", type = "A" } })
  local answer = of("dns", 2).dns
  check.subset(answer, { response = true, rcode = "NoError", authoritative = true, truncated = false })
  check.equal(answer.answers, { { name = "example.com.", type = "A", ttl = 60, data = "1.2.3.4" } })
  local kinds = {}
  for i, a in ipairs(of("dns", 4).dns.answers) do
    kinds[i] = a.type .. " " .. a.data
  end
  check.equal(kinds[1], "AAAA fd00::1")
  check.equal(kinds[4], 'TXT "hello"')
  check.equal(kinds[7], "SRV srv.x.:80 1 2")
  check.equal(of("dns", 5).dns.rcode, "NXDomain")
end)

test("dhcp", function()
  check.subset(
    of("dhcp"),
    { proto = "dhcp", type = "discover", dhcp = { type = "discover", mac = "02:00:00:00:00:01" } }
  )
  check.subset(of("dhcp", 2).dhcp, { type = "offer", your = "10.0.0.50" })
  check(tostring(of("dhcp", 2)):find(", offer 10.0.0.50", 1, true))
  check.subset(of("dhcp6"), { type = "solicit" })
end)

test("tunnels and labels", function()
  local p = of("vxlan")
  check.subset(p, { proto = "vxlan", dport = 4789, tunnel = { type = "vxlan", id = 100, length = 98 } })
  check.subset(p.inner, { proto = "icmp", type = "echo request", src = "1.1.1.1", dst = "1.1.1.2" })
  check.equal(p.inner.eth.ethertype, 0x0800)
  check.subset(of("vxlan", 2).inner.arp, { op = "request", target = "1.1.1.2" })
  check.subset(of("geneve"), { tunnel = { id = 100 }, inner = { src = "1.1.1.1" } })
  check.subset(of("gre", 2), { proto = "gre", src = "10.0.0.1", tunnel = { type = "gre", id = 100 } })
  check.subset(of("gre", 4).inner, { proto = "icmp", vlan = nil })
  check.subset(of("ipip"), { proto = "ipip", inner = { src = "1.1.1.1", proto = "icmp" } })
  check.subset(of("ip6ip"), { inner = { src = "fd00::1", dport = 6 } })
  check.subset(of("mpls"), { proto = "icmp", mpls = { 100 }, dst = "10.0.0.2" })
  check.equal(of("mpls", 2).mpls, { 100, 200 })
  check.subset(
    capture.read("/tmp/frames.pcap", { filter = "vlan 10" })[1],
    { vlan = 10, vlans = { 10 }, proto = "icmp" }
  )
  check.equal(capture.read("/tmp/frames.pcap", { filter = "vlan 20 and vlan 30" })[1].vlans, { 20, 30 })
end)

test("routing protocols, neighbour discovery", function()
  local hello = of("ospf")
  check.equal(hello.type, "hello")
  check.subset(
    hello.ospf,
    { version = 2, router = "1.1.1.1", area = "0.0.0.0", hello_interval = 10, dead_interval = 40 }
  )
  check.equal(hello.ospf.dr, "10.0.0.1")
  check.equal(#capture.read("/tmp/frames.pcap", { type = "link state update" }), 1)
  check.subset(
    of("bgp", 2).bgp.messages[1],
    { type = "open", asn = 65001, hold_time = 90, router = "1.1.1.1" }
  )
  local update = of("bgp", 3)
  check.equal(update.type, "update")
  check.equal(update.bgp.messages[1].prefixes, { "10.1.2.0/24" })
  check.equal(update.bgp.messages[2].type, "keepalive")
  check(tostring(update):find(": BGP, update 10.1.2.0/24, keepalive", 1, true), tostring(update))
  check.subset(of("bgp", 4).bgp.messages[1], { type = "notification", code = 6, subcode = 2 })
  check.equal(#capture.read("/tmp/frames.pcap", { type = "keepalive" }), 2, "in a segment with others, too")
  check.equal(#capture.read("/tmp/frames.pcap", { type = "P.", port = 179 }), 4)
  local ra = capture.read("/tmp/frames.pcap", { type = "router advertisement" })[1].icmp
  check.subset(ra, { lifetime = 1800, prefixes = { "fd00:9::/64" }, mtu = 1400, mac = "02:00:00:00:00:01" })
end)

-- What tc_flower.sh, tc_flower_l2_miss.sh and tc_chains.sh of the kernel's selftests (net/forwarding) are for: each key of flower
-- meets the packets that have it and no others, chains are gone to and come back, and all of it is counted.
-- needs: clsact, cls_flower, act_gact
local far = namespace.add("far")
link.add("v1", {
  kind = "veth",
  up = true,
  mac = "02:00:00:00:00:01",
  addr = { "192.0.2.1/24", "2001:db8:1::1/64" },
  peer = {
    name = "v2",
    ns = far,
    up = true,
    mac = "02:00:00:00:00:02",
    addr = { "192.0.2.2/24", "2001:db8:1::2/64" },
  },
})
far.tc.qdisc.add("v2", { kind = "clsact" })
wait.link("v1", { carrier = true })

--- How many packets the filter of this preference met, by tc's own statistics.
local function hits(pref, chain)
  local found = far.tc.filter.list({ dev = "v2", parent = "ingress", pref = pref, chain = chain })
  return assert(assert(found[1]).actions[1]).packets
end

--- Adds a filter that drops what it meets.
local function filter(pref, keys, options)
  local all = { parent = "ingress", pref = pref, flower = keys, actions = "drop" }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  far.tc.filter.add("v2", all --[[@as any]])
end

local eth = { dst = "02:00:00:00:00:02" }
local function udp(ip, ports)
  return { eth = eth, ip = ip, udp = ports or { dport = 9 } }
end

-- By its name: keys that meet the frame, keys that don't, the frame.
local cases = {
  {
    "dst_mac",
    { dst_mac = "02:00:00:00:00:02" },
    { dst_mac = "02:00:00:00:00:03" },
    udp({ dst = "192.0.2.2" }),
  },
  {
    "dst_mac with a mask",
    { dst_mac = "02:00:00:00:00:02/ff:ff:00:00:00:00" },
    { dst_mac = "02:01:00:00:00:02/ff:ff:00:00:00:00" },
    udp({ dst = "192.0.2.2" }),
  },
  {
    -- A source that sends nothing by itself.
    "src_mac",
    { src_mac = "02:00:00:00:00:99" },
    { src_mac = "02:00:00:00:00:98" },
    { eth = { dst = eth.dst, src = "02:00:00:00:00:99" }, ip = { dst = "192.0.2.2" }, udp = {} },
  },
  { "dst_ip", { dst_ip = "192.0.2.2" }, { dst_ip = "198.51.100.2" }, udp({ dst = "192.0.2.2" }) },
  {
    "dst_ip of a network",
    { dst_ip = "192.0.2.0/24" },
    { dst_ip = "192.0.3.0/24" },
    udp({ dst = "192.0.2.2" }),
  },
  { "src_ip", { src_ip = "192.0.2.1" }, { src_ip = "198.51.100.1" }, udp({ dst = "192.0.2.2" }) },
  {
    "dst_ip of IPv6",
    { dst_ip = "2001:db8:1::2" },
    { dst_ip = "2001:db8:2::2" },
    udp({ dst = "2001:db8:1::2" }),
  },
  {
    "src_ip of IPv6",
    { src_ip = "2001:db8:1::/64" },
    { src_ip = "2001:db8:2::/64" },
    udp({ dst = "2001:db8:1::2" }),
  },
  {
    "ip_proto",
    { dst_ip = "192.0.2.2", ip_proto = "udp" },
    { dst_ip = "192.0.2.2", ip_proto = "tcp" },
    udp({ dst = "192.0.2.2" }),
  },
  {
    "dst_port",
    { ip_proto = "udp", dst_port = 53, dst_ip = "192.0.2.0/24" },
    { ip_proto = "udp", dst_port = 54, dst_ip = "192.0.2.0/24" },
    udp({ dst = "192.0.2.2" }, { dport = 53 }),
  },
  {
    "dst_port of a range",
    { ip_proto = "udp", dst_port = "100-200", dst_ip = "192.0.2.0/24" },
    { ip_proto = "udp", dst_port = "201-300", dst_ip = "192.0.2.0/24" },
    udp({ dst = "192.0.2.2" }, { dport = 200 }),
  },
  {
    "src_port",
    { ip_proto = "tcp", src_port = 4000, dst_ip = "192.0.2.0/24" },
    { ip_proto = "tcp", src_port = 4001, dst_ip = "192.0.2.0/24" },
    { eth = eth, ip = { dst = "192.0.2.2" }, tcp = { sport = 4000 } },
  },
  {
    "tcp_flags",
    { ip_proto = "tcp", tcp_flags = "0x2/0x12", dst_ip = "192.0.2.0/24" },
    { ip_proto = "tcp", tcp_flags = "0x10/0x10", dst_ip = "192.0.2.0/24" },
    { eth = eth, ip = { dst = "192.0.2.2" }, tcp = { flags = "S" } },
  },
  {
    "ip_tos",
    { dst_ip = "192.0.2.2", ip_tos = 0x20 },
    { dst_ip = "192.0.2.2", ip_tos = 0x18 },
    udp({ dst = "192.0.2.2", tos = 0x20 }),
  },
  {
    "ip_flags",
    { dst_ip = "192.0.2.2", ip_flags = "frag/firstfrag" },
    { dst_ip = "192.0.2.2", ip_flags = "nofrag" },
    udp({ dst = "192.0.2.2", more_fragments = true }),
  },
  {
    "ip_ttl",
    { dst_ip = "192.0.2.2", ip_ttl = 63 },
    { dst_ip = "192.0.2.2", ip_ttl = 255 },
    udp({ dst = "192.0.2.2", ttl = 63 }),
  },
  {
    "type of ICMP",
    { ip_proto = "icmp", type = 8, dst_ip = "192.0.2.2" },
    { ip_proto = "icmp", type = 0, dst_ip = "192.0.2.2" },
    { eth = eth, ip = { dst = "192.0.2.2" }, icmp = { type = "echo request" } },
  },
  {
    "code of ICMPv6",
    { ip_proto = "icmpv6", type = 1, code = 4, dst_ip = "2001:db8:1::2" },
    { ip_proto = "icmpv6", type = 1, code = 3, dst_ip = "2001:db8:1::2" },
    { eth = eth, ip = { dst = "2001:db8:1::2" }, icmp = { type = 1, code = 4 } },
  },
  {
    "arp_tip",
    { arp_tip = "192.0.2.2", arp_op = "request" },
    { arp_tip = "192.0.2.3", arp_op = "request" },
    { arp = { target = "192.0.2.2" } },
  },
  {
    "arp_op and arp_sip",
    { arp_sip = "192.0.2.1", arp_op = "reply" },
    { arp_sip = "192.0.2.1", arp_op = "request" },
    { eth = eth, arp = { op = "reply", target = "192.0.2.2" } },
  },
  {
    "vlan_id",
    { vlan_id = 85 },
    { vlan_id = 86 },
    { eth = eth, vlan = 85, ip = { dst = "192.0.2.2" }, udp = {} },
  },
  {
    "vlan_prio",
    { vlan_id = 85, vlan_prio = 6 },
    { vlan_id = 85, vlan_prio = 5 },
    { eth = eth, vlan = { { id = 85, prio = 6 } }, ip = { dst = "192.0.2.2" }, udp = {} },
  },
  {
    "vlan_ethtype and what is behind",
    { vlan_id = 85, vlan_ethtype = "ip", dst_ip = "192.0.2.2" },
    { vlan_id = 85, vlan_ethtype = "ipv6", dst_ip = "2001:db8:1::2" },
    { eth = eth, vlan = 85, ip = { dst = "192.0.2.2" }, udp = {} },
  },
  {
    "mpls_label",
    { mpls_label = 100, mpls_bos = 1 },
    { mpls_label = 101, mpls_bos = 1 },
    { eth = { dst = eth.dst, ethertype = 0x8847 }, payload = "\x00\x06\x41\x40" .. ("\0"):rep(40) },
  },
}
for _, case in ipairs(cases) do
  local name, meets, others, frame = table.unpack(case)
  test(name --[[@as string]], function()
    filter(1, others)
    filter(2, meets)
    defer(far.tc.filter.del, "v2", { parent = "ingress" })
    send("v1", frame --[[@as any]])
    eventually(function()
      check.equal({ hits(1), hits(2) }, { 0, 1 })
    end)
    send("v1", frame --[[@as any]])
    eventually(function()
      check.equal({ hits(1), hits(2) }, { 0, 2 })
    end)
  end)
end

test("indev: the link that they come in by", function()
  filter(1, { indev = "lo", dst_ip = "192.0.2.2" })
  filter(2, { indev = "v2", dst_ip = "192.0.2.2" })
  defer(far.tc.filter.del, "v2", { parent = "ingress" })
  send("v1", udp({ dst = "192.0.2.2" }) --[[@as any]])
  eventually(function()
    check.equal({ hits(1), hits(2) }, { 0, 1 })
  end)
end)

test("lower preferences are asked first, and a filter that is gone meets nothing", function()
  filter(1, { dst_ip = "192.0.2.2" })
  filter(2, { dst_mac = "02:00:00:00:00:02" })
  defer(far.tc.filter.del, "v2", { parent = "ingress" })
  send("v1", udp({ dst = "192.0.2.2" }) --[[@as any]])
  eventually(function()
    check.equal({ hits(1), hits(2) }, { 1, 0 })
  end)
  far.tc.filter.del("v2", { parent = "ingress", pref = 1, protocol = "ip" })
  send("v1", udp({ dst = "192.0.2.2" }) --[[@as any]])
  eventually(function()
    check.equal(hits(2), 1)
  end)
end)

test("a chain is met by what goes there alone", function()
  filter(1, { dst_ip = "192.0.2.2" }, { chain = 1 })
  defer(far.tc.filter.del, "v2", { parent = "ingress", chain = 1 })
  local seen <close> = far.capture.start("v2", { proto = "udp", dport = 9 })
  send("v1", udp({ dst = "192.0.2.2" }) --[[@as any]])
  seen:wait()
  check.equal(hits(1, 1), 0)
  filter(5, { dst_ip = "192.0.2.2" }, { actions = "goto chain 1" })
  defer(far.tc.filter.del, "v2", { parent = "ingress" })
  send("v1", udp({ dst = "192.0.2.2" }) --[[@as any]])
  eventually(function()
    check.equal({ hits(5), hits(1, 1) }, { 1, 1 })
  end)
end)

test("what is dropped does not arrive, and what isn't does", function()
  filter(1, { dst_ip = "192.0.2.2", ip_proto = "icmp" })
  check.equal(ping("192.0.2.2", { timeout = 0.5 }).received, 0)
  check.equal(ping("2001:db8:1::2").received, 1)
  check.equal(hits(1), 1)
  far.tc.filter.del("v2", { parent = "ingress" })
  check.equal(ping("192.0.2.2").received, 1)
end)

test("keys of another protocol than the filter's, which the kernel would pass over, are refused", function()
  for _, keys in ipairs({ { mpls_label = 5 }, { arp_tha = "02:00:00:00:00:01" } }) do
    local e = check.error(function()
      filter(1, keys, { protocol = "ip" })
    end, "argument")
    check.match(e.message, "and the filter is for ip", { plain = true })
  end
end)

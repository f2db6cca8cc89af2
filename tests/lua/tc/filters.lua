-- Filters and actions, both ways between nsh and tc(8); what they do, and how often.
-- needs: tc, clsact, htb, cls_flower, cls_matchall, cls_u32, cls_fw, cls_basic, act_gact, act_mirred, act_police, act_skbedit, act_vlan, act_nat, act_pedit, act_csum, act_tunnel_key
local same = require("lib.same")

test("filters are as tc makes them", function()
  same.filters("8:", "htb", {
    { { matchall = { classid = "8:1" } }, "protocol all matchall classid 8:1" },
    { { basic = { classid = "8:1" } }, "protocol all basic classid 8:1" },
    { { handle = 7, fw = { classid = "8:1" } }, "protocol all handle 7 fw classid 8:1" },
    { { handle = 7, fw = { classid = "8:1", mask = 15 } }, "protocol all handle 7/0xf fw classid 8:1" },
  })
  same.filters("ingress", "", {
    {
      { flower = { dst_ip = "10.0.0.0/24", src_ip = "10.1.0.1", ip_proto = "tcp", dst_port = 80 } },
      "protocol ip flower dst_ip 10.0.0.0/24 src_ip 10.1.0.1 ip_proto tcp dst_port 80",
    },
    {
      { protocol = "ip", flower = { ip_proto = "udp", src_port = 53 } },
      "protocol ip flower ip_proto udp src_port 53",
    },
    {
      { protocol = "ip", flower = { ip_proto = "tcp", dst_port = "1000-2000", src_port = "3000-4000" } },
      "protocol ip flower ip_proto tcp dst_port 1000-2000 src_port 3000-4000",
    },
    {
      {
        protocol = "ip",
        flower = { ip_proto = "tcp", tcp_flags = "0x2/0x17", ip_tos = "0x10/0xfc", ip_ttl = 64 },
      },
      "protocol ip flower ip_proto tcp tcp_flags 0x2/0x17 ip_tos 0x10/0xfc ip_ttl 64",
    },
    {
      { flower = { dst_ip = "fd00::/64", ip_proto = "icmpv6", type = 128, code = 0 } },
      "protocol ipv6 flower dst_ip fd00::/64 ip_proto icmpv6 type 128 code 0",
    },
    {
      { protocol = "ip", flower = { ip_proto = "icmp", type = 8 } },
      "protocol ip flower ip_proto icmp type 8",
    },
    {
      { flower = { vlan_id = 5, vlan_prio = 3, vlan_ethtype = "ip", dst_ip = "10.0.0.1" } },
      "protocol 802.1Q flower vlan_id 5 vlan_prio 3 vlan_ethtype ip dst_ip 10.0.0.1",
    },
    {
      {
        flower = {
          arp_op = "request",
          arp_tip = "10.0.0.1",
          arp_sip = "10.0.0.0/8",
          arp_sha = "02:00:00:00:00:01",
        },
      },
      "protocol arp flower arp_op request arp_tip 10.0.0.1 arp_sip 10.0.0.0/8 arp_sha 02:00:00:00:00:01",
    },
    {
      { flower = { dst_mac = "02:00:00:00:00:01", src_mac = "02:00:00:00:00:00/ff:00:00:00:00:00" } },
      "protocol all flower dst_mac 02:00:00:00:00:01 src_mac 02:00:00:00:00:00/8",
    },
    {
      {
        flower = {
          enc_key_id = 5,
          enc_dst_ip = "10.0.0.1",
          enc_src_ip = "10.0.0.2",
          enc_dst_port = 4789,
          enc_tos = 1,
          enc_ttl = 3,
        },
      },
      "protocol all flower enc_key_id 5 enc_dst_ip 10.0.0.1 enc_src_ip 10.0.0.2 enc_dst_port 4789 enc_tos 1 enc_ttl 3",
    },
    {
      { protocol = "ip", flower = { ct_state = "+trk+est", ct_zone = 3, ct_mark = "0x1/0xff" } },
      "protocol ip flower ct_state +trk+est ct_zone 3 ct_mark 1/0xff",
    },
    {
      { protocol = "mpls_uc", flower = { mpls_label = 5, mpls_tc = 1, mpls_bos = 1, mpls_ttl = 9 } },
      "protocol mpls_uc flower mpls_label 5 mpls_tc 1 mpls_bos 1 mpls_ttl 9",
    },
    {
      { protocol = "ip", flower = { ip_flags = "frag/nofirstfrag" } },
      "protocol ip flower ip_flags frag/nofirstfrag",
    },
    { { protocol = "ip", flower = { ip_flags = "nofrag" } }, "protocol ip flower ip_flags nofrag" },
    { { flower = { skip_hw = true, indev = "eth0" } }, "protocol all flower indev eth0 skip_hw" },
    { { chain = 3, flower = { classid = "1:1" } }, "protocol all chain 3 flower classid 1:1" },
  })
end)

test("actions are as tc makes them", function()
  local function with(actions, words)
    return { { matchall = {}, actions = actions }, "protocol all matchall " .. words }
  end
  same.filters("ingress", "", {
    with("drop", "action drop"),
    with("pass", "action pass"),
    with("goto chain 5", "action goto chain 5"),
    with({ gact = { control = "pipe" } }, "action pipe"),
    with({ mirred = { dev = "eth1" } }, "action mirred egress redirect dev eth1"),
    with(
      { mirred = { dev = "eth1", action = "mirror", direction = "ingress" } },
      "action mirred ingress mirror dev eth1"
    ),
    with(
      { police = { rate = "1mbit", burst = 20000, exceed = "drop", conform = "pass" } },
      "action police rate 1mbit burst 20000 conform-exceed drop/pass"
    ),
    with(
      { police = { pkts_rate = 100, pkts_burst = 10, exceed = "drop", conform = "pipe" } },
      "action police pkts_rate 100 pkts_burst 10 conform-exceed drop/pipe"
    ),
    with(
      { skbedit = { mark = 5, mask = 15, priority = "1:10", ptype = "host" } },
      "action skbedit priority 1:10 mark 5/15 ptype host"
    ),
    with(
      { vlan = { action = "push", id = 5, priority = 3, protocol = "802.1ad" } },
      "action vlan push protocol 802.1ad id 5 priority 3"
    ),
    with({ vlan = { action = "modify", id = 6 } }, "action vlan modify id 6"),
    with({ vlan = { action = "pop" } }, "action vlan pop"),
    with(
      { nat = { direction = "egress", old = "10.0.0.0/24", new = "192.168.0.1" } },
      "action nat egress 10.0.0.0/24 192.168.0.1"
    ),
    with({ csum = { update = { "ip4h", "tcp" } } }, "action csum ip4h and tcp pipe"),
    with(
      { tunnel_key = { src_ip = "10.0.0.1", dst_ip = "10.0.0.2", id = 5, dst_port = 4789, ttl = 9 } },
      "action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 id 5 dst_port 4789 ttl 9"
    ),
    with({ tunnel_key = { action = "unset" } }, "action tunnel_key unset"),
    with(
      { { vlan = { action = "push", id = 5 } }, { mirred = { dev = "eth1" } } },
      "action vlan push id 5 action mirred egress redirect dev eth1"
    ),
  })
end)

local ns1 = namespace.add("ns1")
local peer = { name = "eth0", ns = ns1, up = true, addr = { "10.9.0.2/24", "fd09::2/64" } }
link.add("a0", { kind = "veth", up = true, addr = { "10.9.0.1/24", "fd09::1/64" }, peer = peer })

test("a filter drops what it names, and its action counts that", function()
  tc.qdisc.add("a0", { kind = "clsact" })
  tc.filter.add(
    "a0",
    { parent = "egress", pref = 1, flower = { dst_ip = "10.9.0.2", ip_proto = "icmp" }, actions = "drop" }
  )
  check.equal(ping("10.9.0.2", { count = 3, interval = 0.05, timeout = 0.3 }).received, 0)
  check.equal(ping("fd09::2", { count = 1 }).received, 1)
  local action = tc.filter.list({ dev = "a0" })[1].actions[1]
  check.equal(action.kind, "gact")
  check.equal(action.gact.control, "drop")
  check.equal(action.packets, 3)
  check.equal(action.drops, 3)
  tc.filter.del("a0", { parent = "egress", pref = 1 })
  check.equal(ping("10.9.0.2", { count = 1 }).received, 1)
end)

test("bytes of packets are overwritten, and the next action sees them", function()
  local cap <close> = ns1.capture.start("eth0", { proto = "icmp" })
  tc.filter.add("a0", {
    parent = "egress",
    pref = 2,
    flower = { dst_ip = "10.9.0.2" },
    actions = { { pedit = { munge = { "ip ttl set 5" } } }, { csum = { update = { "ip4h" } } } },
  })
  check.equal(ping("10.9.0.2", { count = 1 }).received, 1)
  local packet = cap:wait({ dst = "10.9.0.2" })[1]
  check.equal(packet.ip.ttl, 5)
  tc.qdisc.del("a0", { kind = "clsact" })
end)

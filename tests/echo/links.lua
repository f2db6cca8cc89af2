-- Links of all kinds that every kernel has, with all that can be said of them.
local a = namespace.add("a", { up = true })
local b = namespace.add("b")
link.add("v0", { kind = "veth", peer = { name = "v1" } })
link.add("eth0", {
  kind = "veth",
  up = true,
  mtu = 1400,
  mac = "02:00:00:00:00:01",
  txqlen = 500,
  group = 7,
  alias = "it's a $HOME `cable`",
  promisc = true,
  arp = false,
  multicast = false,
  allmulticast = true,
  addr = { "10.0.1.1/24", "fd00:1::1/64" },
  peer = {
    name = "eth0",
    ns = a,
    up = true,
    mtu = 1300,
    mac = "02:00:00:00:00:02",
    txqlen = 400,
    group = 8,
    alias = "the far end",
    index = 77,
    addr = { "10.0.1.2/24", "fd00:1::2/64" },
  },
})
-- From elsewhere, back into the lab's first one, and with a name that the kernel chooses.
b.link.add("up", { kind = "veth", peer = { name = "back", ns = "host", up = true } })
b.link.add("away", { kind = "veth", up = true, peer = { ns = a } })
link.add("m0", {
  kind = "macvlan",
  link = "eth0",
  macvlan = { mode = "private", bc_queue_len = 500 },
  mac = "02:00:00:00:00:03",
})
link.add("ifb7", { kind = "ifb", queues = 2, up = true })
link.add("vx0", {
  kind = "vxlan",
  link = "eth0",
  vxlan = {
    id = 42,
    remote = "10.0.1.2",
    ["local"] = "10.0.1.1",
    dstport = 4789,
    ttl = 9,
    tos = 4,
    df = "set",
    learning = false,
    ageing = 100,
    max_addresses = 50,
    proxy = true,
    rsc = true,
    l2miss = true,
    l3miss = true,
    udp_csum = false,
  },
})
link.add(
  "vx1",
  { kind = "vxlan", link = "eth0", vxlan = { id = 43, remote = "239.1.1.1", dstport = 4790, gbp = true } }
)
link.add("vx2", {
  kind = "vxlan",
  vxlan = {
    id = 44,
    remote6 = "fd00::9",
    local6 = "fd00:1::1",
    dstport = 4791,
    flowlabel = 5,
    udp_zero_csum6_tx = true,
    udp_zero_csum6_rx = true,
  },
})
link.add("vx3", { kind = "vxlan", vxlan = { dstport = 4792, external = true } })
fdb.add("02:00:00:00:00:09", { dev = "vx0", dst = "10.0.1.9", port = 5000, vni = 77 })

link.set("v0", { name = "w0", mtu = 1350, altname = { "a-long-name-of-a-link", "another" } })
link.set(
  "w0",
  { altname_del = "another", alias = "", mac = "02:00:00:00:00:04", txqlen = 300, group = "default" }
)
link.set("w0", { up = true, promisc = true, mode = "dormant", addrgenmode = "none" })
link.set("w0", { promisc = false, mode = "default" })
a.bridge.add("br0", { up = true })
link.set("v1", { ns = a, name = "p1", master = "br0", up = true, port = { cost = 5 } })
a.link.set("p1", { up = true })
a.link.set("p1", { up = false })
a.link.add("q0", { kind = "veth", peer = { name = "q1" } })
a.link.set("q1", { ns = "host" })

-- Links as `ip -d -j link` sees them.
-- needs: ip
local ns1 = namespace.add("ns1")

local function ip(ns, ...)
  return json.decode(ns.exec({ "ip", "-d", "-j", ... }, { check = true }).stdout)
end
local function has(list, value)
  for _, v in ipairs(list) do
    if v == value then
      return true
    end
  end
  return false
end

link.add("br0", { kind = "bridge", up = true, addr = { "192.168.1.1/24", "fd00::1/64" } })
link.add("veth1", {
  kind = "veth",
  master = "br0",
  up = true,
  mtu = 1400,
  mac = "02:00:00:00:01:01",
  alias = "to ns1",
  group = 7,
  txqlen = 50,
  queues = 2,
  peer = {
    name = "eth0",
    ns = ns1,
    up = true,
    mtu = 1300,
    mac = "02:00:00:00:01:02",
    alias = "to the bridge",
    arp = false,
    addr = { "192.168.1.11/24", "fd00::11/64" },
  },
})

local near = ip(host, "link", "show", "veth1")[1]
check.equal(near.master, "br0")
check.equal(near.mtu, 1400)
check.equal(near.address, "02:00:00:00:01:01")
check.equal(near.ifalias, "to ns1")
check.equal(near.group, "7")
check.equal(near.txqlen, 50)
check.equal(near.num_tx_queues, 2)
check.equal(near.linkinfo.info_kind, "veth")
check(has(near.flags, "UP"))

local far = ip(ns1, "addr", "show", "dev", "eth0")[1]
check.equal(far.mtu, 1300)
check.equal(far.address, "02:00:00:00:01:02")
check.equal(far.ifalias, "to the bridge")
check.equal(far.num_rx_queues, 1)
check(has(far.flags, "UP") and has(far.flags, "NOARP"))
check.equal(far.addr_info[1]["local"], "192.168.1.11")
check.equal(far.addr_info[1].prefixlen, 24)
check.equal(far.addr_info[2]["local"], "fd00::11")
check.equal(far.addr_info[2].nodad, true)
check.equal(far.addr_info[2].tentative, nil)

-- The record says what ip says.
local l = link.get("veth1")
check.equal(l.index, near.ifindex)
check.equal(l.mac, near.address)
check.equal(l.flags, near.flags)
check.equal(l.link_index, near.link_index)
check.equal(l.link_netns, "ns1")
check.equal(l.link_netnsid, near.link_netnsid)
check.equal(l.max_mtu, near.max_mtu)
check.equal(l.min_mtu, near.min_mtu)
check.equal(l.promiscuity, near.promiscuity)
check.equal(l.allmulti, near.allmulti)
check.equal(l.qdisc, near.qdisc)
check.equal(l.tx_queues, near.num_tx_queues)
check.equal(l.gso_max_size, near.gso_max_size)
check.equal(l.tso_max_size, near.tso_max_size)
check.equal(l.gro_max_size, near.gro_max_size)
check.equal(l.addrgenmode, near.inet6_addr_gen_mode)
check.equal(l.type, near.link_type)
check.equal(l.broadcast, near.broadcast)
check.equal(l.port.cost, near.linkinfo.info_slave_data.cost)
check.equal(tostring(l.port.bridge_id):sub(1, 5), near.linkinfo.info_slave_data.bridge_id:sub(1, 5))
check.equal(ns1.link.get("eth0").link_netns, "host")
check.equal(ns1.link.get("lo").kind, nil)

-- A pair in one namespace; a peer without a name gets a free one.
link.add("a", { kind = "veth", peer = { name = "b" } })
check.equal(link.get("a").link, "b")
check.equal(link.get("b").link, "a")
check.equal(link.get("a").link_netns, nil)
link.add("veth0", { kind = "veth" })
check.equal(link.get("veth0").kind, "veth")
check(link.get("veth2"), "veth1 is taken, so the peer is veth2")

-- A pair of which neither end is in the calling namespace's neighbour: each where it was asked for.
local ns2 = namespace.add("ns2")
ns1.link.add("x", { kind = "veth", up = true, peer = { name = "y", ns = "ns2", up = true } })
check.equal(ns2.link.get("y").link_netns, "ns1")
check.equal(link.get("x"), nil)

-- An index of one's own.
link.add("ten", { kind = "bridge", index = 1000 })
check.equal(ip(host, "link", "show", "ten")[1].ifindex, 1000)
check.error(function()
  link.add("eleven", { kind = "bridge", index = 1000 })
end, "exists")

-- A peer in a bridge of its own namespace.
ns2.link.add("br0", { kind = "bridge", up = true })
link.add(
  "uplink",
  { kind = "veth", up = true, peer = { name = "down", ns = ns2, master = "br0", up = true } }
)
check.equal(ip(ns2, "link", "show", "down")[1].master, "br0")

-- What people know from `ip -br link`.
check(tostring(link.get("veth1")):find("^%d+: veth1@if%d+ "), tostring(link.get("veth1")))

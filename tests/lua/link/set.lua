-- Every change of a link, as ip sees it.
-- needs: ip
local ns1 = namespace.add("ns1")
local function ip(ns, ...)
  return json.decode(ns.exec({ "ip", "-d", "-j", ... }, { check = true }).stdout)[1]
end

link.add("br0", { kind = "bridge" })
link.add("v0", { kind = "veth", peer = { name = "v1" } })
link.set("v0", {
  mtu = 1400,
  mac = "02:00:00:00:00:09",
  alias = "an alias",
  group = 5,
  txqlen = 77,
  promisc = true,
  multicast = false,
  allmulticast = true,
  arp = false,
  addrgenmode = "none",
  altname = { "a-very-long-alternative-name", "short" },
})
local v = ip(host, "link", "show", "v0")
check.equal(v.mtu, 1400)
check.equal(v.address, "02:00:00:00:00:09")
check.equal(v.ifalias, "an alias")
check.equal(v.group, "5")
check.equal(v.txqlen, 77)
check.equal(v.promiscuity, 1)
check.equal(v.allmulti, 1)
check.equal(v.inet6_addr_gen_mode, "none")
check.equal(v.altnames, { "a-very-long-alternative-name", "short" })
check.equal(v.flags, { "BROADCAST", "NOARP", "ALLMULTI", "PROMISC", "M-DOWN" })
check.equal(link.get("v0").flags, v.flags)
check.equal(link.get("a-very-long-alternative-name").name, "v0")
check.equal(link.get("short").altnames, { "a-very-long-alternative-name", "short" })

link.set(
  "v0",
  { promisc = false, multicast = true, allmulticast = false, arp = true, alias = "", altname_del = "short" }
)
v = ip(host, "link", "show", "v0")
check.equal(v.flags, { "BROADCAST", "MULTICAST", "M-DOWN" })
check.equal(v.ifalias, nil)
check.equal(v.altnames, { "a-very-long-alternative-name" })

-- A port of a bridge, and none again.
link.set("v0", { master = "br0", up = true, port = { cost = 9 } })
v = ip(host, "link", "show", "v0")
check.equal(v.master, "br0")
check.equal(v.linkinfo.info_slave_data.cost, 9)
check.equal(#link.list({ master = "br0" }), 1)
link.set("v0", { master = false })
check.equal(ip(host, "link", "show", "v0").master, nil)

-- A new name, and into another namespace with a third.
link.set("v0", { up = false })
link.set("v0", { name = "uplink" })
check.equal(link.get("v0"), nil)
link.set("uplink", { ns = ns1, name = "eth0", up = true })
check.equal(link.get("uplink"), nil)
v = ip(ns1, "link", "show", "eth0")
check.equal(v.mtu, 1400)
check.equal(ns1.link.get("eth0").up, true)
check.equal(ns1.link.get("eth0").link_netns, "host")

-- Filters.
link.set("br0", { group = 9, up = true })
local function names(filter)
  local out = {}
  for _, l in ipairs(link.list(filter)) do
    out[#out + 1] = l.name
  end
  return out
end
check.equal(names({ kind = "bridge" }), { "br0" })
check.equal(names({ group = 9 }), { "br0" })
check.equal(names({ up = false }), { "v1" })
check.equal(names({ kind = "veth", up = true }), {})

-- Into a namespace that has such a name, and into its own.
check.error(function()
  ns1.link.add("v1", { kind = "bridge" })
  link.set("v1", { ns = ns1 })
end, "exists")
check(link.get("v1"), "it stayed")

link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { handle = "1:", htb = { default = "20" } })
tc.class.add("veth0", "1:10", { htb = { rate = "8mbit" } })
tc.filter.add(
  "veth0",
  { parent = "1:", u32 = { match = { "ip dst 10.0.0.0/24", "ip dport 80" }, classid = "1:10" } }
)

-- At the way in, by fields and with an action; not every kernel has flower.
tc.qdisc.add("veth0", { kind = "clsact" })
local done, e = pcall(tc.filter.add, "veth0", {
  parent = "ingress",
  pref = 10,
  flower = { dst_ip = "10.0.0.1", ip_proto = "tcp", dst_port = "8000-8010" },
  actions = "drop",
})
check(done or tostring(e):match("CONFIG_NET_CLS_FLOWER"))

-- Links that name the same block share its filters: what comes in by either is copied to veth1.
for _, name in ipairs({ "lan", "dmz" }) do
  link.add(name, { kind = "veth", up = true })
  tc.qdisc.add(name, { kind = "clsact", ingress_block = 22 })
end
tc.filter.add(22, {
  u32 = { match = "ip dst 192.0.2.0/24" },
  actions = { { mirred = { dev = "veth1", action = "mirror" } } },
})

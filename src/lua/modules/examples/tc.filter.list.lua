link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { handle = "1:", kind = "htb" })
tc.class.add("veth0", "1:10", { htb = { rate = "8mbit" } })
tc.filter.add("veth0", { parent = "1:", u32 = { match = "ip6 dst fd00::/64", classid = "1:10" } })
for _, filter in ipairs(tc.filter.list({ dev = "veth0" })) do
  print(filter.parent, filter.protocol, filter.kind, filter.u32.classid)
end

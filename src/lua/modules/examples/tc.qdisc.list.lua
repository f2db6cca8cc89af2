link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { tbf = { rate = "10mbit" } })
for _, qdisc in ipairs(tc.qdisc.list({ kind = "tbf" })) do
  print(qdisc.dev, qdisc.packets, qdisc.drops)
end

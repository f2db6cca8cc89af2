link.add("veth0", { kind = "veth", up = true })
tc.qdisc.replace("veth0", { tbf = { rate = "10mbit", burst = "16kb", latency = "20ms" } })
tc.qdisc.replace("veth0", { tbf = { rate = "20mbit", burst = "16kb", latency = "20ms" } })
print(tc.qdisc.get("veth0"))

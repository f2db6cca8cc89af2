link.add("veth0", { kind = "veth" })
tc.qdisc.add("veth0", { kind = "clsact" })
tc.qdisc.del("veth0", { kind = "clsact" })

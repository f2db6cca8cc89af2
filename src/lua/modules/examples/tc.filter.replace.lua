link.add("veth0", { kind = "veth", up = true })
tc.qdisc.add("veth0", { handle = "1:", kind = "htb" })
tc.class.add("veth0", "1:10", { htb = { rate = "8mbit" } })
local match =
  { parent = "1:", pref = 5, handle = "800::1", u32 = { match = "ip dst 10.0.0.1", classid = "1:10" } }
tc.filter.replace("veth0", match)
match.u32.match = "ip dst 10.0.0.2"
tc.filter.replace("veth0", match)
check.equal(#tc.filter.list({ dev = "veth0" }), 1)

-- Rulesets, of nsh and of others.
-- needs: nft
local ns1 = namespace.add("ns1")
nat.masquerade({ source = "10.0.0.0/24" })
ns1.nft.load("table ip other { chain c { type filter hook input priority 0; ip saddr 192.0.2.1 drop\n}\n}")
local state = lab.state()
check.equal(#state.namespaces.host.nat, 1)
check.equal(state.namespaces.host.nft, nft.list())
check(tostring(state.namespaces.ns1.nft):find("ip saddr 192.0.2.1 drop", 1, true))
check.equal(#state.namespaces.ns1.nat, 0)
check(tostring(state):find("chain nat_postrouting {", 1, true))
ns1.nft.load("flush ruleset")
check.equal(lab.state().namespaces.ns1.nft, nil)

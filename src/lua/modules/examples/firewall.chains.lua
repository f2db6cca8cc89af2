firewall.policy("input", "drop")
check.equal(firewall.chains()[1].policy, "drop")

firewall.policy("forward", "drop")

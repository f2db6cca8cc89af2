-- A host that answers pings and SSH from one network, and what belongs to its own connections.
firewall.add({ chain = "input", state = { "established", "related" }, action = "accept" })
firewall.add({ chain = "input", icmp = "echo-request", limit = "10/second", action = "accept" })
firewall.add({
  chain = "input",
  proto = "tcp",
  dport = 22,
  source = "10.0.0.0/24",
  action = "accept",
  comment = "ssh",
})
firewall.add({ chain = "input", proto = "tcp", action = "reject", reason = "tcp-reset" })
firewall.policy("input", "drop")

-- What hosts may do, by their address.
firewall.add_chain("guests")
firewall.add_map("hosts", {
  type = "ipv4_addr",
  to = "verdict",
  elements = { ["10.0.0.1"] = "accept", ["10.0.0.64/26"] = "jump guests" },
})
firewall.add({ chain = "input", action = "source vmap @hosts" })
-- Marks by port, for a while.
firewall.add_map("marks", { type = "inet_service", to = "mark", timeout = 60, elements = { [22] = 1 } })
firewall.add({ chain = "prerouting", proto = "tcp", set_mark = "dport map @marks", action = "continue" })
firewall.add_elements("marks", { [80] = 2, [443] = 2 })

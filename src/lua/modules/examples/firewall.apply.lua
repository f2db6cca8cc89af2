firewall.apply({
  policy = { input = "drop" },
  sets = { admins = { type = "ipv4_addr", elements = { "10.0.0.5", "10.0.1.0/24" } } },
  rules = {
    { chain = "input", state = { "established", "related" }, action = "accept" },
    { chain = "input", iif = "lo", action = "accept" },
    { chain = "input", source = "@admins", proto = "tcp", dport = { 22, 443 }, action = "accept" },
  },
})

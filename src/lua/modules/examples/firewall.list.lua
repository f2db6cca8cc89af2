firewall.add({ chain = "forward", iif = "eth0", out = { "eth1", "eth2" }, action = "accept" })
for _, rule in ipairs(firewall.list({ chain = "forward" })) do
  print(rule.handle, rule.packets, rule.text)
end

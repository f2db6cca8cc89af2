nat.masquerade({ out = "eth0" })
for _, rule in ipairs(nat.list()) do
  print(rule.kind, rule.packets)
end

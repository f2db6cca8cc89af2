namespace.add("ns1")
for _, ns in ipairs(namespace.list()) do
  print(ns.name)
end

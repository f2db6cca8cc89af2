local ns1 = namespace.add("ns1")
local watch <close> = events.watch({ namespaces = "all" })
link.add(
  "veth0",
  { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "eth0", ns = ns1, up = true } }
)
ns1.link.set("eth0", { up = false })
print(watch:wait({ object = "link", namespace = ns1, dev = "eth0" }))
ns1.link.del("eth0")
for e in watch:stream({ timeout = 1 }) do
  if e.object == "link" and e.change == "deleted" and e.dev == "veth0" then
    break
  end
end

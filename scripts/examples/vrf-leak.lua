-- A provider's router with a VRF for each of two customers, who use the same addresses, and a service that both share: its
-- route is leaked into both VRFs, and theirs back. The customers don't see each other.
-- needs: vrf
local service = namespace.add("service")
local pe = namespace.add("pe")
pe.sysctl.set("net.ipv4.ip_forward", 1)
pe.link.add("svc", {
  kind = "veth",
  up = true,
  addr = "198.51.100.1/24",
  peer = { name = "eth0", ns = service, up = true, addr = "198.51.100.10/24" },
})
service.route.add("default", { via = "198.51.100.1" })

local customers = {}
for i, name in ipairs({ "red", "blue" }) do
  -- A VRF is a link whose ports are routed by its own table.
  pe.link.add(name, { kind = "vrf", up = true, vrf = { table = 100 + i } })
  -- Without this, a packet that no route of the VRF takes would go on to the main table.
  pe.route.add("default", { type = "unreachable", table = 100 + i, metric = 4278198272 })
  -- Both customers have the host 10.0.0.10.
  local customer = namespace.add(name)
  pe.link.add("to-" .. name, {
    kind = "veth",
    up = true,
    master = name,
    addr = "10.0.0.1/24",
    peer = { name = "eth0", ns = customer, up = true, addr = "10.0.0.10/24" },
  })
  customer.route.add("default", { via = "10.0.0.1" })
  customers[name] = customer
end

-- The same addresses twice, and nothing confused: each table has its own.
print(pe.route.list({ table = 101 }))
print(pe.route.list({ table = 102 }))
check.equal(pe.ping("10.0.0.10", { from = "red" }).received, 1)
check.equal(pe.ping("10.0.0.10", { from = "blue" }).received, 1)

-- The service is in neither table.
check.unreachable(customers.red, "198.51.100.10")

-- Leaked: the service's subnet into both tables, and back to each customer an address of which there is only one. A route
-- through a VRF's own link goes on in that VRF's table.
for i, name in ipairs({ "red", "blue" }) do
  local public = "192.0.2." .. i
  customers[name].addr.add(public .. "/32", { dev = "lo" })
  pe.route.add("198.51.100.0/24", { dev = "svc", table = 100 + i })
  pe.route.add(public .. "/32", { via = "10.0.0.10", table = 100 + i })
  pe.route.add(public .. "/32", { dev = name })
end
for i, name in ipairs({ "red", "blue" }) do
  check.equal(customers[name].ping("198.51.100.10", { from = "192.0.2." .. i }).received, 1)
end
local web <close> = service.http.serve(":80", { ["/"] = "shared" })
check.equal(customers.blue.http.get("http://198.51.100.10/", { from = "192.0.2.2" }).body, "shared")

-- What both were given is the service, not each other.
check.equal(customers.red.ping("192.0.2.2", { from = "192.0.2.1", timeout = 0.5 }).received, 0)

-- The first packet after links were made arrives: nsh waits until they carry packets.

for i = 1, 30 do
  local ns = namespace.add("ns" .. i, { up = true })
  link.add("e" .. i, {
    kind = "veth",
    up = true,
    addr = "10.0." .. i .. ".1/24",
    peer = {
      name = "eth0",
      ns = ns,
      up = true,
      addr = "10.0." .. i .. ".2/24",
    },
  })
  check.equal(ping(ns).received, 1, "from the host to " .. ns.name)
  check.equal(ns.ping("host").received, 1, "from " .. ns.name .. " to the host")
end

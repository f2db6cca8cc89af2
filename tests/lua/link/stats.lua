-- Counters, as /proc/net/dev has them.
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
check.equal(ping("10.0.0.2", { count = 2, interval = 0.01 }).received, 2)
-- Frames that come meanwhile (IPv6 looks for neighbours and routers) change both: read until they agree.
eventually(function()
  local s = link.stats("veth0")
  local file = assert(io.open("/proc/net/dev"))
  local line = file:read("a"):match("veth0:([^\n]+)")
  file:close()
  local numbers = {}
  for n in line:gmatch("%d+") do
    numbers[#numbers + 1] = math.tointeger(n)
  end
  return s.rx_bytes == numbers[1]
    and s.rx_packets == numbers[2]
    and s.tx_bytes == numbers[9]
    and s.tx_packets == numbers[10]
    and s.rx_packets >= 3
end)

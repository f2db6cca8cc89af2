-- needs: ping
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth1", up = true } })
local background <close> = proc.spawn("ping -c 3 10.0.0.9")
wait.counter("veth0", { tx_packets = 1 })
local n = 0
wait.counter(function()
  n = n + 1
  return n
end, { value = 3 })

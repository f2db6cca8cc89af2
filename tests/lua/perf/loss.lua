-- Datagrams that are lost; the firewall that drops them counts them.
-- needs: nft
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
ns1.nft.load([[
table inet t {
  counter dropped {}
  chain in {
    type filter hook input priority 0;
    udp length > 100 numgen inc mod 4 0 counter name dropped drop
  }
}
]])

local function dropped()
  local all = json.decode(ns1.exec("nft -j list counters", { check = true }).stdout) --[[@as any]]
  for _, object in ipairs(all.nftables) do
    if object.counter then
      return object.counter.packets
    end
  end
end

local some = perf("ns1", { proto = "udp", rate = "4mbit", time = 0.5, size = 1000 })
check.equal(some.lost, dropped())
check.equal(some.datagrams, some.received + some.lost)
check.near(assert(some.loss), 0.25, 0.02)
check.near(some.sent_rate, 4e6, 0.5e6)
check.equal(some.bytes, some.received * 1000)
check.equal({ some.out_of_order, some.duplicates }, { 0, 0 })

-- So many bytes.
local sent = perf("ns1", { proto = "udp", bytes = 100000, rate = "10mbit", size = 500, parallel = 2 })
check.equal({ sent.sent, sent.datagrams, sent.streams[1].datagrams }, { 100000, 200, 100 })
check.near(assert(sent.loss), 0.25, 0.02)

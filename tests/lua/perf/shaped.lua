-- A shaped link's rate, and what was sent, as the counters of the links have it.
-- needs: ip
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

local function arrived()
  local links = json.decode(ns1.exec("ip -j -s link show dev eth0", { check = true }).stdout) --[[@as any]]
  return links[1].stats64.rx.bytes
end

-- So many bytes, no more and no less.
for _, family in ipairs({ "inet", "inet6" }) do
  local before = arrived()
  local sent = perf("ns1", { bytes = 3000000, parallel = 2, family = family })
  local wire = arrived() - before
  check.equal({ sent.bytes, sent.sent, #sent.streams }, { 3000000, 3000000, 2 })
  check.equal(sent.streams[1].bytes + sent.streams[2].bytes, 3000000)
  check.at_least(wire, 3000000 + 2 * 54)
  check.at_most(wire, 3000000 * 1.2)
end

-- Data of TCP take 1448 of 1514 bytes of a frame, those of UDP 1472.
link.shape("v0", { rate = "10mbit" })
local tcp = perf(ns1, { time = 1, omit = 0.4, interval = 0.25 })
check.near(tcp.rate, 10e6 * 1448 / 1514, 0.8e6)
check.equal({ tcp.from, tcp.to, tcp.proto, tcp.addr }, { "host", "ns1", "tcp", "10.0.0.2" })
check.at_least(#tcp.intervals, 2)
check.at_least(assert(tcp.rtt).max, assert(tcp.rtt).min)
local sum = 0
for _, interval in ipairs(tcp.intervals) do
  sum = sum + interval.bytes
end
check.at_most(sum, tcp.bytes)
check.at_least(sum, tcp.bytes * 0.8)

local before = arrived()
local udp = perf("ns1", { proto = "udp", rate = "20mbit", time = 1 })
check.near(udp.rate, 10e6 * 1472 / 1514, 0.8e6)
check.equal(udp.bytes, udp.received * 1472)
check.at_least(arrived() - before, udp.received * 1514)
check.equal(udp.retransmits, nil)

-- The other way is not shaped.
check.greater(ns1.perf("host", { time = 0.3 }).rate, 20e6)
check.greater(perf("ns1", { time = 0.3, reverse = true }).rate, 20e6)

-- It is a plain table.
local again = json.decode(json.encode(tcp)) --[[@as any]]
check.equal({ again.bytes, again.streams[1].bytes }, { tcp.bytes, tcp.streams[1].bytes })
check.match(tostring(tcp), "receiver, ns1")

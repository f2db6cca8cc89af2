-- When requests were lost. A capture of the replies is the witness.

local ns1 = namespace.add("ns1")
local peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" }
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = peer })

-- Goes on until so many more requests were sent, or replied to.
local function until_more(running, field, count)
  local before = running:result()[field]
  eventually(function()
    check(running:result()[field] >= before + count)
  end, { interval = 0.005 })
end

-- The numbers of requests without a reply, as the wire tells.
local function missing(seen, last)
  local replied, out = {}, {}
  for _, packet in ipairs(seen:packets({ type = "echo reply" })) do
    replied[packet.icmp.seq] = true
  end
  for seq = 1, last do
    if not replied[seq] then
      table.insert(out, seq)
    end
  end
  return out
end

test("outages, and the longest of them", function()
  local seen <close> = capture.start("veth0", { proto = "icmp" })
  local running <close> = ping.start("10.0.0.2", { interval = 0.01 })
  running:wait({ received = 3 })
  check.equal(running:result().outages, {})
  check.equal(running:result().longest_outage, nil)
  for _, count in ipairs({ 5, 20 }) do
    ns1.firewall.policy("input", "drop")
    until_more(running, "sent", count)
    ns1.firewall.policy("input", "accept")
    until_more(running, "received", 3)
  end
  local result = running:stop()
  check.equal(#result.outages, 2)
  local lost = {}
  for _, outage in ipairs(result.outages) do
    check.equal(outage.over, true)
    check.equal(outage.lost, outage.last - outage.first + 1)
    -- A request that is late doesn't delay the later ones.
    check(outage.time >= (outage.lost - 1) * 0.01 - 0.001, outage.time)
    check(outage.at >= (outage.first - 1) * 0.01 - 0.001, outage.at)
    for seq = outage.first, outage.last do
      table.insert(lost, seq)
    end
  end
  local last = result.replies[#result.replies].seq
  check.equal(lost, missing(seen, last))
  check.equal(result.longest_outage, math.max(result.outages[1].time, result.outages[2].time))
  check.match(tostring(result), "\nlongest outage %d+ ms, [%d.]+ s after the start: %d+ lost\n")
end)

test("one that lasts", function()
  local result = ping("10.0.0.77", { count = 3, interval = 0.01, timeout = 0.05 })
  check.equal(#result.outages, 1)
  local outage = result.outages[1]
  check.equal({ outage.first, outage.last, outage.lost, outage.over }, { 1, 3, 3, false })
  check(outage.time >= 0.05, outage.time)
end)

test("requests that can't be sent are lost", function()
  local running <close> = ping.start("10.0.0.2", { interval = 0.01 })
  running:wait({ received = 2 })
  route.add("10.0.0.2/32", { type = "prohibit" })
  until_more(running, "sent", 3)
  route.del("10.0.0.2/32", { type = "prohibit" })
  until_more(running, "received", 2)
  local result = running:stop()
  check.equal({ #result.outages, result.outages[1].over }, { 1, true })
  check(result.outages[1].lost >= 3)
end)

test("a last request that can't be sent ends it", function()
  firewall.add({
    chain = "output",
    icmp = "echo-request",
    dest = "10.0.0.2",
    limit = "1/minute",
    burst = 1,
    action = "accept",
  })
  firewall.add({ chain = "output", icmp = "echo-request", dest = "10.0.0.2", action = "drop" })
  defer(firewall.flush)
  local result = ping("10.0.0.2", { count = 3, interval = 0.01, timeout = 0.2 })
  check.equal({ result.sent, result.received, #result.errors }, { 3, 1, 2 })
end)

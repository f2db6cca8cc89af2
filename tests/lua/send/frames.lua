-- What the kernel makes of frames: its sockets, its neighbour table, its answers and its counters are the witness.
-- needs: ip

local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  mac = "02:00:00:00:00:01",
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = {
    name = "eth0",
    ns = ns1,
    up = true,
    mac = "02:00:00:00:00:02",
    addr = { "10.0.0.2/24", "fd00::2/64" },
  },
})

-- A counter of the namespace in /proc/net/snmp or snmp6.
local function counter(protocol, name)
  local text = ns1.exec({ "cat", "/proc/net/snmp", "/proc/net/snmp6" }, { check = true }).stdout
  local six = text:match(protocol .. name .. "%s+(%d+)")
  if six then
    return tonumber(six)
  end
  local names, values = text:match(protocol .. ": (%a[^\n]*)\n" .. protocol .. ": ([^\n]*)")
  local column = 0
  for word in (names or ""):gmatch("%S+") do
    column = column + 1
    if word == name then
      break
    end
  end
  for word in (values or ""):gmatch("%S+") do
    column = column - 1
    if column == 0 then
      return tonumber(word)
    end
  end
end

local ENDS = {
  { src = "10.0.0.1", dst = "10.0.0.2", any = "0.0.0.0", icmp = "Icmp", udp = "Udp" },
  { src = "fd00::1", dst = "fd00::2", any = "[::]", icmp = "Icmp6", udp = "Udp6" },
}

test("datagrams of any length reach a socket", function()
  for _, ends in ipairs(ENDS) do
    local server <close> = ns1.udp.listen(ends.any .. ":7000")
    local wrong = counter(ends.udp, "InErrors")
    for i, length in ipairs({ 0, 1, 2, 3, 17, 1000, 1001, 1400 }) do
      local text = ("x"):rep(length)
      local sent =
        send("veth0", { ip = { dst = ends.dst }, udp = { sport = 4000 + i, dport = 7000 }, payload = text })
      check.equal(sent.count, 1)
      check.equal(sent.dropped, 0)
      check.equal(sent.length, #sent.bytes)
      local got = server:wait({ datagrams = i })[i]
      check.equal(got.data, text)
      check.equal(got.peer_ip, ends.src)
    end
    check.equal(counter(ends.udp, "InErrors"), wrong)
  end
end)

test("a wrong checksum or length is sent as it is given", function()
  for _, ends in ipairs(ENDS) do
    local server <close> = ns1.udp.listen(ends.any .. ":7000")
    local before = counter(ends.udp, "InCsumErrors")
    send("veth0", { ip = { dst = ends.dst }, udp = { dport = 7000, checksum = 0x1234 }, payload = "bad" })
    eventually(function()
      check.equal(counter(ends.udp, "InCsumErrors"), before + 1)
    end)
    send("veth0", { ip = { dst = ends.dst }, udp = { dport = 7000 }, payload = "good" })
    check.equal(server:wait({ datagrams = 1 })[1].data, "good")
  end
  local headers = counter("Ip", "InHdrErrors")
  send("veth0", { ip = { dst = "10.0.0.2", checksum = 1 }, udp = { dport = 7000 } })
  eventually(function()
    check.equal(counter("Ip", "InHdrErrors"), headers + 1)
  end)
end)

test("the kernel answers echo requests, and sees that their checksums are right", function()
  for _, ends in ipairs(ENDS) do
    local seen <close> = capture.start("veth0", { proto = { "icmp", "icmp6" } })
    local wrong = counter(ends.icmp, "InErrors")
    local size = { 0, 1, 56, 1001 }
    for i, length in ipairs(size) do
      send("veth0", { ip = { dst = ends.dst }, icmp = { id = 7, seq = i }, payload = ("e"):rep(length) })
    end
    local replies = seen:wait({ type = "echo reply", id = 7, count = #size })
    for i, reply in ipairs(replies) do
      check.equal({ reply.icmp.seq, reply.payload }, { i, ("e"):rep(size[i] or 0) })
    end
    check.equal(counter(ends.icmp, "InErrors"), wrong)
  end
end)

test("sequence numbers of echo requests count on", function()
  local seen <close> = capture.start("veth0", { proto = "icmp" })
  check.equal(send("veth0", { ip = { dst = "10.0.0.2" }, icmp = { id = 9 }, count = 3 }).count, 3)
  local numbers = {}
  for i, reply in ipairs(seen:wait({ type = "echo reply", id = 9, count = 3 })) do
    numbers[i] = reply.icmp.seq
  end
  check.equal(numbers, { 1, 2, 3 })
end)

test("a request for a connection is answered by an open port, and refused by a closed one", function()
  for _, ends in ipairs(ENDS) do
    local _server <close> = ns1.tcp.listen(ends.any .. ":7000")
    local seen <close> = capture.start("veth0", { proto = "tcp", src = ends.dst })
    local options = { sport = 4000, dport = 7000, seq = 99, mss = 1000, wscale = 3 }
    send("veth0", { ip = { dst = ends.dst }, tcp = options })
    local answer = seen:wait({ type = "S.", sport = 7000 })[1]
    check.equal(answer.tcp.ack, 100)
    send("veth0", { ip = { dst = ends.dst }, tcp = { sport = 4000, dport = 7001, flags = "S" } })
    seen:wait({ type = "R.", sport = 7001 })
    -- An ACK of no connection is reset; what has no flags is not answered at all.
    send("veth0", { ip = { dst = ends.dst }, tcp = { sport = 4001, dport = 7001, flags = ".", ack = 5 } })
    check.equal(seen:wait({ type = "R", sport = 7001 })[1].tcp.seq, 5)
  end
end)

test("ARP: a question, and an address that announces itself", function()
  local seen <close> = capture.start("veth0", { proto = "arp" })
  send("veth0", { arp = { target = "10.0.0.2" } })
  local reply = seen:wait({ type = "reply", src = "10.0.0.2" })[1]
  check.equal(reply.arp.sender_mac, "02:00:00:00:00:02")
  ns1.neigh.add("10.0.0.77", { dev = "eth0", lladdr = "02:00:00:00:00:99", state = "stale" })
  send("veth0", { arp = { op = "reply", sender = "10.0.0.77", sender_mac = "02:00:00:00:00:77" } })
  eventually(function()
    local known = json.decode(ns1.exec("ip -j neigh show to 10.0.0.77", { check = true }).stdout) --[[@as any]]
    check.equal(known[1].lladdr, "02:00:00:00:00:77")
  end)
end)

test("neighbour discovery: a question, and an address that announces itself", function()
  local seen <close> = capture.start("veth0", { proto = "icmp6" })
  send("veth0", { ip = {}, icmp = { type = "neighbor solicitation", target = "fd00::2" } })
  local answer = seen:wait({ type = "neighbor advertisement", src = "fd00::2" })[1]
  check.equal(answer.icmp.mac, "02:00:00:00:00:02")
  ns1.neigh.add("fd00::77", { dev = "eth0", lladdr = "02:00:00:00:00:99", state = "stale" })
  send("veth0", {
    ip = { src = "fd00::77", dst = "ff02::1" },
    icmp = { type = "neighbor advertisement", target = "fd00::77", mac = "02:00:00:00:00:77" },
  })
  eventually(function()
    local known = json.decode(ns1.exec("ip -j neigh show to fd00::77", { check = true }).stdout) --[[@as any]]
    check.equal(known[1].lladdr, "02:00:00:00:00:77")
  end)
end)

test("the kernel puts fragments together", function()
  local server <close> = ns1.udp.listen("0.0.0.0:7000")
  local whole =
    send("lo", { ip = { src = "10.0.0.1", dst = "10.0.0.2" }, udp = { dport = 7000 }, size = 1200 }).bytes
  local datagram = whole:sub(14 + 20 + 1)
  local function fragment(more, from, to)
    send("veth0", {
      ip = { dst = "10.0.0.2", id = 5, protocol = 17, more_fragments = more, fragment_offset = from },
      payload = datagram:sub(from + 1, to),
    })
  end
  fragment(true, 0, 800)
  fragment(false, 800, -1)
  check.equal(server:wait({ datagrams = 1 })[1].size, 1200)
end)

test("a router's word on the MTU is believed", function()
  local seen <close> = ns1.capture.start("eth0", { proto = "icmp6", type = "echo reply" })
  check.equal(ping("fd00::2").received, 1)
  send("veth0", {
    ip = { dst = "fd00::2" },
    icmp = { type = "packet too big", mtu = 1300 },
    payload = seen:wait()[1].bytes:sub(15),
  })
  eventually(function()
    local way = json.decode(ns1.exec("ip -j -6 route get fd00::1", { check = true }).stdout) --[[@as any]]
    check.equal(way[1].metrics and way[1].metrics[1].mtu, 1300)
  end)
end)

test("tags, and frames of no protocol", function()
  local seen <close> = ns1.capture.start("eth0")
  local raw <close> = ns1.capture.start("eth0", { proto = "udp" })
  send("veth0", {
    vlan = { 5, { id = 6, prio = 3 } },
    ip = { dst = "10.0.0.2", tos = 0xb8, ttl = 9 },
    udp = { dport = 53 },
    payload = "hello",
  })
  local packet = raw:wait()[1]
  check.equal(packet.vlans, { 5, 6 })
  check.equal({ packet.ip.tos, packet.ip.ttl, packet.dport, packet.payload }, { 0xb8, 9, 53, "hello" })
  check.equal(packet.bytes:sub(13, 20), "\x88\xa8\x00\x05\x81\x00\x60\x06")
  local header = { src = "02:00:00:00:00:55", dst = "01:80:c2:00:00:0e", ethertype = 0x88b5 }
  local sent = send("veth0", { eth = header, payload = "\0\1\2", size = 50 })
  local hex = "0180c200000e 020000000055 88b5 00 01 02" .. ("00"):rep(47)
  eventually(function()
    check.equal(seen:packets()[2].bytes, sent.bytes)
  end)
  -- The same, given whole: as bytes, and in hexadecimal.
  check.equal(send("veth0", { bytes = sent.bytes }).bytes, sent.bytes)
  check.equal(send("veth0", { hex = hex }).bytes, sent.bytes)
end)

test("count, interval and rate, by the link's counter", function()
  local function sent()
    local links = json.decode(proc.exec("ip -s -j link show veth0", { check = true }).stdout) --[[@as any]]
    return links[1].stats64.tx
  end
  local broadcast = { dst = "ff:ff:ff:ff:ff:ff" }
  local before = sent()
  local many = send("veth0", { eth = broadcast, size = 86, count = 1000 })
  local after = sent()
  check.equal({ many.count, many.dropped, many.length }, { 1000, 0, 100 })
  check(after.packets - before.packets >= 1000, "the kernel may have sent some of its own")
  check(after.bytes - before.bytes >= 1000 * 100)
  check(send("veth0", { eth = broadcast, size = 86, count = 4, interval = 0.02 }).time >= 0.06)
  check(send("veth0", { eth = broadcast, size = 86, count = 11, rate = 100 }).time >= 0.1)
end)

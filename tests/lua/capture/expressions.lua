-- Filter expressions match the packets that tcpdump's match.
-- needs: tcpdump, root
sysctl.set("net.ipv6.conf.default.disable_ipv6", 1)
local ns1 = namespace.add("ns1", { up = true })
ns1.sysctl.set("net.ipv6.conf.default.disable_ipv6", 1)
link.add("veth0", { kind = "veth", up = true, peer = { name = "eth0", ns = ns1, up = true } })
local mac = { dst = "02:00:00:00:00:02", src = "02:00:00:00:00:01" }

-- Each frame has a length of its own, by which it is known.
local size = 100
local function frame(o)
  size = size + 1
  o.eth, o.size = o.eth or mac, size
  send("veth0", o)
end

local v4 = { src = "10.0.0.1", dst = "10.0.0.2" }
local v6 = { src = "fd00::1", dst = "fd00::2" }
local function untagged()
  size = 100
  frame({ arp = { sender = "10.0.0.1", target = "10.0.0.2" }, eth = { dst = "ff:ff:ff:ff:ff:ff" } })
  frame({ arp = { op = "reply", sender = "10.0.1.1", target = "10.0.0.1" } })
  for _, ip in ipairs({
    v4,
    v6,
    { src = "10.0.1.7", dst = "192.168.3.4" },
    { src = "fd00:1::1", dst = "fd00::1" },
  }) do
    frame({ ip = ip, icmp = {} })
    frame({ ip = ip, icmp = { type = "echo reply" } })
    for _, port in ipairs({ 53, 80, 443, 8005 }) do
      frame({ ip = ip, udp = { sport = 4000, dport = port } })
      frame({ ip = ip, tcp = { sport = port, dport = 5000, flags = port == 80 and "S." or "S" } })
    end
  end
  -- Later fragments, other protocols, multicast, and the options that make an IPv4 header longer.
  frame({ ip = { src = v4.src, dst = v4.dst, fragment_offset = 8, protocol = 17 } })
  frame({ ip = { src = v4.src, dst = v4.dst, more_fragments = true }, udp = { dport = 53 } })
  frame({ ip = { src = v4.src, dst = v4.dst, protocol = 47 } })
  frame({ ip = { src = v4.src, dst = v4.dst, protocol = 89 } })
  frame({ ip = { src = v6.src, dst = v6.dst, protocol = 132 } })
  frame({ ip = { src = v6.src, dst = v6.dst, protocol = 44 } })
  frame({ ip = { src = v4.src, dst = "224.0.0.5", ttl = 1 }, udp = {}, eth = { dst = "01:00:5e:00:00:05" } })
  frame({ ip = { src = v6.src, dst = "ff02::1" }, udp = {}, eth = { dst = "33:33:00:00:00:01" } })
  frame({ eth = { dst = mac.dst, src = mac.src, ethertype = 0x88b5 } })
  frame({ eth = { dst = "01:80:c2:00:00:00", src = mac.src, ethertype = size + 1 }, payload = "\x42\x42\x03" })
  local ip = string.pack(
    ">BBI2I2I2BBI2BBBBBBBBI4I2I2I2I2",
    0x46,
    0,
    92,
    7,
    0,
    64,
    17,
    0,
    10,
    0,
    0,
    1,
    10,
    0,
    0,
    2,
    0x01010101,
    6000,
    53,
    68,
    0
  )
  frame({ eth = { dst = mac.dst, src = mac.src, ethertype = 0x0800 }, payload = ip .. ("x"):rep(60) })
  local inner =
    string.pack(">BBI2I2I2BBI2BBBBBBBBBBI2", 0x45, 0, 84, 7, 0, 64, 1, 0, 10, 0, 0, 1, 10, 0, 0, 2, 8, 0, 0)
  local mpls = { dst = mac.dst, src = mac.src, ethertype = 0x8847 }
  frame({ eth = mpls, payload = string.pack(">I4", 100 << 12 | 1 << 8 | 64) .. inner })
  frame({ eth = mpls, payload = string.pack(">I4I4", 100 << 12 | 64, 200 << 12 | 1 << 8 | 64) .. inner })
end

-- What it takes from the fence, and what it takes to tell them apart.
local simple = {
  "ip",
  "ip6",
  "arp",
  "icmp",
  "icmp6",
  "tcp",
  "udp",
  "sctp",
  "stp",
  "ip proto 47",
  "proto 89",
  "ip6 proto 132",
  "ip proto \\udp",
  "ether proto 0x88b5",
  "ether proto \\arp",
  "host 10.0.0.1",
  "src host 10.0.1.7",
  "dst fd00::1",
  "src or dst 192.168.3.4",
  "src and dst net 10.0.0.0/16",
  "ip host 10.0.0.2",
  "arp host 10.0.1.1",
  "host fd00::1 or fd00:1::1",
  "net 10.0.0.0/24",
  "src net 192.168.0.0 mask 255.255.0.0",
  "net 10",
  "dst net fd00::/64",
  "net fd00:1::/120",
  "port 53",
  "tcp port 80",
  "udp dst port 53",
  "src port 80 or 443",
  "portrange 8000-8010",
  "tcp src portrange 79-81",
  "sctp port 80",
  "port domain",
  "less 150",
  "greater 180",
  "len > 160",
  "len <= 160",
  "ether host 02:00:00:00:00:01",
  "ether dst ff:ff:ff:ff:ff:ff",
  "ether src 02:00:00:00:00:02",
  "broadcast",
  "ether multicast",
  "multicast",
  "ip multicast",
  "ip6 multicast",
  "mpls",
  "tcp[13] & 2 != 0",
  "tcp[tcpflags] & (tcp-syn|tcp-ack) = (tcp-syn|tcp-ack)",
  "icmp[icmptype] = icmp-echo",
  "icmp6[icmp6type] == 129",
  "ip[0] & 0xf != 5",
  "ip[2:2] - ((ip[0] & 0xf) << 2) > 120",
  "ip6[6] = 6",
  "udp[2:2] = 53",
  "ether[0] & 1 = 0",
  "ether[12:2] = 0x0800",
  "arp[7] = 2",
  "tcp[0:2] + 1 = 54",
  "udp[udp[4:2] % 8 : 2] > 100",
  "len - 14 = ip[2:2]",
  "(ip[8] * 2 / 4) ^ 1 = 33",
  "ip[8] | 3 & 2 = 66",
  "ip6[4:2] >> 2 = 0x1f",
  "igmp or pim or ah or esp or vrrp",
  "1 = 1",
  "-1 > 5",
}
-- `mpls` concerns all behind it.
local labels = {
  "mpls 100",
  "mpls 100 and ip",
  "mpls and mpls 200 and icmp",
  "mpls 100 and host 10.0.0.1",
  "mpls and ip6",
}

math.randomseed(20)
local function pick()
  return simple[math.random(#simple)]
end
local expressions = table.move(labels, 1, #labels, #simple + 1, table.move(simple, 1, #simple, 1, {}))
for _ = 1, 40 do
  expressions[#expressions + 1] = ("%s and %s"):format(pick(), pick())
  expressions[#expressions + 1] = ("not %s or %s and not %s"):format(pick(), pick(), pick())
  expressions[#expressions + 1] = ("!(%s || %s) && (%s or not (%s))"):format(pick(), pick(), pick(), pick())
end

local function lengths(packets)
  local all = {}
  for i, p in ipairs(packets) do
    all[i] = p.length
  end
  return table.concat(all, " ")
end

-- What tcpdump -e tells of each: the frame's length stands first.
local function lengths_of(text)
  local all = {}
  for line in text:gmatch("[^\n]+") do
    -- Of a frame of IEEE 802.3 it is the one that the header has.
    local length = line:match("^%d+:%S+ .- length (%d+)")
    all[#all + 1] = length and tonumber(length) + (line:find("802.3,", 1, true) and 14 or 0)
  end
  return table.concat(all, " ")
end

test("what was captured", function()
  local seen <close> = ns1.capture.start("eth0", { direction = "in" })
  untagged()
  check.equal(seen:count(), 55)
  seen:save("/tmp/seen.pcap")
  for _, expression in ipairs(expressions) do
    local dump = proc.exec({ "tcpdump", "-Z", "root", "-n", "-e", "-r", "/tmp/seen.pcap", "--", expression })
    check(dump.status == 0 or dump.stderr:find("expression rejects all packets", 1, true), dump.stderr)
    check.equal(lengths(seen:packets({ filter = expression })), lengths_of(dump.stdout), expression)
  end
end)

test("in the kernel", function()
  local all <close> = ns1.capture.start("eth0")
  for first = 1, #expressions, 8 do
    local captures = {}
    all:clear()
    for i = first, math.min(first + 7, #expressions) do
      captures[expressions[i]] = ns1.capture.start("eth0", { filter = expressions[i] })
    end
    untagged()
    for expression, capture in pairs(captures) do
      check.equal(lengths(capture:packets()), lengths(all:packets({ filter = expression })), expression)
      capture:stop()
    end
  end
end)

test("tags that the kernel takes out of the frame", function()
  local function tagged()
    size = 300
    for _, vlan in ipairs({ {}, { 10 }, { 20 }, { 10, 20 }, { { id = 10, protocol = 0x88a8 }, 30 } }) do
      frame({ vlan = vlan, ip = v4, icmp = {} })
      frame({ vlan = vlan, ip = v4, udp = { dport = 53 } })
      frame({ vlan = vlan, ip = v6, tcp = { dport = 80 } })
      frame({ vlan = vlan, arp = { sender = "10.0.0.1", target = "10.0.0.2" } })
    end
  end
  for _, expression in ipairs({
    "icmp",
    "port 53",
    "tcp[2:2] = 80 or ip6",
    "arp host 10.0.0.1",
    "vlan",
    "vlan 10",
    "not vlan",
    "vlan 10 and icmp",
    "vlan and port 53",
    "vlan and vlan 20",
    "vlan 10 and vlan 30 and host 10.0.0.1",
    "vlan and vlan and ip6 and tcp port 80",
    "not vlan 20",
    "ether[12:2] = 0x800",
    "len > 450",
  }) do
    -- A frame of another kind is the last. (-O: the optimizer of libpcap 1.10.3 breaks `vlan` behind `or`.)
    local marked = "ether proto 0x88b5 or " .. (expression:find("vlan") and "(%s)" or "%s"):format(expression)
    local dump <close> = ns1.proc.spawn({
      "tcpdump",
      "-Z",
      "root",
      "-n",
      "-e",
      "-l",
      "--immediate-mode",
      "-Q",
      "in",
      "-O",
      "-i",
      "eth0",
      marked,
    })
    dump:expect("listening", { stderr = true })
    local live <close> = ns1.capture.start("eth0", { filter = marked })
    local seen <close> = ns1.capture.start("eth0")
    tagged()
    send("veth0", { eth = { dst = mac.dst, src = mac.src, ethertype = 0x88b5 }, size = 700 })
    dump:expect("0x88b5")
    check.equal(lengths(live:packets()), lengths_of(dump:stdout()), expression)
    check.equal(lengths(seen:packets({ filter = marked })), lengths(live:packets()), expression)
  end
end)

test("what can't be read", function()
  local function wrong(expression, text)
    local e = check.error(function()
      ns1.capture.start("eth0", { filter = expression })
    end, "argument")
    check.equal(e.message, "capture.start: opts.filter: " .. text)
    return e
  end
  local e = wrong(
    "icmp or hots 10.0.0.1",
    'unknown word "hots" (character 9 of "icmp or hots 10.0.0.1"); did you mean "host"?'
  )
  check((e.hint or ""):find("host, net, port, portrange", 1, true))
  wrong("host", 'expected an address or a host\'s name at the end of "host"')
  e = wrong("tcp host 10.0.0.1", '"tcp" can\'t stand before "host" (character 1 of "tcp host 10.0.0.1")')
  check.equal(e.hint, 'write "tcp and host ..."')
  wrong("port 99999", 'expected a port such as 80 or http, got "99999" (character 6 of "port 99999")')
  wrong("(icmp", 'expected ")" at the end of "(icmp"')
  wrong("icmp tcp", 'expected "and" or "or", got "tcp" (character 6 of "icmp tcp")')
  wrong(
    "ip6 host 10.0.0.1",
    'expected an address of ip6, got "10.0.0.1" (character 10 of "ip6 host 10.0.0.1")'
  )
  wrong("tcp[0:3] = 1", 'expected a size of 1, 2 or 4, got "3" (character 7 of "tcp[0:3] = 1")')
  wrong(("not "):rep(100) .. "ip", "an expression is nested at most 64 deep")
  wrong(("ip or "):rep(2000) .. "ip", "an expression has at most 2048 words")
  check.error(function()
    ns1.capture.start("eth0", { filter = "host nowhere" })
  end, "not_found")
end)

test("names of namespaces, many hosts", function()
  addr.add("10.9.0.1/24", { dev = "veth0" })
  ns1.addr.add("10.9.0.2/24", { dev = "eth0" })
  local hosts = {}
  for i = 1, 400 do
    hosts[i] = ("10.7.%d.%d"):format(i // 250, i % 250)
  end
  -- Too long for the kernel: all is read, and left out afterwards.
  local many <close> =
    capture.start("veth0", { filter = "host " .. table.concat(hosts, " or ") .. " or 10.9.0.2" })
  local named <close> = capture.start(nil, { filter = "src host ns1 and icmp[icmptype] = icmp-echoreply" })
  check.equal(ping("10.9.0.2").received, 1)
  check.equal(many:count({ proto = "icmp" }), 2)
  check.equal(named:count(), 1)
  check.equal(named:packets()[1].link, "veth0")
end)

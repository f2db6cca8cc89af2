-- tcpdump verifies the checksums and lengths of generated frames, and reads each field as it was given.
-- needs: tcpdump, root
local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

-- The lines that tcpdump writes of one frame.
local function told(frame)
  local seen <close> = capture.start("veth0", { direction = "out" })
  local sent = send("veth0", frame)
  eventually(function()
    for _, packet in ipairs(seen:packets()) do
      if packet.bytes == sent.bytes then
        return
      end
    end
    error("not seen yet")
  end)
  seen:save("/tmp/seen.pcap")
  local read = { "tcpdump", "-Z", "root", "-n", "-S", "-e", "-vv", "-r", "/tmp/seen.pcap" }
  return proc.exec(read, { check = true }).stdout
end

local function says(frame, ...)
  local text = told(frame)
  for _, words in ipairs({ ... }) do
    check(text:find(words, 1, true), ("expected %q in:\n%s"):format(words, text))
  end
  for _, wrong in ipairs({ "bad", "wrong", "incorrect", "truncated", "malformed" }) do
    check(not text:find(wrong, 1, true), text)
  end
end

local four, six = { dst = "10.0.0.2" }, { dst = "fd00::2" }
for _, length in ipairs({ 0, 1, 2, 7, 64, 999, 1400 }) do
  local payload = ("\xa5\x00\xff"):rep(500):sub(1, length)
  local data = "length " .. length
  says({ ip = four, udp = {}, payload = payload }, "10.0.0.1.40000 > 10.0.0.2.9: [udp sum ok] UDP, " .. data)
  says({ ip = six, udp = {}, payload = payload }, "fd00::1.40000 > fd00::2.9: [udp sum ok] UDP, " .. data)
  says({ ip = four, tcp = { flags = "P." }, payload = payload }, "Flags [P.], cksum 0x", "(correct)", data)
  says({ ip = six, tcp = { flags = "P." }, payload = payload }, "Flags [P.], cksum 0x", "(correct)", data)
  says(
    { ip = four, icmp = { id = 3 }, payload = payload },
    "ICMP echo request, id 3, seq 1, length " .. length + 8
  )
  says({ ip = six, icmp = { id = 3 }, payload = payload }, "[icmp6 sum ok] ICMP6, echo request, id 3, seq 1")
end

says({
  ip = { dst = "10.0.0.2", tos = 0x10, ttl = 3, id = 77, df = true, src = "10.9.9.9" },
  udp = { sport = 1, dport = 2 },
}, "tos 0x10, ttl 3, id 77, offset 0, flags [DF], proto UDP (17), length 28", "10.9.9.9.1 > 10.0.0.2.2: ")
says(
  {
    ip = { dst = "fd00::2", tos = 0xb8, ttl = 9, flow_label = 0x12345 },
    tcp = { seq = 5, window = 99, mss = 900, wscale = 4 },
  },
  "class 0xb8, flowlabel 0x12345, hlim 9, next-header TCP (6)",
  "seq 5, win 99, options [mss 900,nop,wscale 4], length 0"
)
says({ ip = four, tcp = { flags = "SFRPUEW", urgent = 7 } }, "Flags [FSRPUEW]", "urg 7")
says({ ip = four, tcp = { flags = "none" } }, "Flags [none]")
says(
  { arp = { target = "10.0.0.2" } },
  "Request who-has 10.0.0.2 tell 10.0.0.1, length 28",
  "> ff:ff:ff:ff:ff:ff"
)
says(
  { arp = { op = "reply", sender = "10.0.0.9", sender_mac = "02:00:00:00:00:09" } },
  "Reply 10.0.0.9 is-at 02:00:00:00:00:09"
)
says(
  { ip = { src = "fd00::1" }, icmp = { type = "neighbor solicitation", target = "fd00::abcd" } },
  "33:33:ff:00:ab:cd",
  "hlim 255",
  "ff02::1:ff00:abcd: [icmp6 sum ok] ICMP6, neighbor solicitation",
  "who has fd00::abcd",
  "source link-address option (1), length 8 (1): " .. link.get("veth0").mac
)
says(
  { ip = { dst = "ff02::1" }, icmp = { type = "neighbor advertisement", target = "fd00::1" } },
  "33:33:00:00:00:01",
  "[icmp6 sum ok] ICMP6, neighbor advertisement",
  "tgt is fd00::1, Flags [override]"
)
says(
  { ip = { dst = "ff02::2" }, icmp = { type = "router solicitation" } },
  "[icmp6 sum ok] ICMP6, router solicitation"
)
says(
  { ip = four, icmp = { type = "redirect", code = 1, gateway = "10.0.0.3" }, payload = ("\0"):rep(28) },
  "ICMP redirect",
  "10.0.0.3"
)
says({ ip = { dst = "224.0.0.5", protocol = 89, ttl = 1 } }, "01:00:5e:00:00:05", "proto OSPF (89)")
says({ vlan = { 5, { id = 6, prio = 3 } }, ip = four, udp = {} }, "vlan 5", "vlan 6, p 3", "[udp sum ok]")

-- What is given wrong is wrong.
check(told({ ip = four, udp = { checksum = 7 } }):find("[bad udp cksum 0x0007 ->", 1, true))
check(told({ ip = six, icmp = { checksum = 7 } }):find("[bad icmp6 cksum 0x0007 ->", 1, true))
check(told({ ip = four, tcp = { checksum = 7 } }):find("cksum 0x0007 (incorrect ->", 1, true))
check(told({ ip = { dst = "10.0.0.2", checksum = 7 } }):find("bad cksum 7 (->", 1, true))

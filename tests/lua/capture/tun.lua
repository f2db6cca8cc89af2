-- Filter expressions on a link without Ethernet headers.
-- needs: tun
local tun0 <close> = tun.open("tun0", { mode = "tun" })
link.set("tun0", { up = true })
addr.add("10.8.0.1/24", { dev = "tun0" })
addr.add("fd00:8::1/64", { dev = "tun0" })
local expressions = {
  ["ip"] = 3,
  ["ip6 and udp port 53"] = 1,
  ["dst host 10.8.0.2 and udp dst port 53"] = 1,
  ["net 10.8.0.0/24 and portrange 50-60 or ip6[6] = 17"] = 4,
  ["udp[4:2] > 20"] = 1,
  ["ether host 02:00:00:00:00:01 or ether[0] = 0x45 or vlan or arp or multicast"] = 0,
}
local all <close> = capture.start("tun0", { filter = "udp" })
local live = {}
for expression in pairs(expressions) do
  live[expression] = capture.start("tun0", { filter = expression })
end
udp.send("10.8.0.2:53", "hello")
udp.send("10.8.0.3:54", "hello")
udp.send("10.8.0.3:54", ("x"):rep(20))
udp.send("[fd00:8::2]:53", "hello")
check.equal(all:count(), 4)
for expression, count in pairs(expressions) do
  check.equal(live[expression]:count({ proto = "udp" }), count, expression)
  check.equal(all:count({ filter = expression }), count, expression)
end

local ns1 = namespace.add("ns1")
local peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" }
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = peer })

-- A closed port resets what comes.
local seen <close> = capture.start("veth0", { proto = "tcp" })
send("veth0", { ip = { dst = "10.0.0.2" }, tcp = { sport = 4000, dport = 81, flags = "S" } })
check.equal(seen:wait({ src = "10.0.0.2" })[1].type, "R.")

-- Frames with tags, and frames that are no packets at all.
send("veth0", { vlan = { 5, 6 }, ip = { dst = "10.0.0.2" }, udp = { dport = 53 }, payload = "hello" })
send("veth0", { arp = { target = "10.0.0.2" } })
send(
  "veth0",
  { eth = { dst = "01:80:c2:00:00:0e", ethertype = 0x88cc }, payload = "\0\0", count = 3, interval = 0.01 }
)

-- Losses, duplicates and order, as netem makes them.
-- needs: netem
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
local how = { proto = "udp", rate = "4mbit", time = 1, size = 500 }

link.shape("v0", { duplicate = "20%" })
local twice = perf("ns1", how)
check.equal(twice.lost, 0)
check.near(twice.duplicates / twice.datagrams, 0.2, 0.1)

link.shape("v0", { delay = "20ms", reorder = "30%" })
local mixed = perf("ns1", how)
check.equal({ mixed.lost, mixed.duplicates }, { 0, 0 })
check.greater(assert(mixed.out_of_order), 0)
check.greater(assert(mixed.jitter), 0.0005)

link.shape("v0", { delay = "30ms" })
local slow = perf("ns1", { time = 1 })
check.at_least(assert(slow.rtt).min, 0.03)

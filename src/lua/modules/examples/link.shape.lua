local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
-- A slow line, both ways. Where the kernel has netem: { delay = "50ms", jitter = "5ms", loss = "1%" }
link.shape("veth0", { rate = "10mbit", direction = "both" })
check.equal(ns1.link.get("eth0").shape.rate, 10000000)
link.shape("veth0", false)

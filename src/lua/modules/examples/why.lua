local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, addr = "10.0.0.2/24" },
})
local verdict = why("10.0.0.2")
print(verdict)
check.equal(verdict.faults[1].cause, "link_down")
assert(load(assert(verdict.faults[1].fix)))()
check(why("10.0.0.2").ok)

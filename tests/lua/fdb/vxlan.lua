-- The remote ends of a vxlan.
-- needs: ip, bridge, vxlan
link.add("br0", { kind = "bridge", up = true, addr = { "10.0.0.1/24", "fd00::1/64" } })
link.add("vx0", { kind = "vxlan", up = true, vxlan = { id = 7, ["local"] = "10.0.0.1", dstport = 4789 } })
fdb.add("02:00:00:00:00:09", { dev = "vx0", dst = "10.0.0.2" })
local out = proc.exec({ "bridge", "-j", "fdb", "show", "dev", "vx0" }, { check = true }).stdout
local seen = json.decode(out)
check.equal(seen[1].mac, "02:00:00:00:00:09")
check.equal(seen[1].dst, "10.0.0.2")
local entry = fdb.list({ dev = "vx0" })[1]
check.equal(entry.dst, "10.0.0.2")
check.equal(entry.flags, { "self" })
fdb.del("02:00:00:00:00:09", { dev = "vx0", dst = "10.0.0.2" })
check.equal(fdb.list({ dev = "vx0" }), {})

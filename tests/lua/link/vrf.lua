-- needs: ip, vrf
link.add("red", { kind = "vrf", up = true, vrf = { table = 10 } })
link.add("v0", { kind = "veth", master = "red", up = true })
local out = proc.exec({ "ip", "-d", "-j", "link", "show", "red" }, { check = true }).stdout
check.equal(json.decode(out)[1].linkinfo.info_data.table, 10)
check.equal(link.get("red").vrf.table, 10)
check.equal(link.get("v0").vrf_table, 10)
check.equal(link.get("v0").port_kind, "vrf")

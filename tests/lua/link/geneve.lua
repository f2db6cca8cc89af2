-- needs: ip, geneve
local function data(name)
  local out = proc.exec({ "ip", "-d", "-j", "link", "show", name }, { check = true }).stdout
  return json.decode(out)[1].linkinfo.info_data
end

link.add("gnv4", {
  kind = "geneve",
  geneve = { id = 42, remote = "10.0.0.2", dstport = 6090, ttl = 8, tos = 0x10, df = "set", udp_csum = false },
})
local d = data("gnv4")
check.equal(d.id, 42)
check.equal(d.remote, "10.0.0.2")
check.equal(d.port, 6090)
check.equal(d.ttl, 8)
check.equal(tonumber(d.tos), 0x10)
check.equal(d.df, "set")
local own = link.get("gnv4").geneve
check.equal(own.id, 42)
check.equal(own.remote, "10.0.0.2")
check.equal(own.dstport, 6090)
check.equal(own.ttl, 8)
check.equal(own.tos, 0x10)
check.equal(own.df, "set")
check.equal(own.udp_csum, false)

link.add("gnv6", {
  kind = "geneve",
  geneve = {
    id = 43,
    remote6 = "fd00::2",
    flowlabel = 0x12345,
    udp_zero_csum6_tx = true,
    udp_zero_csum6_rx = true,
  },
})
d = data("gnv6")
check.equal(d.id, 43)
check.equal(d.remote6, "fd00::2")
check.equal(tonumber(d.label), 0x12345)
own = link.get("gnv6").geneve
check.equal(own.remote6, "fd00::2")
check.equal(own.flowlabel, 0x12345)
check.equal(own.udp_zero_csum6_tx, true)

link.add("gnv", { kind = "geneve", geneve = { external = true, dstport = 6091 } })
check.equal(link.get("gnv").geneve.external, true)
check.error(function()
  link.add("gnv9", { kind = "geneve", geneve = { id = 42, remote = "10.0.0.2", dstport = 6090 } })
end, "busy")
check.error(function()
  link.add("gnv9", { kind = "geneve", geneve = { id = 16777216 } })
end, "argument")

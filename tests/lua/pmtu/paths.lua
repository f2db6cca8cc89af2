-- The MTU of a path, told by routers or found; ip route get, which tells what the kernel itself learned, is the witness.
-- needs: ip, nft
local topology = require("nsh.topology")
local net = topology(topology.chain(2, { ipv6 = true }))
check.equal(net.h1.pmtu("h2").mtu, 1500)
check.equal(net.h1.pmtu("h2").told, {})

net.r2.link.set("to-h2", { mtu = 1400 })
net.h2.link.set("eth0", { mtu = 1400 })
for _, family in ipairs({ "inet", "inet6" }) do
  local path = net.h1.pmtu("h2", { family = family })
  check.equal({ path.mtu, path.dev, path.dev_mtu, path.black_hole }, { 1400, "eth0", 1500, nil })
  check.equal({ path.told[1].namespace, path.told[1].mtu, path.told[1].size }, { "r2", 1400, 1500 })
  -- The kernel has heard it too.
  local said = json.decode(net.h1.proc.exec({ "ip", "-j", "route", "get", path.addr }).stdout) --[[@as any]]
  check.equal(said[1].metrics[1].mtu, 1400)
end

-- A black hole: nobody says that a packet is too big.
net.r2.nft.load([[
table inet hole {
  chain out {
    type filter hook output priority 0;
    icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop
  }
}
]])
for _, family in ipairs({ "inet", "inet6" }) do
  local path = net.h1.pmtu("h2", { family = family })
  check.equal({ path.mtu, path.black_hole.size, path.black_hole.namespace }, { 1400, 1401, "r2" })
  check.equal(path.told, {})
end

local e = check.error(function()
  net.h1.pmtu("10.77.0.1", { timeout = 0.1 })
end)
check(e.hint, "says what to do")
check.error(function()
  pmtu("8.8.8.8")
end, "network_unreachable")
check.error(function()
  pmtu("::1", { prto = 1 } --[[@as any]])
end, "argument")
check.equal(pmtu("127.0.0.1").dev, "lo")

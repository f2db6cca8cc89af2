-- Waiting for neighbours.
-- needs: ip
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
local mac = ns1.link.get("eth0").mac

for _, address in ipairs({ "10.0.0.2", "fd00::2" }) do
  -- Only watching: nobody asks, so nothing comes.
  local e = check.error(function()
    wait.neigh(address, { probe = false, timeout = 0.05 })
  end, "timeout")
  check(e.message:find("nothing is known of it on veth0", 1, true), e.message)
  check(wait.neigh(address, { state = "reachable" }) < 3)
  local seen = json.decode(proc.exec({ "ip", "-j", "neigh", "show", address }, { check = true }).stdout)[1]
  check.equal(seen.state, { "REACHABLE" })
  check.equal(seen.lladdr, mac)
  wait.neigh(address, { dev = "veth0" })
  -- What is only remembered is asked for at once: for a packet the kernel would wait 5 s.
  neigh.replace(address, { dev = "veth0", lladdr = mac, state = "stale" })
  check(wait.neigh(address, { state = "reachable" }) < 4)
  e = check.error(function()
    wait.neigh(address, { gone = true, timeout = 0 })
  end, "timeout")
  check(e.message:find("it is REACHABLE", 1, true), e.message)
  local deleter <close> = proc.spawn(("sleep 0.1; ip neigh del %s dev veth0"):format(address))
  wait.neigh(address, { gone = true })
end

-- Nobody has it.
local e = check.error(function()
  wait.neigh("10.0.0.9", { timeout = 0.1 })
end, "timeout")
check(e.message:find("it is INCOMPLETE: nobody on veth0 has answered yet", 1, true), e.message)
sysctl.set("net.ipv4.neigh.veth0.retrans_time_ms", 100)
e = check.error(function()
  wait.neigh("10.0.0.8", { timeout = 0.6 })
end, "timeout")
check(e.message:find("nobody on veth0", 1, true), e.message)
-- Until somebody comes.
local comer <close> = ns1.spawn("sleep 0.5; ip addr add 10.0.0.8/24 dev eth0")
check(wait.neigh("10.0.0.8") > 0.2)

-- No neighbour at all.
e = check.error(function()
  wait.neigh("192.0.2.1")
end, "network_unreachable")
route.add("192.0.2.0/24", { via = "10.0.0.2" })
e = check.error(function()
  wait.neigh("192.0.2.1")
end, "argument")
check(e.message:find("is no neighbour: packets to it go via 10.0.0.2", 1, true), e.message)

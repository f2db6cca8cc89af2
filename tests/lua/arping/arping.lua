-- Who has an address: the kernel's answers, seen by a capture and by its own neighbour table.
-- needs: ip

local names = { "ns1", "ns2", "ns3" }
local ns = {}
link.add("br0", {
  kind = "bridge",
  up = true,
  mac = "02:00:00:00:00:01",
  addr = { "10.0.0.1/24", "fd00::1/64" },
  bridge = { mcast_snooping = false },
})
for i, name in ipairs(names) do
  ns[i] = namespace.add(name)
  local own = ("02:00:00:00:00:1%d"):format(i)
  local addr = { ("10.0.0.1%d/24"):format(i), ("fd00::1%d/64"):format(i) }
  local peer = { name = "eth0", ns = ns[i], up = true, mac = own, addr = addr }
  link.add("veth" .. i, { kind = "veth", master = "br0", up = true, peer = peer })
end
local MACS = { "02:00:00:00:00:11", "02:00:00:00:00:12", "02:00:00:00:00:13" }

test("a host answers with its hardware address", function()
  for i, host in ipairs(names) do
    for _, family in ipairs({ "inet", "inet6" }) do
      local found = arping(host, { family = family })
      check.equal({ found.mac, found.macs, found.duplicate }, { MACS[i], { MACS[i] }, false })
      check.equal({ found.sent, found.received, found.dev }, { 1, 1, "br0" })
      local rtt = found.replies[1].rtt
      check(rtt > 0 and rtt < 1)
    end
  end
  -- The host that was asked has learned who asked, and sees our own neighbour the same way.
  ping("10.0.0.11")
  local known = json.decode(proc.exec("ip -j neigh show to 10.0.0.11", { check = true }).stdout) --[[@as any]]
  check.equal(known[1].lladdr, MACS[1])
end)

test("what is asked is what arping and duplicate address detection ask", function()
  local seen <close> = ns[1].capture.start("eth0", { proto = { "arp", "icmp6" }, direction = "in" })
  arping("10.0.0.11")
  arping("10.0.0.99", { dad = true, timeout = 0.05 })
  arping("fd00::11", { from = "fd00::1" })
  arping("fd00::99", { dad = true, timeout = 0.05 })
  arping("10.0.0.98", { from = "10.0.0.1", count = 2, interval = 0.01, timeout = 0.05 })
  arping("fd00::11", { dad = true, timeout = 0.05 })
  local asked = seen:packets({ type = "request" })
  local function say(p)
    return ("%s asks for %s"):format(p.arp.sender, p.arp.target)
  end
  local said = {}
  for i, p in ipairs(asked) do
    said[i] = say(p)
  end
  check.equal(said, {
    "10.0.0.1 asks for 10.0.0.11",
    "0.0.0.0 asks for 10.0.0.99",
    "10.0.0.1 asks for 10.0.0.98",
    "10.0.0.1 asks for 10.0.0.98",
  })
  local six = {}
  for _, p in ipairs(seen:packets({ type = "neighbor solicitation" })) do
    -- The kernel asks for its own addresses of the link.
    if p.icmp.target:find("^fd00") then
      table.insert(six, ("%s asks for %s, %s"):format(p.src, p.icmp.target, p.icmp.mac or "from nowhere"))
    end
  end
  check.equal(six[1], "fd00::1 asks for fd00::11, 02:00:00:00:00:01")
  check.equal(six[#six], ":: asks for fd00::11, from nowhere")
end)

test("nobody answers", function()
  for _, address in ipairs({ "10.0.0.99", "fd00::99" }) do
    local none = arping(address, { timeout = 0.05, count = 2, interval = 0.01 })
    check.equal(
      { none.sent, none.received, none.mac, none.duplicate, #none.replies },
      { 2, 0, nil, false, 0 }
    )
    check.equal(arping(address, { dad = true, timeout = 0.05 }).duplicate, false)
  end
end)

test("an address that two hosts have", function()
  ns[2].addr.add("10.0.0.11/24", { dev = "eth0" })
  ns[2].addr.add("fd00::11/64", { dev = "eth0", dad = false })
  for _, address in ipairs({ "10.0.0.11", "fd00::11" }) do
    -- Linux delays its answer in neighbour discovery to a group's question by nothing; both come at once.
    local found = arping(address, { all = true, timeout = 0.5 })
    table.sort(found.macs)
    check.equal({ found.macs, found.duplicate }, { { MACS[1], MACS[2] }, true })
    check(tostring(found):find("more than once", 1, true), tostring(found))
    local wanted = arping(address, { dad = true, timeout = 0.5 })
    check.equal(wanted.duplicate, true)
    check(tostring(wanted):find("the address is in use", 1, true), tostring(wanted))
  end
end)

test("it needs no address, and a firewall of IP doesn't matter", function()
  local bare = namespace.add("bare")
  bare.link.add(
    "eth0",
    { kind = "veth", up = true, peer = { name = "veth9", ns = "host", up = true, master = "br0" } }
  )
  check.equal(bare.arping("10.0.0.13", { dev = "eth0", dad = true, timeout = 0.3 }).macs, { MACS[3] })
  ns[3].firewall.policy("input", "drop")
  check.equal(arping("10.0.0.13").mac, MACS[3])
  check.equal(ping("10.0.0.13", { timeout = 0.05 }).received, 0)
end)

test("what can't be asked", function()
  local function refused(kind, text, dst, options)
    local e = check.error(function()
      arping(dst, options)
    end, kind)
    check.equal(e.message, text)
  end
  refused("argument", 'arping: opts: unknown option "deb"; did you mean "dev"?', "10.0.0.11", { deb = "br0" })
  refused(
    "argument",
    "arping: opts.from: duplicate address detection asks from no address",
    "10.0.0.11",
    { dad = true, from = "10.0.0.1" }
  )
  refused("argument", "arping: opts.from: 10.0.0.11 is of another family", "10.0.0.11", { from = "fd00::1" })
  refused("network_unreachable", 'arping "10.9.9.9": network is unreachable (ENETUNREACH)', "10.9.9.9")
  refused("argument", "arping: 10.0.0.1 is an address of this namespace itself", "10.0.0.1")
  route.add("10.9.0.0/16", { via = "10.0.0.11" })
  refused(
    "argument",
    "arping: 10.9.9.9 is on no link of this namespace: packets to it go via 10.0.0.11",
    "10.9.9.9"
  )
  check.error(function()
    arping("10.0.0.11", { dev = "nosuch" })
  end, "not_found")
  link.add("down0", { kind = "veth" })
  check.error(function()
    arping("10.0.0.11", { dev = "down0" })
  end, "network_down")
end)

-- What can't be sent, and why.

local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
link.add("down0", { kind = "veth", addr = "10.1.0.1/24" })

local function refused(text, frame, dev, kind)
  local e = check.error(function()
    send(dev or "veth0", frame --[[@as any]])
  end, kind or "argument")
  check.equal(e.message, text)
  return e
end

local to = { dst = "10.0.0.2" }

test("contradictions", function()
  refused("send: a frame needs eth, arp, ip or bytes", {})
  refused("send: icmp, tcp and udp exclude each other", { ip = to, tcp = {}, udp = {} })
  refused("send: icmp, tcp and udp need ip", { udp = {} })
  refused("send: arp and ip exclude each other", { ip = to, arp = {} })
  refused(
    "send: bytes are the whole frame: no header and no payload stand beside them",
    { bytes = "x", ip = to }
  )
  refused(
    "send: ip: src, dst and version are of different families",
    { ip = { dst = "10.0.0.2", src = "fd00::1" } }
  )
  refused("send: interval and rate exclude each other", { ip = to, rate = 5, interval = 1 })
  refused("send: ip needs dst", { ip = {}, udp = {} })
  refused("send: ip.df: a header of IPv6 has none", { ip = { dst = "ff02::1", df = true } })
  refused(
    "send: ip.fragment_offset: expected a multiple of 8, got 5",
    { ip = { dst = "10.0.0.2", fragment_offset = 5 } }
  )
  refused("send: arp.target: expected an IPv4 address, got fd00::1", { arp = { target = "fd00::1" } })
  refused(
    'send: icmp.type: ICMPv6 has no type "source quench" (ICMP has)',
    { ip = { dst = "ff02::1" }, icmp = { type = "source quench" } }
  )
  refused(
    "send: icmp.target: expected the IPv6 address that the neighbour message is about",
    { ip = { dst = "ff02::1" }, icmp = { type = "neighbor solicitation" } }
  )
end)

test("values", function()
  refused(
    "send: opts.rate: expected a number from 0.001 to 10000000, got the integer 0",
    { ip = to, rate = 0 }
  )
  refused(
    "send: opts.count: expected an integer from 1 to 1000000000, got the integer 0",
    { ip = to, count = 0 }
  )
  refused(
    "send: opts.udp.dport: expected an integer from 0 to 65535, got the integer 70000",
    { ip = to, udp = { dport = 70000 } }
  )
  refused('send: opts.udp: unknown option "dprot"; did you mean "dport"?', { ip = to, udp = { dprot = 1 } })
  refused('send: opts: unknown option "icpm"; did you mean "icmp"?', { icpm = {} })
  refused("send: eth.dst: expected six bytes, got 3", { eth = { dst = "1:2:3" } })
  check.error(function()
    send("veth0", { eth = { dst = "zz" } })
  end, "argument")
  refused('send: opts.hex: expected bytes in hexadecimal, got "fff"', { hex = "fff" })
  refused('send: opts.hex: expected bytes in hexadecimal, got "ffzz"', { hex = "ffzz" })
  refused(
    'send: opts.vlan[1]: the option "id" is missing (an integer from 0 to 4095)',
    { vlan = { {} }, arp = {} }
  )
  refused('send: opts.arp.op: expected "request", "reply", or a number, got "foo"', { arp = { op = "foo" } })
end)

test("lengths", function()
  refused("send: a frame has at most 65599 bytes, got 70000", { ip = to, payload = ("x"):rep(70000) })
  local e = refused(
    'send "veth0": message too long (EMSGSIZE)',
    { ip = to, payload = ("x"):rep(1500) },
    "veth0",
    "invalid"
  )
  check.equal(e.hint, "the frame has 1534 bytes, and the MTU of veth0 is 1500")
  link.set("veth0", { mtu = 1600 })
  check.equal(send("veth0", { ip = to, payload = ("x"):rep(1500) }).length, 1534)
  e = refused('send "veth0": invalid argument (EINVAL)', { bytes = "short" }, "veth0", "invalid")
  check.equal(e.hint, "the frame is shorter than the link's header")
end)

test("links and destinations", function()
  check.error(function()
    send("nosuch", { arp = {} })
  end, "not_found")
  local e = refused(
    'send "down0": network is down (ENETDOWN)',
    { ip = { dst = "10.1.0.2" } },
    "down0",
    "network_down"
  )
  check.equal(e.hint, 'the link is down: link.set("down0", { up = true })')
  -- Nobody has the address: the kernel asks three times, a second each.
  e = check.error(function()
    send("veth0", { ip = { dst = "10.0.0.77" } })
  end, "timeout")
  check(e.message:find("the hardware address of 10.0.0.77 is unknown", 1, true), "the address is named")
  check((e.hint or ""):find("sends it without asking", 1, true))
  send("veth0", { eth = { dst = "ff:ff:ff:ff:ff:ff" }, ip = { dst = "10.0.0.77" } })
end)

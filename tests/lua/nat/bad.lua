-- Bad input is refused before anything reaches the kernel.

local function refused(f, opts, message)
  local e = check.error(function()
    f(opts)
  end, "argument")
  check.equal(e.message, message)
  check.equal(#nat.list(), 0)
end

refused(
  nat.dnat,
  { dest = "10.0.0.1" },
  'nat.dnat: opts: the option "to" is missing '
    .. '(an address such as "192.168.1.10", "192.168.1.10:3000" or "[fd00::1]:80")'
)
refused(nat.dnat, { proto = "tcp", to = ":80" }, "nat.dnat: dnat needs an address in `to`")
refused(nat.snat, { proto = "tcp", to = "80" }, "nat.snat: snat needs an address in `to`")
refused(
  nat.masquerade,
  { sorce = "10.0.0.0/8" },
  'nat.masquerade: opts: unknown option "sorce"; did you mean "source"?'
)
refused(
  nat.masquerade,
  { source = "192.168.1.5/24" },
  'nat.masquerade: opts.source: "192.168.1.5/24" has host bits set'
)
refused(
  nat.masquerade,
  { source = "192.168.1" },
  'nat.masquerade: opts.source: "192.168.1" is not an IP address'
)
refused(
  nat.masquerade,
  { source = "10.0.0.0/8", dest = "fd00::/8" },
  "nat.masquerade: `source` is IPv4, but `dest` is IPv6"
)
refused(
  nat.masquerade,
  { to = "1.2.3.4" },
  "nat.masquerade: masquerade chooses the address itself: `to` can only be ports"
)
refused(nat.masquerade, { to = 8080 }, 'nat.masquerade: a port in `to` needs `proto`, such as "tcp" or "udp"')
refused(nat.redirect, { dport = 80 }, 'nat.redirect: dport needs `proto`, such as "tcp" or "udp"')
refused(
  nat.redirect,
  { proto = "icmp", dport = 80 },
  "nat.redirect: dport needs a protocol with ports, icmp has none"
)
refused(
  nat.redirect,
  { proto = "tpc" },
  "nat.redirect: opts.proto: expected a protocol (icmp, tcp, udp, dccp, gre, "
    .. 'esp, ah, icmpv6, sctp, udplite) or its number from 0 to 255, got "tpc"'
)
refused(
  nat.redirect,
  { proto = "tcp", dport = "90-80" },
  'nat.redirect: opts.dport: the range of ports "90-80" ends before it begins'
)
refused(nat.redirect, { proto = "tcp", dport = {} }, "nat.redirect: opts.dport: expected at least one port")
refused(
  nat.masquerade,
  { out = "sixteen-bytes-xx" },
  'nat.masquerade: opts.out: an interface\'s name has at most 15 bytes, got "sixteen-bytes-xx"'
)
refused(
  nat.dnat,
  { to = "fe80::1%eth0" },
  "nat.dnat: opts.to: expected an address with or without a port, such as "
    .. '"192.168.1.10:3000", "10.0.0.1-10.0.0.9", "[fd00::1]:80" or ":8080", got "fe80::1%eth0"'
)
refused(nat.dnat, { to = "10.0.0.1-fd00::1" }, 'nat.dnat: opts.to: "10.0.0.1-fd00::1" mixes IPv4 and IPv6')
refused(nat.dnat, { to = "0.0.0.0" }, "nat.dnat: opts.to: 0.0.0.0 is no host's address, it can't be a target")
refused(
  nat.dnat,
  { to = 80 },
  "nat.dnat: opts.to: expected an address such as "
    .. '"192.168.1.10", "192.168.1.10:3000" or "[fd00::1]:80", got the integer 80'
)
refused(
  nat.dnat,
  { iif = "eth0", host = true, to = "10.0.0.1" },
  "nat.dnat: `host` and `iif` exclude each other: what the host sends came in nowhere"
)
refused(
  nat.dnat,
  { comment = 'a "b"', to = "10.0.0.1" },
  "nat.dnat: the comment must be one line without quotation marks, as nft shows it"
)
refused(
  nat.dnat,
  { comment = ("x"):rep(129), to = "10.0.0.1" },
  "nat.dnat: the comment has 129 bytes, more than 128"
)

local e = check.error(function()
  nat.del(77)
end, "not_found")
check.equal(e.message, 'nat.del "77": no NAT rule has the handle 77')
check.error(function()
  nat.del("77" --[[@as any]])
end, "argument")

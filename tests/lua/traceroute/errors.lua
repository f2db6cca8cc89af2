-- Bad input, and what keeps a packet from being sent.

local function refused(kind, text, ...)
  local args = table.pack(...)
  local e = check.error(function()
    traceroute(table.unpack(args, 1, args.n))
  end, kind)
  check.equal(e.message, text)
end

refused("argument", "traceroute: dst: expected an address, a name or a namespace, got nil")
refused("argument", 'traceroute: opts: unknown option "prto"; did you mean "proto"?', "::1", { prto = "udp" })
refused("argument", "traceroute: opts.port: an echo request has no port", "::1", { port = 80 })
refused(
  "argument",
  "traceroute: opts.size: a request for a connection has no payload",
  "::1",
  { proto = "tcp", size = 9 }
)
refused("argument", "traceroute: opts.first_ttl: 40 is more than max_ttl, 30", "::1", { first_ttl = 40 })
refused("network_unreachable", 'traceroute "8.8.8.8": network is unreachable (ENETUNREACH)', "8.8.8.8")
check.error(function()
  traceroute("nobody")
end, "not_found")
check.equal(traceroute("127.0.0.1").reached, true)
check.equal(traceroute("::1", { proto = "udp" }).reached, true)

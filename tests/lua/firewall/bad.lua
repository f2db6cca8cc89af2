-- Bad input is refused before anything reaches the kernel.

local function refused(opts, message, hint)
  local e = check.error(function()
    firewall.add(opts)
  end, "argument")
  check.equal(e.message, "firewall.add: " .. message)
  check.equal(e.hint, hint)
  check.equal(firewall.chains(), {})
end

local function input(opts)
  opts.chain, opts.action = opts.chain or "input", opts.action or "accept"
  return opts
end

refused({ action = "drop" }, 'opts: the option "chain" is missing (a string)')
refused(input({ src = "10.0.0.1" }), 'opts: unknown option "src"; did you mean "source"?')
refused(input({ oif = "eth0" }), 'opts: unknown option "oif"; did you mean "out"?')
refused(
  input({ action = "acept" }),
  'opts.action: expected "accept", "drop", "reject", "continue", "return", "notrack", "jump CHAIN", "goto CHAIN", '
    .. '"OPTION vmap @MAP" or "flow add @FLOWTABLE", got "acept"; did you mean "accept"?'
)
refused(
  input({ source = { "10.0.0.1", "fd00::1" } }),
  "`source` mixes IPv4 and IPv6",
  "add two rules, one for each"
)
refused(input({ source = "10.0.0.1", dest = "fd00::1" }), "`source` is IPv4, but `dest` is IPv6")
refused(input({ source = "10.0.0.1", icmpv6 = 1 }), "`source` is IPv4, but `icmpv6` is IPv6")
refused(
  input({ source = "10.0.0.9-10.0.0.1" }),
  'opts.source: "10.0.0.9-10.0.0.1" is no range from a lower address to a higher one'
)
refused(input({ dport = 80 }), 'dport needs `proto`, such as "tcp" or "udp"')
refused(input({ proto = "!tcp", dport = 80 }), 'dport needs `proto` without "!"')
refused(input({ proto = { "tcp", "icmp" }, dport = 80 }), "dport needs a protocol with ports, icmp has none")
refused(
  input({ proto = "tcp", icmp = "echo-request" }),
  "`icmp` is of the protocol icmp, `proto` is another one"
)
refused(
  input({ proto = "icmp", source = "fd00::1" }),
  'proto "icmp" is IPv4\'s, the addresses are IPv6',
  'IPv6 has "icmpv6"'
)
refused(
  input({ out = "eth0" }),
  "`out` never matches in input: these packets have no way out yet",
  "match `iif`, or use the chain forward"
)
refused(
  input({ chain = "output", iif = "eth0" }),
  "`iif` never matches in output: what the namespace itself sends came in nowhere",
  "match `out`"
)
refused(
  input({ uid = 0 }),
  "`uid` never matches in input: only what this namespace sends has a user",
  "use the chain output"
)
refused(
  input({ chain = "raw_output", state = "new" }),
  "`state` never matches in raw_output: it comes before connection tracking",
  "use the chain prerouting or output"
)
refused(
  input({ action = "notrack" }),
  "notrack comes too late in input: the packet is tracked already",
  "use the chain raw_prerouting, or raw_output for what the namespace sends"
)
refused(
  input({ chain = "postrouting", action = "reject" }),
  "the kernel can't reject in postrouting",
  "reject in forward or output, or drop"
)
refused(input({ reason = "tcp-reset" }), 'reason needs action "reject"')
refused(input({ action = "reject", reason = "tcp-reset" }), 'reason "tcp-reset" needs proto "tcp"')
refused(
  input({ iif = { "eth0", "veth*" } }),
  'opts.iif: "veth*" can\'t be one of several: add a rule for each'
)
refused(input({ burst = 5 }), "burst needs `limit`")
refused(
  input({ limit = "5/sec" }),
  'opts.limit: expected a rate such as "5/second", "10/minute", "100 kbytes/second" or "over 5/second", got "5/sec"'
)
refused(input({ log_level = "info" }), "log_level and log_group need `log`, a line's beginning or true")
refused(
  input({ log = "$x" }),
  "opts.log: a line's beginning has no quotation marks and no \"$\", which nft can't write"
)
refused(input({ mark = "0x10/0x0f" }), 'opts.mark: the mark "0x10/0x0f" has bits outside of its mask')
refused(
  input({ state = "establised" }),
  'opts.state: expected "new", "established", "related", "invalid" or "untracked", an array of them, or "!" in front for '
    .. 'all others, got "establised"; did you mean "established"?'
)
refused(input({ comment = 'a "b"' }), "the comment must be one line without quotation marks, as nft shows it")
refused(input({ insert = true, before = 7 }), "`insert`, `before` and `after` exclude each other")

local e = check.error(function()
  firewall.add({ chain = "inptu", action = "drop" })
end, "not_found")
check.match(e.message, 'there is no chain "inptu"')
check.match(e.hint --[[@as string]], "^there are input, forward, output, .*firewall.add_chain makes more")
e = check.error(function()
  firewall.add({ chain = "input", action = "jump web" })
end, "not_found")
check.match(e.message, 'there is no chain "web"')
e = check.error(function()
  firewall.add({ chain = "input", action = "drop", before = 7 })
end, "not_found")
check.match(e.message, "no rule of the chain input has the handle 7")
e = check.error(function()
  firewall.policy("web", "drop")
end, "argument")
check.match(e.message, '"web" hangs on no hook, and so has no policy')
e = check.error(function()
  firewall.add_chain("input")
end, "argument")
check.match(e.message, 'the name "input" is taken')
e = check.error(function()
  firewall.add_chain("a chain")
end, "argument")
check.match(e.message, "expected a name of letters, digits")
check.error(function()
  firewall.flush({ chain = "nothing" })
end, "not_found")

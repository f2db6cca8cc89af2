local ns1 = namespace.add("ns1")
link.add("veth0", { kind = "veth", up = true, peer = { name = "eth0", ns = ns1, up = true } })
addr.add("10.0.0.1/24", { dev = "veth0" })

local function fails(kind, text, f)
  check.equal(tostring(check.error(f, kind)):gsub("^[^:]*:%d+: ", ""), text)
  check.equal(#addr.list({ dev = "veth0", family = "inet" }), 1, "nothing has changed")
end

fails(
  "argument",
  [[addr.add: address: "10.0.0.300/24" is not an IP address
  hint: 300 is over 255]],
  function()
    addr.add("10.0.0.300/24", { dev = "veth0" })
  end
)
fails("argument", [[addr.add: address: expected a prefix length from 0 to 32 in "10.0.0.1/33"]], function()
  addr.add("10.0.0.1/33", { dev = "veth0" })
end)
fails(
  "argument",
  [[addr.add: address: "fd00::1::2/64" is not an IP address
  hint: "::" can stand only once in an IPv6 address]],
  function()
    addr.add("fd00::1::2/64", { dev = "veth0" })
  end
)
fails("argument", [[addr.add: opts: the option "dev" is missing (a link's name)]], function()
  (addr --[[@as any]]).add("10.0.0.2/24", {})
end)
fails(
  "not_found",
  [[addr.add "10.0.0.2/24": no link named "veth9" (there is lo, veth0)
  hint: did you mean "veth0"?]],
  function()
    addr.add("10.0.0.2/24", { dev = "veth9" })
  end
)
fails(
  "not_found",
  [[addr.add "10.0.0.2/24" in ns1: no link named "veth0" (there is lo, eth0)
  hint: did you mean "eth0"?]],
  function()
    ns1.addr.add("10.0.0.2/24", { dev = "veth0" })
  end
)
local e = check.error(function()
  addr.add("10.0.0.1/24", { dev = "veth0" })
end, "exists")
check.equal(e.errno, "EEXIST")
check.equal(e.hint, "the link has this address already; addr.replace changes its options")
e = check.error(function()
  addr.del("10.0.0.1/16", { dev = "veth0" })
end, "not_found")
check.equal(e.hint, 'did you mean "10.0.0.1/24"?')
e = check.error(function()
  addr.del("10.7.7.7/16", { dev = "veth0" })
end, "not_found")
check.equal(e.hint, "veth0 has 10.0.0.1/24")
e = check.error(function()
  addr.del("10.7.7.7/16")
end, "not_found")
e = check.error(function()
  addr.add("fd00::1/64", { dev = "veth0", broadcast = "10.0.0.255" })
end, "argument")
e = check.error(function()
  addr.add("10.0.0.2/24", { dev = "veth0", valid_lft = 10, preferred_lft = 20 })
end, "argument")

-- IPv6 that is switched off says so.
sysctl.set("net.ipv6.conf.veth0.disable_ipv6", true)
e = check.error(function()
  addr.add("fd00::1/64", { dev = "veth0" })
end)
check(tostring(e.hint):find("disable_ipv6", 1, true), tostring(e))

e = check.error(function()
  addr.add("10.0.0.3/24", { dev = "veth0", scope = "link" })
end, "invalid")
check.equal(e.hint, "the addresses of one subnet on a link have one scope")

-- Without IPv6 a namespace has no address of it, on no link, whenever that is made or set up.
local quiet = namespace.add("quiet", { up = true, ipv6 = false })
local other = namespace.add("other", { up = true, ipv6 = true })

link.add("v0", { kind = "veth", up = true, peer = { name = "eth0", ns = quiet, up = true } })
link.add("v1", { kind = "veth", up = true, peer = { name = "eth0", ns = other, up = true } })
wait.link("v0")
other.wait.link("eth0")

---What the kernel itself tells of the namespace's IPv6 addresses.
local function addresses(ns)
  return ns.exec("cat /proc/net/if_inet6").stdout
end

check.equal(addresses(quiet), "")
check.match(addresses(other), "eth0")
check.match(addresses(other), "lo")
check.equal(quiet.exec("cat /proc/sys/net/ipv6/conf/*/disable_ipv6").stdout, ("1\n"):rep(4))
local e = check.error(function()
  quiet.addr.add("fd00::1/64", { dev = "eth0" })
end)
check.equal(e.errno, "EACCES")

-- IPv4 is as ever.
addr.add("10.0.0.1/24", { dev = "v0" })
quiet.addr.add("10.0.0.2/24", { dev = "eth0" })
check.reachable(quiet, "10.0.0.1")
check.error(function()
  namespace.add("wrong", {
    ipv6 = "no" --[[@as any]],
  })
end, "argument")
assert(not namespace.get("wrong"))

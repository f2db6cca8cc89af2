-- needs: ip
-- What routes take besides a gateway: encapsulations, locked metrics, realms, sources. They print as `ip` prints them.
link.add("v0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "p0", up = true },
})
wait.link("v0")

local function shown(dst, family)
  local text = proc.exec(("ip -%d route show %s"):format(family, dst), { check = true }).stdout
  return (text:gsub("%s+", " "):gsub(" $", ""))
end

--- Adds the route, and compares what is listed with what `ip` says; false where the kernel lacks it.
local function same(dst, opts)
  local ok, e = pcall(route.add, dst, opts)
  if not ok then
    print(("not here: %s"):format(e))
    return false
  end
  local family = dst:find(":") and 6 or 4
  check.equal((tostring(route.list({ dst = dst })[1]):gsub("%s+", " ")), shown(dst, family))
  return true
end

check(same("10.1.0.0/16", { dev = "v0", metrics = { mtu = 1300, lock = { "mtu", "cwnd" }, cwnd = 9 } }))
check.equal(route.list({ dst = "10.1.0.0/16" })[1].metrics.lock, { "mtu", "cwnd" })
check(
  same("10.2.0.0/16", { dev = "v0", metrics = { rtt = 0.1, rttvar = 0.05, features = "ecn", rto_min = 2 } })
)
check.equal(route.list({ dst = "10.2.0.0/16" })[1].metrics.rtt, 0.1)
route.add("fd01::/64", { dev = "v0", expires = 600.5 })
check.near(route.list({ dst = "fd01::/64" })[1].expires or 0, 600, 5)
same("10.3.0.0/16", { dev = "v0", realms = "3/4" })
same("fd02::/64", { dev = "v0", from = "fd07::/64" })
if same("10.4.0.0/16", { dev = "v0", encap = "ip id 7 dst 10.9.9.9 ttl 5 key" }) then
  check.equal(
    route.list({ dst = "10.4.0.0/16" })[1].encap,
    "ip id 7 src 0.0.0.0 dst 10.9.9.9 ttl 5 tos 0 key"
  )
end
same("fd03::/64", { dev = "v0", encap = "ip6 id 7 dst fd09::9 hoplimit 5" })
same("fd04::/64", { dev = "v0", encap = "seg6 mode encap segs fd0a::1,fd0a::2" })
same("fd05::/64", { dev = "v0", encap = "seg6 mode inline segs fd0a::1" })
same(
  "10.5.0.0/16",
  { nexthops = { { dev = "v0", encap = "ip id 7 dst 10.9.9.9" }, { via = "10.0.0.9", weight = 2 } } }
)

for _, wrong in ipairs({
  { dev = "v0", encap = "ipp id 7" },
  { dev = "v0", encap = "mpls 1048576" },
  { dev = "v0", metrics = { lock = { "nope" } } },
  { dev = "v0", metrics = { features = "nope" } },
  { dev = "v0", realms = "nope" },
  { dev = "v0", expires = 0 },
}) do
  check.error(function()
    route.add("10.6.0.0/16", wrong)
  end, "argument")
end

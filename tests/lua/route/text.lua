-- needs: ip
-- Routes print as `ip route` prints them, whatever they have.
local other = namespace.add("other")
for i = 0, 1 do
  link.add("v" .. i, { kind = "veth", up = true, peer = { name = "p" .. i, ns = other, up = true } })
  addr.add(("10.0.%d.1/24"):format(i), { dev = "v" .. i })
  addr.add(("fd00:%d::1/64"):format(i), { dev = "v" .. i })
end
wait.link("v0")
wait.link("v1")

--- The lines of a text, without the blanks at their ends, and with the time that is left rounded.
local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    line = line:gsub("%s+$", ""):gsub("%s+", " "):gsub("expires %d+sec", "expires Nsec")
    out[#out + 1] = line
  end
  return out
end

local function same(list, command)
  local text = {}
  for i, item in ipairs(list) do
    text[i] = tostring(item)
  end
  check.equal(lines(table.concat(text, "\n")), lines(proc.exec(command, { check = true }).stdout), command)
end

local function all_same()
  -- The kernel may add routes of its own between two looks.
  eventually(function()
    same(route.list({ table = "all", family = "inet" }), "ip -4 route show table all")
    same(route.list({ table = "all", family = "inet6" }), "ip -6 route show table all")
  end)
end
all_same()

local function try(command)
  local done = proc.exec(command)
  if done.status ~= 0 then
    print("not here: " .. command .. ": " .. done.stderr)
  end
  return done.status == 0
end

-- Each alone, and each with each: gateways, types, properties.
local ways = { "via 10.0.0.9", "dev v0", "via 10.0.1.9 dev v1 onlink", "via inet6 fe80::9 dev v0" }
local ways6 = { "via fd00::9", "dev v0", "via fe80::9 dev v1" }
local properties = {
  "",
  "metric 20",
  "tos 0x10",
  "src 10.0.1.1",
  "table 100",
  "proto static scope link",
  "proto 77 metric 7",
  "mtu 1400 advmss 1300",
  "mtu lock 1300 hoplimit 30",
  "window 4000 cwnd lock 20 ssthresh 10 reordering 5",
  "initcwnd 20 initrwnd 30 quickack 1",
  "rto_min 250ms",
  "rto_min 2s rtt 100 rttvar 50",
  "features ecn",
  "realm 7",
  "realms 3/4",
}
local properties6 = {
  "",
  "metric 20",
  "table 100",
  "src fd00:1::1",
  "pref high",
  "pref low metric 9",
  "expires 600",
  "mtu 1400",
  "mtu lock 1300 hoplimit 30",
  "from fd00:7::/64",
  "from fd00:7::1",
  "proto bird",
}
local n, added = 0, 0
for family, forms in pairs({ [4] = { ways, properties }, [6] = { ways6, properties6 } }) do
  for _, way in ipairs(forms[1]) do
    for _, property in ipairs(forms[2]) do
      n = n + 1
      local dst = family == 4 and ("10.%d.%d.0/24"):format(100 + n // 250, n % 250)
        or ("fd01:%x::/64"):format(n)
      if try(("ip -%d route add %s %s %s"):format(family, dst, way, property)) then
        added = added + 1
      end
    end
  end
end
check.at_least(added, 60)
for i, kind in ipairs({ "blackhole", "unreachable", "prohibit", "throw" }) do
  assert(try(("ip route add %s 10.200.%d.0/24"):format(kind, i)))
  assert(try(("ip -6 route add %s fd02:%d::/64"):format(kind, i)))
end
for _, command in ipairs({
  "ip route add default via 10.0.0.9",
  "ip -6 route add default via fd00::9",
  "ip route add 10.201.0.1 dev v0",
  "ip route add 10.201.1.0/24 nexthop via 10.0.0.9 weight 3 nexthop via 10.0.1.9 dev v1 onlink",
  "ip route add 10.201.2.0/24 mtu 1300 nexthop via inet6 fe80::9 dev v0 nexthop dev v1 weight 2",
  "ip -6 route add fd03::/64 nexthop via fd00::9 nexthop via fd00:1::9 weight 5",
  "ip route add 10.201.3.0/24 encap ip id 7 dst 10.9.9.9 src 10.9.9.8 ttl 5 tos 4 key csum dev v0",
  "ip -6 route add fd04::/64 encap ip6 id 7 dst fd09::9 src fd09::8 hoplimit 5 tc 4 dev v0",
  "ip -6 route add fd05::/64 encap seg6 mode encap segs fd0a::1,fd0a::2 dev v0",
  "ip -6 route add fd05:1::/64 encap seg6 mode inline segs fd0a::1 dev v0",
  "ip -6 route add fd07:1::/64 encap seg6local action End dev v0",
  "ip -6 route add fd07:2::/64 encap seg6local action End.X nh6 fd0a::1 dev v0",
  "ip -6 route add fd07:3::/64 encap seg6local action End.T table 100 dev v0",
  "ip -6 route add fd07:4::/64 encap seg6local action End.DX2 oif v1 dev v0",
  "ip -6 route add fd07:5::/64 encap seg6local action End.DX4 nh4 10.0.0.9 dev v0",
  "ip -6 route add fd07:6::/64 encap seg6local action End.DX6 nh6 fd00::9 dev v0",
  "ip -6 route add fd07:7::/64 encap seg6local action End.DT6 table main dev v0",
  "ip -6 route add fd07:8::/64 encap seg6local action End.B6 srh segs fd0a::1,fd0a::2 dev v0",
  "ip -6 route add fd07:9::/64 encap seg6local action End.B6.Encaps srh segs fd0a::1,fd0a::2 dev v0",
  "ip route add 10.201.4.0/24 encap mpls 100/200 via 10.0.0.9",
  "ip route add 10.201.5.0/24 nexthop encap ip id 7 dst 10.9.9.9 dev v0 nexthop dev v1",
  "ip nexthop add id 5 via 10.0.0.9 dev v0",
  "ip route add 10.201.6.0/24 nhid 5",
  "ip nexthop add id 6 via fd00::9 dev v0",
  "ip -6 route add fd06::/64 nhid 6",
}) do
  try(command)
end
all_same()
link.set("v1", { up = false })
all_same()

-- The kernel's decisions, which no one added.
for _, to in ipairs({
  "127.0.0.1",
  "10.0.0.1",
  "10.0.0.77",
  "10.201.0.1",
  "10.100.5.1",
  "fd00::77",
  "::1",
  "fd06::1",
}) do
  local six = to:find(":") and "-6" or "-4"
  same({ route.get(to) }, ("ip %s route get %s"):format(six, to))
end
same({ route.get("10.0.0.77", { from = "10.0.0.1" }) }, "ip route get 10.0.0.77 from 10.0.0.1")
same({ route.get("10.0.0.77", { mark = 20 }) }, "ip route get 10.0.0.77 mark 20")
same({ route.get("10.0.0.77", { fibmatch = true }) }, "ip route get fibmatch 10.0.0.77")
sysctl.set("net.ipv4.ip_forward", 1)
sysctl.set("net.ipv4.conf.all.rp_filter", 0)
same(
  { route.get("10.201.0.1", { from = "10.0.0.5", iif = "v0" }) },
  "ip route get 10.201.0.1 from 10.0.0.5 iif v0"
)

-- N hosts in ten stars, whose routers share a wire; no IPv6. Prints the ms that the lab took to build, a first ping from a
-- host of the first star to one of the last, and KiB of this process for each host.
local n = math.tointeger(tonumber(arg[1]) or 1000)
local stars = 10

local function memory()
  return tonumber(io.open("/proc/self/status"):read("a"):match("VmRSS:%s+(%d+)"))
end

local began, before = clock(), memory()
local core = namespace.add("core", { ipv6 = false })
core.link.add("br0", { kind = "bridge", up = true })
for s = 1, stars do
  local router = namespace.add("r" .. s, { ipv6 = false })
  router.sysctl.set("net.ipv4.ip_forward", 1)
  router.link.add("br0", { kind = "bridge", up = true, addr = ("10.%d.0.1/16"):format(s) })
  local wire = { name = "r" .. s, ns = core, master = "br0", up = true }
  router.link.add("wan", { kind = "veth", up = true, addr = ("172.16.0.%d/24"):format(s), peer = wire })
  for other = 1, stars do
    if other ~= s then
      router.route.add(("10.%d.0.0/16"):format(other), { via = ("172.16.0.%d"):format(other) })
    end
  end
  for i = 1, n // stars do
    local host = namespace.add(("h%d_%d"):format(s, i), { ipv6 = false })
    local addr = ("10.%d.%d.%d/16"):format(s, i // 250 + 1, i % 250 + 1)
    router.link.add("v" .. i, {
      kind = "veth",
      master = "br0",
      up = true,
      peer = { name = "eth0", ns = host, up = true, addr = addr },
    })
    host.route.add("default", { via = ("10.%d.0.1"):format(s) })
  end
end
local built, after = clock(), memory()
local last = n // stars
local address = ("10.%d.%d.%d"):format(stars, last // 250 + 1, last % 250 + 1)
local answer = namespace.get("h1_1").ping(address)
local pinged = clock()
check(answer)
print(("%.0f %.1f %.1f"):format((built - began) * 1000, (pinged - built) * 1000, (after - before) / n))

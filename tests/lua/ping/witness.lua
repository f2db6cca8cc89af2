-- needs: ping
-- The same as ping says, in ping's own words.

local r, far = namespace.add("r", { up = true }), namespace.add("far", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.2/24", "fd00::2/64" },
  peer = { name = "left", ns = r, up = true, addr = { "10.0.0.1/24", "fd00::1/64" } },
})
r.link.add("right", {
  kind = "veth",
  up = true,
  addr = { "10.1.0.1/24", "fd01::1/64" },
  peer = { name = "e0", ns = far, up = true, addr = { "10.1.0.2/24", "fd01::2/64" } },
})
for ns, via in pairs({ [host] = { "10.0.0.1", "fd00::1" }, [far] = { "10.1.0.1", "fd01::1" } }) do
  ns.route.add("default", { via = via[1] })
  ns.route.add("::/0", { via = via[2] })
end
r.sysctl.set("net.ipv4.ip_forward", 1)
r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
-- A router resolves IPv6 neighbours only once its link-local addresses are through duplicate address detection.
for _, dst in ipairs({ "10.1.0.2", "fd01::2" }) do
  eventually(function()
    return ping(dst, { timeout = 0.2 }).received == 1
  end)
end

-- Times and rates differ each time.
local function without_times(text)
  return (
    text:gsub("time=[%d.]+ ms", "time=T ms"):gsub("time %d+ms", "time T"):gsub("= [%d./]+ ms", "= T ms")
  )
end

for _, case in ipairs({
  { dst = "10.1.0.2", flag = "-q" },
  { dst = "fd01::2", flag = "-q" },
  { dst = "10.1.0.2", flag = "-t1", ttl = 1 },
  { dst = "fd01::2", flag = "-t1", ttl = 1 },
  { dst = "10.1.0.2", flag = "-s3000", size = 3000 },
  { dst = "fd01::2", flag = "-s16", size = 16 },
  { dst = "10.1.0.2", flag = "-Ie0", from = "e0" },
}) do
  local result =
    ping(case.dst, { count = 2, interval = 0.01, ttl = case.ttl, size = case.size, from = case.from })
  local said = proc.exec({ "ping", "-n", "-c2", "-i0.01", case.flag, case.dst }).stdout
  local summary = without_times(said):match("%-%-%- .*statistics.*"):gsub("%s+$", "")
  -- ping adds the number of requests under way at once.
  summary = summary:gsub(", pipe %d+", "")
  -- Ours begins with what was said instead of a reply.
  local ours = without_times(tostring(result)):match("%-%-%- .*")
  check.equal(ours, summary)
  local first = result.replies[1] or result.errors[1]
  local line = without_times(said):match("\n([^\n]*icmp_seq=1[^\n]*)\n")
  if line then
    check.equal(without_times(tostring(first)), line)
  end
end

-- Each namespace starts from the kernel's defaults, whatever the machine has set: tests/vm runs this where the machine
-- forwards, filters reverse paths and hands bridged packets to its firewall, as hosts of containers do.
local READ = "cd /proc/sys/net && grep -rs . ipv4/ip_forward ipv4/conf ipv6/conf bridge"

local function all_of(ns)
  local out = {}
  for path, value in ns.exec(READ).stdout:gmatch("([^:\n]+):([^\n]*)") do
    out[path] = value
  end
  return out
end

local of_all =
  { forwarding = "0", rp_filter = "0", arp_ignore = "0", accept_redirects = "1", accept_source_route = "0" }
local of_default = {
  forwarding = "0",
  rp_filter = "0",
  promote_secondaries = "0",
  send_redirects = "1",
  accept_source_route = "1",
}
local ns1 = namespace.add("ns1", { up = true })
link.add(
  "v0",
  { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "eth0", ns = ns1, up = true } }
)

for _, ns in ipairs({ host, ns1 }) do
  local has = all_of(ns)
  check.equal(has["ipv4/ip_forward"], "0")
  for name, value in pairs(of_all) do
    check.equal(has["ipv4/conf/all/" .. name], value, name .. " of all in " .. ns.name)
  end
  for name, value in pairs(of_default) do
    for _, of in ipairs({ "default", "lo", ns == host and "v0" or "eth0" }) do
      check.equal(has["ipv4/conf/" .. of .. "/" .. name], value, name .. " of " .. of)
    end
  end
  if #sysctl.list("net.ipv6") > 0 then
    check.equal(has["ipv6/conf/all/forwarding"], "0")
    check.equal(has["ipv6/conf/default/disable_ipv6"], "0")
    check.equal(has["ipv6/conf/lo/disable_ipv6"], "0")
    check.equal(has["ipv6/conf/default/accept_ra"], "1")
  end
  for _, tables in ipairs({ "iptables", "ip6tables", "arptables" }) do
    local value = has["bridge/bridge-nf-call-" .. tables] or ""
    -- Empty where br_netfilter isn't loaded.
    check(value == "0" or value == "", "bridge-nf-call-" .. tables .. " is " .. value)
  end
end

-- A router that was not told to forward does not.
local far = namespace.add("far")
ns1.addr.add("10.0.0.2/24", { dev = "eth0" })
ns1.link.add("eth1", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = far, up = true, addr = "10.0.1.2/24" },
})
route.add("10.0.1.0/24", { via = "10.0.0.2" })
far.route.add("default", { via = "10.0.1.1" })
check.unreachable(host, far, { timeout = 0.5 })
ns1.sysctl.set("net.ipv4.ip_forward", 1)
check.reachable(host, far)

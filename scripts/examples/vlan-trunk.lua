-- Two switches, a trunk between them, and two VLANs that both have: each host talks to its own VLAN at the other switch,
-- and to no other.
-- needs: vlan_filtering
local switches, hosts = {}, {}
for s = 1, 2 do
  local switch = namespace.add("s" .. s)
  switch.bridge.add("br0", { up = true, vlan_filtering = true })
  switches[s] = switch
end

-- The trunk: both VLANs with their tags, and no other.
switches[1].link.add("trunk", {
  kind = "veth",
  master = "br0",
  up = true,
  peer = { name = "trunk", ns = switches[2], master = "br0", up = true },
})
for _, switch in ipairs(switches) do
  switch.vlan.del(1, { dev = "trunk" })
  switch.vlan.add("10-20", { dev = "trunk" })
end

-- A host of each VLAN at each switch, by access ports: no tag leaves them. All have addresses of one subnet, so that
-- nothing but the VLAN is between them.
for s, switch in ipairs(switches) do
  for _, vid in ipairs({ 10, 20 }) do
    local host = namespace.add(("h%d-%d"):format(s, vid))
    local peer = { name = "eth0", ns = host, up = true, addr = ("10.0.0.%d/24"):format(vid + s) }
    switch.link.add("p" .. vid, { kind = "veth", master = "br0", up = true, peer = peer })
    switch.vlan.del(1, { dev = "p" .. vid })
    switch.vlan.add(vid, { dev = "p" .. vid, pvid = true, untagged = true })
    hosts[s .. "-" .. vid] = host
  end
end
print(switches[1].vlan.list())

check.reachable(hosts["1-10"], "10.0.0.12")
check.reachable(hosts["1-20"], "10.0.0.22")
check.unreachable(hosts["1-10"], "10.0.0.22")
check.unreachable(hosts["1-20"], "10.0.0.12")

-- On the trunk the tags are seen.
local seen <close> = switches[1].capture.start("trunk")
hosts["1-20"].ping("10.0.0.22", { count = 1 })
print(seen:packets()[1])

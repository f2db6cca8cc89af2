-- Bridges, their ports and databases.
local ns1 = namespace.add("ns1")
bridge.add("br0", {
  up = true,
  stp = false,
  ageing = 100,
  forward_delay = 4,
  hello_time = 3,
  max_age = 10,
  priority = 4096,
  group_fwd_mask = 8,
  mcast_snooping = true,
  mcast_router = "permanent",
  mcast_querier = true,
  mcast_hash_max = 512,
  mcast_last_member_count = 3,
  mcast_startup_query_count = 4,
  mcast_last_member_interval = 2,
  mcast_membership_interval = 200,
  mcast_querier_interval = 200,
  mcast_query_interval = 100,
  mcast_query_response_interval = 5,
  mcast_startup_query_interval = 20,
  mcast_stats_enabled = true,
  mcast_igmp_version = 3,
  mcast_mld_version = 2,
  no_linklocal_learn = true,
})
for n = 1, 4 do
  link.add("veth" .. n, {
    kind = "veth",
    up = true,
    master = "br0",
    peer = { name = "eth" .. n, ns = ns1, up = true },
    port = n == 1 and {
      priority = 5,
      cost = 10,
      hairpin = true,
      guard = true,
      root_block = true,
      fastleave = true,
      learning = false,
      flood = false,
      mcast_flood = false,
      bcast_flood = false,
      mcast_to_unicast = true,
      mcast_router = "temporary",
      proxy_arp = true,
      neigh_suppress = true,
      isolated = true,
      locked = true,
      group_fwd_mask = 8,
    } or nil,
  })
end
bridge.set("br0", { ageing = 60.5, mcast_snooping = false })
bridge.set_port("veth2", { isolated = true, cost = 33, state = "blocking" })
bridge.set_port("veth2", { isolated = false })
link.set("veth3", { master = false })
bridge.attach("br0", "veth3")
bridge.detach("veth3")
fdb.add("02:00:00:00:00:01", { dev = "veth1" })
fdb.add("02:00:00:00:00:02", { dev = "veth1", type = "local" })
fdb.add("02:00:00:00:00:03", { dev = "veth4", sticky = true })
fdb.replace("02:00:00:00:00:03", { dev = "veth4" })
fdb.add("02:00:00:00:00:04", { dev = "veth4" })
fdb.del("02:00:00:00:00:04", { dev = "veth4" })
fdb.add("02:00:00:00:00:05", { dev = "veth4", type = "dynamic" })
fdb.flush("br0")
bridge.add("br1")
bridge.del("br1")

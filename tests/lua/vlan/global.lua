-- Options of a bridge's VLANs for all of its ports, both ways between nsh and bridge(8).
-- needs: vlan_filtering, bridge
bridge.add("br0", { up = true, vlan_filtering = true, mcast_vlan_snooping = true })
vlan.add("10-12", { dev = "br0" })

-- The witness's options of one VLAN.
local function shown(vid)
  local out = proc.exec(
    { "bridge", "-j", "vlan", "global", "show", "dev", "br0", "vid", tostring(vid) },
    { check = true }
  )
  return json.decode(out.stdout)[1].vlans[1]
end
local function listed(vid)
  return vlan.global.list({ dev = "br0", vid = vid })[1]
end

test("set by nsh", function()
  vlan.global.set(10, {
    dev = "br0",
    mcast_snooping = true,
    mcast_querier = true,
    mcast_igmp_version = 3,
    mcast_mld_version = 2,
    mcast_last_member_count = 4,
    mcast_startup_query_count = 5,
    mcast_last_member_interval = 2,
    mcast_membership_interval = 300,
    mcast_querier_interval = 200,
    mcast_query_interval = 100,
    mcast_query_response_interval = 5,
    mcast_startup_query_interval = 20,
  })
  check.subset(shown(10), {
    mcast_snooping = 1,
    mcast_querier = 1,
    mcast_igmp_version = 3,
    mcast_mld_version = 2,
    mcast_last_member_count = 4,
    mcast_startup_query_count = 5,
    mcast_last_member_interval = 200,
    mcast_membership_interval = 30000,
    mcast_querier_interval = 20000,
    mcast_query_interval = 10000,
    mcast_query_response_interval = 500,
    mcast_startup_query_interval = 2000,
  })
  check.subset(listed(10), {
    dev = "br0",
    vid = 10,
    mcast_snooping = true,
    mcast_querier = true,
    mcast_igmp_version = 3,
    mcast_membership_interval = 300,
    mcast_query_response_interval = 5,
  })
end)

test("a range", function()
  vlan.global.set("11-12", { dev = "br0", mcast_querier = true })
  check.equal(listed(11).mcast_querier, true)
  check.equal(listed(12).mcast_querier, true)
  check.equal(shown(12).mcast_querier, 1)
  check.equal(#vlan.global.list({ dev = "br0" }), 4)
  check.match(tostring(listed(11)), "^br0 11 mcast_snooping 1 .*mcast_querier 1")
end)

test("set by bridge(8)", function()
  local set = {
    "bridge",
    "vlan",
    "global",
    "set",
    "dev",
    "br0",
    "vid",
    "12",
    "mcast_snooping",
    "0",
    "mcast_query_interval",
    "5000",
  }
  proc.exec(set, { check = true })
  check.subset(listed(12), { mcast_snooping = false, mcast_query_interval = 50 })
end)

test("errors", function()
  local function said(kind, vids, options)
    return tostring(check.error(function()
      vlan.global.set(vids, options)
    end, { kind = kind }))
  end
  check.match(said("argument", 10, { dev = "lo", mcast_querier = true }), "lo is not a bridge")
  check.match(said("not_found", 10, { dev = "br7", mcast_querier = true }), "no link named")
  check.match(said("argument", 10, { dev = "br0", mcast_query = true } --[[@as any]]), "did you mean")
  check.match(said("argument", 10, {}), '"dev" is missing')
end)

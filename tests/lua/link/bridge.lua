-- A bridge's options when made and when changed, as ip sees them.
-- needs: ip
local function data()
  local out = proc.exec({ "ip", "-d", "-j", "link", "show", "br0" }, { check = true }).stdout
  return json.decode(out)[1].linkinfo.info_data
end

link.add("br0", {
  kind = "bridge",
  bridge = {
    stp = true,
    ageing = 60,
    forward_delay = 4.5,
    hello_time = 1,
    max_age = 7,
    priority = 4096,
    group_fwd_mask = 0x4000,
    mcast_snooping = false,
    mcast_querier = true,
    mcast_query_interval = 60.5,
    mcast_hash_max = 512,
    mcast_igmp_version = 3,
    mcast_mld_version = 2,
    no_linklocal_learn = true,
    nf_call_iptables = true,
  },
})
local d = data()
check.equal(d.stp_state, 1)
check.equal(d.ageing_time, 6000)
check.equal(d.forward_delay, 450)
check.equal(d.hello_time, 100)
check.equal(d.max_age, 700)
check.equal(d.priority, 4096)
check.equal(d.group_fwd_mask, "0x4000")
check.equal(d.mcast_snooping, 0)
check.equal(d.mcast_querier, 1)
check.equal(d.mcast_query_intvl, 6050)
check.equal(d.mcast_hash_max, 512)
check.equal(d.mcast_igmp_version, 3)
check.equal(d.mcast_mld_version, 2)
check.equal(d.no_linklocal_learn, 1)
check.equal(d.nf_call_iptables, 1)

link.set("br0", { bridge = { stp = false, ageing = 0, no_linklocal_learn = false } })
d = data()
check.equal(d.stp_state, 0)
check.equal(d.ageing_time, 0)
check.equal(d.no_linklocal_learn, 0)
check.equal(d.priority, 4096, "what isn't named stays")

local b = link.get("br0").bridge
check.equal(b.stp, false)
check.equal(b.forward_delay, 4.5)
check.equal(b.mcast_query_interval, 60.5)
check.equal(b.root_port, 0)
check((b.bridge_id or ""):find("^1000%.") == 1)

link.add("v0", { kind = "veth" })
local e = check.error(function()
  link.set("v0", { bridge = { stp = true } })
end, "unsupported")
check.equal(e.hint, "v0 is not a bridge")

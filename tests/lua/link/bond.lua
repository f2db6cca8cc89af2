-- needs: ip, bond
local kinds = require("lib.kinds")
kinds.same("bond", {
  { words = "" },
  {
    add = {
      mode = "active-backup",
      miimon = 0.1,
      updelay = 0.2,
      downdelay = 0.3,
      primary_reselect = "better",
      fail_over_mac = "active",
      resend_igmp = 3,
      num_peer_notif = 4,
      peer_notify_delay = 0.2,
      min_links = 1,
      primary = "eth0",
    },
    words = "mode active-backup miimon 100 updelay 200 downdelay 300 primary_reselect better fail_over_mac active "
      .. "resend_igmp 3 num_grat_arp 4 peer_notify_delay 200 min_links 1 primary eth0",
    -- Of a primary that is no port yet the kernel doesn't tell.
    seen = { mode = "active-backup", miimon = 0.1, updelay = 0.2, downdelay = 0.3, peer_notify_delay = 0.2 },
    set = {
      { { miimon = 1, all_slaves_active = true }, "miimon 1000 all_slaves_active 1" },
      { { primary = "eth1" }, "primary eth1", {} },
    },
  },
  {
    add = {
      mode = "active-backup",
      arp_interval = 0.5,
      arp_ip_target = { "10.0.0.1", "10.0.0.2" },
      arp_validate = "all",
      arp_all_targets = "all",
      missed_max = 4,
    },
    words = "mode active-backup arp_interval 500 arp_ip_target 10.0.0.1,10.0.0.2 arp_validate all arp_all_targets all "
      .. "arp_missed_max 4",
    set = {
      { { arp_ip_target = "10.0.0.9" }, "arp_ip_target 10.0.0.9", { arp_ip_target = { "10.0.0.9" } } },
      { { arp_validate = "none", ns_ip6_target = { "fd00::1" } }, "arp_validate none ns_ip6_target fd00::1" },
    },
  },
  {
    add = {
      mode = "802.3ad",
      miimon = 0.1,
      lacp_rate = "fast",
      lacp_active = false,
      ad_select = "bandwidth",
      xmit_hash_policy = "layer3+4",
      ad_actor_sys_prio = 100,
      ad_actor_system = "02:00:00:00:00:77",
      ad_user_port_key = 5,
    },
    words = "mode 802.3ad miimon 100 lacp_rate fast lacp_active off ad_select bandwidth xmit_hash_policy layer3+4 "
      .. "ad_actor_sys_prio 100 ad_actor_system 02:00:00:00:00:77 ad_user_port_key 5",
    -- The kernel tells of the system's priority, address and key only who is root outside of the lab as well.
    seen = { mode = "802.3ad", lacp_rate = "fast", lacp_active = false, ad_select = "bandwidth" },
    set = { { { lacp_rate = "slow", ad_select = "count" }, "lacp_rate slow ad_select count" } },
  },
  {
    add = { mode = "balance-rr", packets_per_slave = 7, use_carrier = true },
    words = "mode 0 packets_per_slave 7 use_carrier 1",
  },
  {
    add = { mode = "balance-tlb", tlb_dynamic_lb = false, lp_interval = 3 },
    words = "mode balance-tlb tlb_dynamic_lb 0 lp_interval 3",
  },
})

-- A failover, as ip sees it.
local far = namespace.add("far")
link.add("bond0", { kind = "bond", bond = { mode = "active-backup", miimon = 0.02 } })
for i = 0, 1 do
  link.add("p" .. i, { kind = "veth", peer = { name = "p" .. i, ns = far, up = true } })
  link.set("p" .. i, { master = "bond0" })
end
link.set("bond0", { up = true, bond = { primary = "p1" } })
local function active()
  return kinds.shown(host, "bond0").active_slave
end
eventually(function()
  check.equal(active(), "p1")
end)
check.equal(link.get("bond0").bond.active_slave, "p1")
link.set("bond0", { bond = { active_slave = "p0" } })
far.link.set("p1", { up = false })
eventually(function()
  check.equal(active(), "p0")
end)
check.equal(link.get("bond0").bond.active_slave, "p0")
check.equal(link.get("bond0").bond.primary, "p1")

check.equal(
  kinds.hint("busy", link.set, "bond0", { bond = { mode = "802.3ad" } }),
  "that can change only while the bond has no ports"
)
check.equal(
  kinds.hint("permission", link.set, "bond0", { bond = { lacp_rate = "fast" } }),
  "the bond's mode doesn't have one of these options"
)
link.add("v0", { kind = "veth", up = true })
check.equal(
  kinds.hint("permission", link.set, "v0", { master = "bond0" }),
  "a link must be down to become a port of a bond, which then sets it up"
)
check.error(function()
  link.set("bond0", { bond = { primary = "nope" } })
end, "not_found")
for options, text in pairs({
  [{ mode = "active" }] = 'mode: expected "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", '
    .. '"balance-tlb" or "balance-alb", got "active"',
  [{ miimon = 100 }] = "miimon: expected a number from 0 to 60, got the integer 100",
}) do
  local e = check.error(function()
    link.add("b9", { kind = "bond", bond = options })
  end, "argument")
  check.equal(e.message, "link.add: opts.bond." .. text)
end

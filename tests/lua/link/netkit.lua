-- needs: ip, netkit
local kinds = require("lib.kinds")
local far = namespace.add("far")
link.add("nk0", {
  kind = "netkit",
  up = true,
  addr = "10.0.0.1/24",
  netkit = { policy = "blackhole" },
  peer = { ns = far, up = true, addr = "10.0.0.2/24" },
})
local own, other = link.get("nk0").netkit, far.link.get("nk0").netkit
check.equal({ own.mode, own.policy, own.peer_policy, own.primary }, { "l3", "blackhole", "forward", true })
check.equal({ other.mode, other.policy, other.primary }, { "l3", "forward", false })

-- What the policies do is seen by who pings.
check.unreachable(host, "10.0.0.2")
link.set("nk0", { netkit = { policy = "forward" } })
check.reachable(host, "10.0.0.2")
link.set("nk0", { netkit = { peer_policy = "blackhole" } })
check.unreachable(host, "10.0.0.2")
check.equal(far.link.get("nk0").netkit.policy, "blackhole")
check.equal(
  kinds.hint("permission", far.link.set, "nk0", { netkit = { policy = "forward" } }),
  "a netkit pair is changed by its primary end, the one that was named when it was made"
)

link.add("nk2", { kind = "netkit", netkit = { mode = "l2" } })
local seen = json.decode(proc.exec("ip -d -j link show nk2", { check = true }).stdout)[1]
check.equal(seen.linkinfo.info_kind, "netkit")
check.equal(seen.link_type, "ether")

-- needs: ip, vlan
link.add("v0", { kind = "veth", up = true })
link.add("v0.7", { kind = "vlan", link = "v0", vlan = { id = 7 } })
link.add("s", { kind = "vlan", link = "v0", vlan = { id = 8, protocol = "802.1ad" } })
local function data(name)
  local out = proc.exec({ "ip", "-d", "-j", "link", "show", name }, { check = true }).stdout
  return json.decode(out)[1].linkinfo.info_data
end
check.equal(data("v0.7").id, 7)
check.equal(data("v0.7").protocol, "802.1Q")
check.equal(data("s").protocol, "802.1ad")
check.equal(link.get("v0.7").vlan.id, 7)
check.equal(link.get("s").vlan.protocol, "802.1ad")
check.equal(
  check.error(function()
    link.add("again", { kind = "vlan", link = "v0", vlan = { id = 7 } })
  end, "exists").hint,
  "the lower link has a vlan with this id already"
)

local kinds = require("lib.kinds")
kinds.same("vlan", {
  {
    below = "eth0",
    link = "eth0",
    add = {
      id = 9,
      gvrp = true,
      reorder_hdr = false,
      ingress_qos_map = { "1:5", "2:6" },
      egress_qos_map = { "3:4" },
    },
    words = "id 9 gvrp on reorder_hdr off ingress-qos-map 1:5 2:6 egress-qos-map 3:4",
    set = {
      {
        { gvrp = false, mvrp = true },
        "gvrp off mvrp on",
        { gvrp = false, mvrp = true, reorder_hdr = false },
      },
      {
        { loose_binding = true, egress_qos_map = "0:7" },
        "loose_binding on egress-qos-map 0:7",
        { loose_binding = true },
      },
      { { ingress_qos_map = "1:0" }, "ingress-qos-map 1:0", { ingress_qos_map = { "2:6" } } },
    },
  },
})
link.add("br0", { kind = "bridge", bridge = { vlan_filtering = true } })
link.add("br0.5", { kind = "vlan", link = "br0", vlan = { id = 5, bridge_binding = true } })
check.equal(link.get("br0.5").vlan.bridge_binding, true)
check.equal(data("br0.5").flags, { "REORDER_HDR", "BRIDGE_BINDING" })

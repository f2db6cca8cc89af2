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

-- needs: ip, macvlan
link.add("v0", { kind = "veth", up = true })
for _, mode in ipairs({ "bridge", "private", "vepa" }) do
  link.add("mv0", { kind = "macvlan", link = "v0", macvlan = { mode = mode } })
  local out = proc.exec({ "ip", "-d", "-j", "link", "show", "mv0" }, { check = true }).stdout
  local seen = json.decode(out)[1]
  check.equal(seen.linkinfo.info_data.mode, mode)
  check.equal(seen.link, "v0")
  check.equal(link.get("mv0").macvlan.mode, mode)
  check.equal(link.get("mv0").link, "v0")
  link.del("mv0")
end
check.equal(
  check.error(function()
    link.add("mv0", { kind = "macvlan" })
  end).hint,
  'a link of kind "macvlan" stands on another one: give link'
)

-- Kinds without options.
-- needs: ip, team, nlmon, ifb
for _, kind in ipairs({ "team", "nlmon", "ifb" }) do
  link.add(kind .. "x", { kind = kind, up = true })
  local out = proc.exec({ "ip", "-d", "-j", "link", "show", kind .. "x" }, { check = true }).stdout
  check.equal(json.decode(out)[1].linkinfo.info_kind, kind)
  check.equal(link.get(kind .. "x").kind, kind)
end

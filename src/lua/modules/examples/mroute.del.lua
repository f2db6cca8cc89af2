-- needs: mroute
for _, name in ipairs({ "cam", "room1" }) do
  link.add(name, { kind = "veth", up = true })
end
mroute.add({ group = "ff05::1", iif = "cam", oifs = "room1" })
mroute.del({ group = "ff05::1" })

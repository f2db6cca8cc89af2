-- The forwarding database, as `bridge fdb` sees it.
-- needs: ip, bridge
local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
-- No frames but ours.
for _, ns in ipairs({ host, ns1, ns2 }) do
  ns.sysctl.set("net.ipv6.conf.default.disable_ipv6", true)
end
bridge.add("br0", { up = true })
for i, ns in ipairs({ ns1, ns2 }) do
  link.add("veth" .. i, {
    kind = "veth",
    up = true,
    master = "br0",
    peer = { name = "eth0", ns = ns, up = true, addr = "10.0.0.1" .. i .. "/24" },
  })
end
local function seen(mac)
  local all =
    json.decode(proc.exec({ "bridge", "-s", "-j", "fdb", "show", "br", "br0" }, { check = true }).stdout)
  for _, e in ipairs(all) do
    if e.mac == mac and (e.master == "br0" or e.master == nil) and not e.vlan then
      return e
    end
  end
end

-- What the bridge learns.
check.equal(ns1.ping("10.0.0.12", { count = 1 }).received, 1)
local mac = ns1.link.get("eth0").mac
local learned = fdb.list({ dev = "br0", type = "dynamic", mac = mac })
check.equal(#learned, 1)
check.equal(learned[1].dev, "veth1")
check.equal(learned[1].master, "br0")
check.equal(seen(mac).ifname, "veth1")
-- An address that sends nothing: eth0 may report its multicast groups at any moment.
fdb.add("02:00:00:00:00:08", { dev = "veth1", type = "dynamic" })
check.equal(seen("02:00:00:00:00:08").ifname, "veth1")
fdb.flush("veth1")
check.equal(seen("02:00:00:00:00:08"), nil)

-- What is written by hand.
fdb.add("02:00:00:00:00:09", { dev = "veth1" })
check.equal(seen("02:00:00:00:00:09").state, "static")
check.equal(seen("02:00:00:00:00:09").master, "br0")
fdb.replace("02:00:00:00:00:09", { dev = "veth2", type = "dynamic" })
check.equal(seen("02:00:00:00:00:09").ifname, "veth2")
-- A kernel with VLANs adds one for the port's own VLAN too.
local plain
for _, e in ipairs(fdb.list({ mac = "02:00:00:00:00:09" })) do
  check.equal(e.type, "dynamic")
  plain = e.vlan and plain or e
end
check.equal(tostring(plain), "02:00:00:00:00:09 dev veth2 master br0")
fdb.flush("br0")
check.equal(seen("02:00:00:00:00:09"), nil)
fdb.add("02:00:00:00:00:09", { dev = "veth1", type = "local" })
check.equal(seen("02:00:00:00:00:09").state, "permanent")
fdb.del("02:00:00:00:00:09", { dev = "veth1" })
check.equal(seen("02:00:00:00:00:09"), nil)

-- Mistakes.
local e = check.error(function()
  fdb.add("02:00:00:00:00:09", { dev = "lo", master = true })
end, "argument")
e = check.error(function()
  fdb.del("02:00:00:00:00:09", { dev = "veth1" })
end, "not_found")
fdb.add("02:00:00:00:00:09", { dev = "veth1" })
e = check.error(function()
  fdb.add("02:00:00:00:00:09", { dev = "veth1" })
end, "exists")
check.equal(e.hint, "fdb.replace changes it")
check.error(function()
  fdb.flush("lo")
end, "argument")
check.error(function()
  fdb.add("02:00:00:00:00", { dev = "veth1" })
end, "argument")
check.error(function()
  fdb.list({ type = "learned" } --[[@as any]])
end, "argument")

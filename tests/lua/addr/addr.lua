-- Addresses as `ip -d -j addr` sees them.
-- needs: ip
local function ip(...)
  local out = proc.exec({ "ip", "-d", "-j", ... }, { check = true }).stdout
  return json.decode(out)[1].addr_info
end
link.add("v0", { kind = "veth", up = true, peer = { name = "v1", up = true } })

addr.add("10.0.0.1/24", { dev = "v0", broadcast = "10.0.0.255", label = "v0:1", metric = 50 })
addr.add("10.0.0.2/24", { dev = "v0" })
addr.add("10.2.0.2/24", { dev = "v0", scope = "link" })
addr.add("10.1.0.1", { dev = "v0", peer = "10.1.0.2/32" })
addr.add("fd00::1/64", { dev = "v0" })
addr.add("fd01::1/64", { dev = "v0", valid_lft = 600, preferred_lft = 300, noprefixroute = true })

local by = {}
for _, a in ipairs(ip("addr", "show", "dev", "v0")) do
  by[a["local"]] = a
end
check.equal(by["10.0.0.1"].broadcast, "10.0.0.255")
check.equal(by["10.0.0.1"].label, "v0:1")
check.equal(by["10.0.0.1"].metric, 50)
check.equal(by["10.0.0.2"].secondary, true)
check.equal(by["10.2.0.2"].scope, "link")
check.equal(by["10.1.0.1"].address, "10.1.0.2")
check.equal(by["10.1.0.1"].prefixlen, 32)
check.equal(by["fd00::1"].nodad, true)
check.equal(by["fd00::1"].tentative, nil)
check.equal(by["fd01::1"].noprefixroute, true)
check.equal(by["fd01::1"].dynamic, true)
check(by["fd01::1"].valid_life_time <= 600 and by["fd01::1"].valid_life_time > 590)
check(by["fd01::1"].preferred_life_time <= 300)

-- The records say the same.
for _, a in ipairs(addr.list({ dev = "v0" })) do
  local seen = by[a["local"]]
  check(seen, a["local"])
  check.equal(a.prefixlen, seen.prefixlen)
  check.equal(a.scope, seen.scope)
  check.equal(a.family, seen.family)
  check.equal(a.peer, seen.address)
  check.equal(a.broadcast, seen.broadcast)
  check.equal(a.label, seen.label)
  check.equal(a.metric, seen.metric)
end
check.equal(#addr.list({ dev = "v0", family = "inet" }), 4)
check.equal(addr.list({ dev = "v0", family = "inet", scope = "link" })[1].address, "10.2.0.2/24")
check.equal(#addr.list({ dev = "v0", family = "inet", scope = "link" }), 1)
check.equal(tostring(addr.list({ dev = "lo", family = "inet" })), "1: lo    inet 127.0.0.1/8 scope host lo")
check.equal(addr.list({ dev = "lo", family = "inet6" })[1].address, "::1/128")

-- With an address comes its route, without noprefixroute.
check.equal(route.list({ dst = "10.0.0.0/24" })[1].src, "10.0.0.1")
check.equal(#route.list({ dst = "fd00::/64" }), 1)
check.equal(#route.list({ dst = "fd01::/64" }), 0)

-- DAD, where it is asked for: the kernel takes at least a second for it.
addr.add("fd02::1/64", { dev = "v0", dad = true })
check.equal(ip("addr", "show", "to", "fd02::1")[1].tentative, true)
eventually(function()
  for _, a in ipairs(addr.list({ dev = "v0" })) do
    if a["local"] == "fd02::1" then
      return not a.tentative
    end
  end
end, { timeout = 10 })

-- Who added it: by number or name, as iproute2 has them.
addr.add("10.9.0.1/24", { dev = "v0", proto = "kernel_ra" })
addr.add("10.9.1.1/24", { dev = "v0", proto = 77 })
for _, a in ipairs(addr.list({ dev = "v0", family = "inet" })) do
  local expected = ({ ["10.9.0.1/24"] = "kernel_ra", ["10.9.1.1/24"] = "77" })[a.address]
  check.equal(a.proto, expected, a.address)
end
addr.del("10.9.0.1/24")
addr.del("10.9.1.1/24")

-- replace changes lifetimes; del and flush.
addr.replace("fd01::1/64", { dev = "v0", valid_lft = "forever", preferred_lft = "forever" })
for _, a in ipairs(ip("addr", "show", "dev", "v0")) do
  if a["local"] == "fd01::1" then
    check.equal(a.valid_life_time, 4294967295)
  end
end
addr.del("fd01::1/64", { dev = "v0" })
addr.del("10.0.0.2/24")
addr.del("10.2.0.2/24")
addr.del("10.1.0.1/32", { dev = "v0" })
check.equal(#ip("-4", "addr", "show", "dev", "v0"), 1)
check.equal(addr.flush({ dev = "v0", family = "inet" }), 1)
check.equal(#addr.list({ dev = "v0", family = "inet" }), 0)

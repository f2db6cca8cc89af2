-- needs: ip
-- An IPv6 address is delivered to when addr.add, link.add, link.set, sysctl.set or wait.addr returns: it has its local
-- route, can be bound, and answers.
local ROUNDS = tonumber(os.getenv("ROUNDS") or 20)

local function kind(ns, address)
  local ok, found = pcall(ns.route.get, address)
  return ok and found.type or "none"
end

test("addr.add and addr.replace on a link that is up", function()
  link.add("d0", { kind = "veth", up = true, peer = { name = "d1", up = true } })
  wait.link("d0")
  for i = 1, ROUNDS do
    local address = "2001:db8::" .. i
    addr.add(address .. "/64", { dev = "d0" })
    check.equal(kind(host, address), "local", address)
    addr.replace("2001:db8:1::" .. i .. "/64", { dev = "d1" })
    check.equal(kind(host, "2001:db8:1::" .. i), "local", address)
    local server <close> = udp.listen("[" .. address .. "]:53")
    addr.del(address .. "/64", { dev = "d0" })
  end
  addr.add("2001:db8:9::1/64", { dev = "d0" })
  -- The kernel's own view, by another way.
  local lines = assert(io.open("/proc/net/ipv6_route")):read("a")
  check.match(lines, "20010db8000900000000000000000001 80 %x+ %x+ %x+ %x+ %x+ %x+ 8%x+ +d0")
  link.del("d0")
end)

test("link.add at both ends, link.set up, and routes by way of the peer", function()
  for i = 1, ROUNDS do
    local a, b = namespace.add("a", { up = true }), namespace.add("b", { up = true })
    local later = i % 2 == 0
    a.link.add("eth0", {
      kind = "veth",
      up = true,
      addr = "2001:db8::1/64",
      peer = { name = "eth0", ns = b, up = not later, addr = "2001:db8::2/64" },
    })
    if later then
      b.link.set("eth0", { up = true })
    else
      check.equal(kind(a, "2001:db8::1"), "local")
    end
    check.equal(kind(b, "2001:db8::2"), "local")
    a.wait.addr("2001:db8::1")
    check.equal(kind(a, "2001:db8::1"), "local")
    a.route.add("2001:db8:9::/64", { via = "2001:db8::2" })
    local server <close> = b.udp.listen("[2001:db8::2]:53", { reply = "here" })
    check.equal(a.udp.request("[2001:db8::2]:53", "where").data, "here")
    namespace.del("a")
    namespace.del("b")
  end
end)

test("a router forwards from the first packet on", function()
  for i = 1, ROUNDS do
    local r, x, y = namespace.add("r"), namespace.add("x"), namespace.add("y")
    local function links()
      for n, ns in ipairs({ x, y }) do
        local net = "2001:db8:" .. n .. "::"
        r.link.add("e" .. n, {
          kind = "veth",
          up = true,
          addr = net .. "1/64",
          peer = { name = "eth0", ns = ns, up = true, addr = net .. "2/64" },
        })
        ns.route.add("default", { via = net .. "1" })
      end
    end
    if i % 2 == 0 then
      links()
    end
    r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
    if i % 2 == 0 then
      -- Its own addresses of the links are past the detection already.
      check.equal(r.exec("ip -6 addr show tentative").stdout, "")
    else
      links()
    end
    check.equal(x.ping("2001:db8:2::2", { timeout = 5 }).received, 1)
    for _, ns in ipairs({ r, x, y }) do
      namespace.del(ns)
    end
  end
end)

test("with detection the call does not wait, wait.addr does", function()
  local a, b = namespace.add("a"), namespace.add("b")
  a.link.add("eth0", { kind = "veth", up = true, peer = { name = "eth0", ns = b, up = true } })
  a.addr.add("2001:db8::2/64", { dev = "eth0", dad = true })
  local ok, e = pcall(a.udp.listen, "[2001:db8::2]:53")
  check(
    ok or tostring(e):find("is tentative: duplicate address detection on eth0 isn't over", 1, true),
    tostring(e)
  )
  a.wait.addr("2001:db8::2")
  check.equal(kind(a, "2001:db8::2"), "local")
  -- One that another host has.
  b.addr.add("2001:db8::2/64", { dev = "eth0", dad = true })
  check.error(function()
    b.wait.addr("2001:db8::2")
  end, "address_in_use")
  local _, duplicate = pcall(b.udp.listen, "[2001:db8::2]:53")
  check.match(tostring(duplicate), "2001:db8::2 is a duplicate: another host on eth0 has it")
end)

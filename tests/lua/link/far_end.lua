-- What settles before a probe includes the far ends of the cables that were changed.
local ROUNDS = tonumber(os.getenv("ROUNDS") or 15)

local a, b = namespace.add("a", { up = true }), namespace.add("b", { up = true })
bridge.add("br0", { up = true })
bridge.add("br1", { up = true })
for i, ns in ipairs({ a, b }) do
  link.add("p" .. i, {
    kind = "veth",
    up = true,
    master = "br0",
    peer = { name = "eth0", ns = ns, up = true, addr = { "10.0.0." .. i .. "/24", "fd00::" .. i .. "/64" } },
  })
end

-- Both ways and families; a second is far more than it takes, and less than a lost request costs.
local function answers(what)
  for _, way in ipairs({ { a, "10.0.0.2" }, { b, "10.0.0.1" }, { a, "fd00::2" }, { b, "fd00::1" } }) do
    check.equal(#way[1].ping(way[2]).replies, 1, what .. ": " .. way[2])
  end
end

test("a port that went down and up", function()
  for _ = 1, ROUNDS do
    link.set("p1", { up = false })
    link.set("p1", { up = true })
    answers("port")
  end
end)

test("ports that move to another bridge", function()
  for i = 1, ROUNDS do
    local br = i % 2 == 0 and "br0" or "br1"
    link.set("p1", { master = br })
    link.set("p2", { master = br })
    answers("move")
  end
end)

test("a host's own end, and a cable that moves to another host", function()
  local c = namespace.add("c", { up = true })
  for _ = 1, ROUNDS do
    link.add(
      "p3",
      { kind = "veth", up = true, master = link.get("p1").master, peer = { name = "eth0", ns = c } }
    )
    c.link.set("eth0", { up = true })
    c.addr.add("10.0.0.3/24", { dev = "eth0" })
    check.equal(c.ping("10.0.0.1").received, 1)
    c.link.set("eth0", { name = "x0", ns = host })
    link.set("x0", { name = "eth0", ns = c, up = true })
    c.addr.add("10.0.0.3/24", { dev = "eth0" })
    check.equal(c.ping("10.0.0.2").received, 1)
    link.del("p3")
  end
end)

test("a first request for the hardware address that is lost fails nothing", function()
  link.add(
    "v0",
    { kind = "veth", up = true, addr = "10.0.9.1/24", peer = { name = "eth9", ns = a, up = true } }
  )
  a.addr.add("10.0.9.2/24", { dev = "eth9" })
  ping("10.0.9.2")
  neigh.flush({ dev = "v0" })
  a.link.set("eth9", { arp = false })
  local p <close> = ping.start("10.0.9.2", { count = 1 })
  wait.neigh("10.0.9.2", { dev = "v0", state = "INCOMPLETE", probe = false })
  a.link.set("eth9", { arp = true })
  check.equal(p:wait().received, 1)
end)

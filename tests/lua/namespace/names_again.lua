-- When namespace.del, link.del and bridge.del return, names can be used again at once.
local ROUNDS = tonumber(os.getenv("ROUNDS") or 10)

local function pair(name, ns)
  link.add(name, {
    kind = "veth",
    up = true,
    addr = "10.0.0.1/24",
    peer = { name = "eth0", ns = ns, up = true, addr = "10.0.0.2/24" },
  })
end

test("a namespace, and the other end of its only link", function()
  for i = 1, ROUNDS do
    local a = namespace.add("a", { up = true })
    pair("veth1", a)
    if i % 5 == 0 then
      check.reachable(a, "10.0.0.1")
    end
    namespace.del("a")
    check.equal(link.get("veth1"), nil)
  end
end)

test("a namespace with links of many kinds, and a server in it", function()
  for _ = 1, ROUNDS do
    local a, b = namespace.add("a"), namespace.add("b")
    a.bridge.add("br0", { up = true })
    for i = 1, 3 do
      b.link.add(
        "b" .. i,
        { kind = "veth", up = true, peer = { name = "p" .. i, ns = a, up = true, master = "br0" } }
      )
    end
    pair("veth1", a)
    local server <close> = a.tcp.listen("10.0.0.2:80")
    namespace.del("a")
    check.equal(link.get("veth1"), nil)
    check.equal(#b.link.list({ kind = "veth" }), 0)
    namespace.del("b")
  end
end)

test("names that others take", function()
  for _ = 1, ROUNDS do
    local a = namespace.add("a")
    pair("veth1", a)
    namespace.del("a")
    local b = namespace.add("a")
    link.add("veth1", { kind = "veth", peer = { name = "veth2" } })
    b.link.add("eth0", { kind = "veth" })
    link.del("veth2")
    namespace.del(b)
  end
end)

test("links and bridges", function()
  for _ = 1, ROUNDS do
    local a = namespace.add("a")
    bridge.add("br0", { up = true })
    pair("veth1", a)
    link.set("veth1", { master = "br0" })
    a.link.del("eth0")
    link.add("veth1", { kind = "veth" })
    bridge.del("br0")
    bridge.add("br0")
    bridge.del("br0")
    link.del("veth1")
    namespace.del("a")
  end
end)

test("a process in a deleted namespace keeps its links, and is named", function()
  local a = namespace.add("a")
  pair("veth1", a)
  local p <close> = a.spawn({ "sleep", "100" })
  namespace.del("a")
  check(link.get("veth1"), "the process keeps it")
  local b = namespace.add("a")
  local ok, e = pcall(link.add, "veth1", { kind = "veth", peer = { name = "eth0", ns = b } })
  check(not ok)
  check.match(tostring(e), 'the deleted namespace "a", which process %d+ %(sleep%) keeps alive')
  -- Nobody is blamed who has nothing to do with it.
  link.add("veth2", { kind = "veth", peer = { name = "eth0", ns = b } })
  local _, plain = pcall(link.add, "veth2", { kind = "veth" })
  check.match(tostring(plain), "link.set changes it")
  p:kill()
  p:wait()
  wait.link("veth1", { gone = true })
end)

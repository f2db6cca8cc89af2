-- The tutorial, part 2: a bridge on the host connects several namespaces.
--
--   nsh scripts/tutorial/2-bridge.lua

local function heading(text)
  print("\n## " .. text)
end

local function reaches(ns, address)
  local result = ns.ping(address, { count = 2, interval = 0.05 })
  print(result)
  check.equal(result.received, 2, ns.name .. " reaches " .. address)
end

heading("Creating two network namespaces")

local nms1, nms2 = namespace.add("nms1"), namespace.add("nms2")
nms1.link.set("lo", { up = true })
nms2.link.set("lo", { up = true })

heading("A bridge on the host")

link.add("br0", { kind = "bridge" })
check.equal(link.get("br0").operstate, "DOWN")
link.set("br0", { up = true })
local br0 = link.get("br0")
print(br0)
check(br0.up, "br0 is up")
check.equal(br0.kind, "bridge")

heading("An address for the bridge")

addr.add("192.168.1.1/24", { dev = "br0" })
print(addr.list({ dev = "br0", family = "inet" }))
check.equal(addr.list({ dev = "br0", family = "inet" })[1].address, "192.168.1.1/24")
reaches(host, "192.168.1.1")

heading("A cable from each namespace to the bridge")

for i, ns in ipairs({ nms1, nms2 }) do
  local near, far = "veth" .. i - 1, "ceth" .. i - 1
  link.add(near, { kind = "veth", peer = { name = far } })
  link.set(near, { master = "br0" })
  link.set(near, { up = true })
  link.set(far, { ns = ns })
  ns.link.set(far, { up = true })

  eventually(function()
    return link.get(near).operstate == "UP" and ns.link.get(far).operstate == "UP"
  end)
  print(link.get(near))
  print(ns.link.get(far))
  check.equal(link.get(near).master, "br0")
  check.equal(link.get(near).link_netns, ns.name)
  check.equal(ns.link.get(far).link_netns, "host")
end
eventually(function()
  return link.get("br0").operstate == "UP"
end, { message = "a bridge is up when one of its ports is" })
check.equal(#link.list({ master = "br0" }), 2, "the bridge has two ports")

heading("Addresses and routes in the namespaces")

for i, ns in ipairs({ nms1, nms2 }) do
  local address, dev = "192.168.1." .. 9 + i, "ceth" .. i - 1
  check.equal(#ns.route.list({ family = "inet" }), 0, "without an address there is no route")
  ns.addr.add(address .. "/24", { dev = dev })
  reaches(ns, address)

  -- The address brought a route to its own subnet with it.
  local routes = ns.route.list({ family = "inet" })
  print(routes)
  check.equal(#routes, 1)
  check.equal(routes[1].dst, "192.168.1.0/24")
  check.equal(routes[1].dev, dev)
  check.equal(routes[1].proto, "kernel")
  check.equal(routes[1].scope, "link")
  check.equal(routes[1].src, address)

  reaches(ns, "192.168.1.1")
end

heading("From one namespace to the other")

reaches(nms1, "192.168.1.11")
reaches(nms2, "192.168.1.10")

print("\n" .. check.passed() .. " checks passed")

-- A stateful firewall with a DMZ: the world reaches the web server and nothing else, the inside reaches both, and what the
-- DMZ begins by itself goes nowhere inside. Each claim is checked by a probe, and by the counter of the rule that decides.
--
--   nsh scripts/examples/dmz-firewall.lua
--   nsh test scripts/examples/dmz-firewall.lua

local fw = namespace.add("fw", { up = true })
fw.sysctl.set("net.ipv4.ip_forward", 1)

--- A host on a network of its own behind the firewall.
---@param name string
---@param net string such as "10.1.0"
---@return nsh.Namespace
local function host(name, net)
  local ns = namespace.add(name, { up = true })
  fw.link.add(name, {
    kind = "veth",
    up = true,
    addr = net .. ".1/24",
    peer = { name = "eth0", ns = ns, up = true, addr = net .. ".2/24" },
  })
  ns.route.add("default", { via = net .. ".1" })
  return ns
end

local inside, dmz, world = host("inside", "10.1.0"), host("dmz", "10.2.0"), host("world", "203.0.113")
-- The world has no routes to private networks: only what NAT translates comes back.
world.route.del("default")

local PUBLIC = "203.0.113.1"
fw.nat.dnat({ iif = "world", dest = PUBLIC, proto = "tcp", dport = { 80, 443 }, to = "10.2.0.2" })
fw.nat.masquerade({ out = "world" })

local rules = fw.firewall.apply({
  policy = { input = "drop", forward = "drop" },
  chains = { "to_dmz" },
  sets = { web = { type = "inet_service", elements = { 80, 443 } } },
  rules = {
    { chain = "forward", state = { "established", "related" }, action = "accept", comment = "answers" },
    { chain = "forward", state = "invalid", action = "drop" },
    {
      chain = "forward",
      iif = "inside",
      out = { "world", "dmz" },
      action = "accept",
      comment = "inside goes out",
    },
    { chain = "forward", iif = "world", out = "dmz", action = "jump to_dmz" },
    {
      chain = "forward",
      iif = "dmz",
      out = "inside",
      action = "reject",
      reason = "admin-prohibited",
      comment = "dmz stays out",
    },
    {
      chain = "to_dmz",
      proto = "tcp",
      dport = "@web",
      limit = "100/second",
      action = "accept",
      comment = "web",
    },
    { chain = "input", state = { "established", "related" }, action = "accept" },
    { chain = "input", iif = "inside", proto = "icmp", action = "accept", comment = "inside pings" },
  },
})

--- How many packets the rule with this comment has met.
---@param comment string
---@return integer
local function met(comment)
  return fw.firewall.list({ comment = comment })[1].packets or 0
end

local web <close> = dmz.http.serve(":80", { ["/"] = "welcome" })
local ssh <close> = dmz.tcp.listen(":22", { banner = "ssh\n" })
local files <close> = inside.tcp.listen(":445", { banner = "files\n" })
local site <close> = world.http.serve(":8080", { ["/"] = "the world" })

test("the world reaches the web server by the public address", function()
  local before = met("web")
  check.equal(world.http.get("http://" .. PUBLIC .. "/").body, "welcome")
  check.equal(met("web"), before + 1)
end)

test("the world reaches nothing else", function()
  local through = fw.firewall.list({ chain = "to_dmz" })[1].packets
  check.error(function()
    world.tcp.connect(PUBLIC .. ":22", { timeout = 0.3 })
  end, "timeout")
  check.unreachable(world, PUBLIC, { timeout = 0.2 })
  -- Not even with a route to the private networks.
  world.route.add("10.0.0.0/8", { via = PUBLIC })
  for _, target in ipairs({ "10.2.0.2:22", "10.1.0.2:445" }) do
    check.error(function()
      world.tcp.connect(target, { timeout = 0.3 })
    end, "timeout")
  end
  world.route.del("10.0.0.0/8")
  check.equal(met("web"), through)
end)

test("the inside reaches the DMZ, the world, and the firewall by ping", function()
  local before = met("inside goes out")
  check.equal(inside.http.get("http://10.2.0.2/").body, "welcome")
  check.equal(inside.tcp.connect("10.2.0.2:22"):recv({ line = true }), "ssh")
  check.equal(inside.http.get("http://203.0.113.2:8080/").body, "the world")
  check.equal(met("inside goes out"), before + 3)
  check.reachable(inside, "10.1.0.1")
  check.equal(met("inside pings"), 1)
end)

test("the DMZ begins nothing inside, and is told so", function()
  local before = met("dmz stays out")
  local mark = dmz.counters.list()
  local e = check.error(function()
    dmz.tcp.connect("10.1.0.2:445", { timeout = 2 })
  end)
  check.equal(e.errno, "EHOSTUNREACH")
  check.equal(met("dmz stays out"), before + 1)
  check.equal(dmz.counters.since(mark).IcmpInDestUnreachs, 1)
end)

test("the firewall's rules are these, and answers passed by the first", function()
  check.equal(#fw.firewall.list(), #rules)
  check.greater(met("answers"), 10)
end)

test("a closed set closes the web at once", function()
  fw.firewall.del_elements("web", { 80 })
  check.error(function()
    world.http.get("http://" .. PUBLIC .. "/", { timeout = 0.3 })
  end)
  fw.firewall.add_elements("web", 80)
  check.equal(world.http.get("http://" .. PUBLIC .. "/").status, 200)
end)

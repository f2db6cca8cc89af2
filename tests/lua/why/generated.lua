-- Networks made at random (the same each time): nothing is wrong at first, and each hop that is told is seen; then
-- something on the way breaks, and asking and doing what is told repairs it.
local topology = require("nsh.topology")

math.randomseed(8888)

local function pick(list)
  return list[math.random(#list)]
end

local shapes = {
  function()
    return topology.ring(2 + math.random(3), { hosts = 1 })
  end,
  function()
    return topology.linear(1 + math.random(3))
  end,
  function()
    return topology.star(2 + math.random(3))
  end,
  function()
    return topology.tree(2, 2)
  end,
  function()
    return topology.chain(1 + math.random(3), { hosts = 1 })
  end,
  function()
    return topology.dumbbell(2, 2)
  end,
}

--- A link of the way that is told.
local function link_of(verdict, name)
  local there = {}
  for _, hop in ipairs(verdict.hops) do
    if hop.namespace == name and hop.dev ~= "br0" then
      table.insert(there, hop.dev)
    end
  end
  return pick(there)
end

--- What can break in a namespace on the way.
local breaks = {
  {
    "forwarding",
    function(ns)
      ns.sysctl.set("net.ipv4.ip_forward", 0)
      ns.sysctl.set("net.ipv6.conf.all.forwarding", 0)
    end,
  },
  {
    "echo",
    function(ns)
      ns.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
      ns.sysctl.set("net.ipv6.icmp.echo_ignore_all", 1)
    end,
  },
  {
    "loss",
    function(ns, verdict)
      ns.link.shape(link_of(verdict, ns.name), { loss = "100%" })
    end,
  },
  {
    "route",
    function(ns, verdict)
      ns.route.add(verdict.addr, { type = pick({ "blackhole", "unreachable", "prohibit" }) })
    end,
  },
  {
    "a link",
    function(ns, verdict)
      -- Of IPv6 it would take its addresses along, which nobody can know again.
      if not verdict.addr:find(":", 1, true) then
        ns.link.set(link_of(verdict, ns.name), { up = false })
      end
    end,
  },
  {
    "a port",
    function(ns, verdict)
      local dev = link_of(verdict, ns.name)
      if ns.link.get(dev).master then
        ns.bridge.detach(dev)
      end
    end,
  },
}

-- All are healthy first; one in five is then broken.
local ROUNDS, EACH, BROKEN = 200, 5, 0

for round = 1, ROUNDS do
  local shape, family = pick(shapes)(), pick({ "inet", "inet6" })
  test("network " .. round .. " (" .. family .. ")", function()
    local net <close> = topology(shape)
    local from, to = net.hosts[1], net.hosts[#net.hosts]
    local healthy = from.why(to, { family = family })
    check(healthy.ok, tostring(healthy))
    for at, hop in ipairs(healthy.hops) do
      check(hop.seen, "hop " .. at .. " of\n" .. tostring(healthy))
    end
    if round % EACH ~= 0 then
      return
    end
    local what, break_ = table.unpack(pick(breaks))
    local where = namespace.get(pick(healthy.hops).namespace)
    break_(where, healthy)
    local verdict = from.why(healthy.addr)
    local first = verdict
    BROKEN = BROKEN + (verdict.ok and 0 or 1)
    for _ = 1, 6 do
      if verdict.ok then
        break
      end
      local fault = verdict.faults[1]
      local told = what .. " in " .. where.name .. "\n" .. tostring(first) .. "\n" .. tostring(verdict)
      check(fault and fault.fix, told)
      load(fault.fix)()
      verdict = from.why(healthy.addr)
    end
    check(verdict.ok, what .. " in " .. where.name .. "\n" .. tostring(first))
    check.equal(from.ping(healthy.addr).received, 1)
  end)
end

test("enough of them broke", function()
  check.greater(BROKEN, ROUNDS / EACH / 4)
end)

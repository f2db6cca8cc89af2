-- Addresses, routes, rules and forwarding.
local faults = require("lib.faults")

local function forwarding(l)
  return l.family == "inet" and "net.ipv4.ip_forward" or "net.ipv6.conf.all.forwarding"
end

local function prefix_of(l, side)
  local prefixes = {
    inet = { a = "10.0.0.0/24", b = "10.0.1.0/24" },
    inet6 = { a = "fd00::/64", b = "fd01::/64" },
  }
  return prefixes[l.family][side]
end

--- Of IPv4 the last address takes the routes of its link along; of IPv6 a link has an address but once.
local function replace(ns, old, new)
  if new:find(":", 1, true) then
    ns.addr.del(old)
  end
  ns.addr.add(new, { dev = "eth0" })
  if not new:find(":", 1, true) then
    ns.addr.del(old)
  end
end

local cases = {
  {
    "forwarding is off",
    lab = "routed",
    breaks = function(l)
      l.r.sysctl.set(forwarding(l), 0)
    end,
    finds = { cause = "forwarding_off", namespace = "r", way = "forth" },
  },
  {
    "forwarding is off for one link",
    lab = "routed",
    breaks = function(l)
      l.r.sysctl.set("net.ipv4.conf.ra.forwarding", 0)
    end,
    finds = { cause = "forwarding_off", namespace = "r" },
    families = { "inet" },
  },
  {
    "no default route",
    lab = "routed",
    breaks = function(l)
      l.a.route.del("default", l.family == "inet6" and { family = "inet6" } or {})
    end,
    finds = { cause = "no_route", namespace = "a", way = "forth" },
  },
  {
    "no route back in the target",
    lab = "routed",
    breaks = function(l)
      l.b.route.del("default", l.family == "inet6" and { family = "inet6" } or {})
    end,
    finds = { cause = "no_route", namespace = "b", way = "back" },
  },
  {
    "the router has no route to the target",
    lab = "routed",
    breaks = function(l)
      l.r.route.del(prefix_of(l, "b"))
    end,
    finds = { cause = "no_route", namespace = "r", dev = "rb", way = "forth" },
    causes = { "no_route" },
  },
  {
    "the gateway is nobody's",
    lab = "routed",
    breaks = function(l)
      local wrong = l.family == "inet" and "10.0.0.77" or "fd00::77"
      l.a.route.replace("default", { via = wrong })
    end,
    finds = { cause = "wrong_gateway", namespace = "a", dev = "eth0" },
  },
  {
    "a rule leads to a gateway that is nobody's",
    lab = "routed",
    breaks = function(l)
      l.a.route.add("default", { via = l.family == "inet" and "10.0.0.77" or "fd00::77", table = 100 })
      l.a.rule.add({ to = l.to, table = 100 })
    end,
    finds = { cause = "wrong_gateway", namespace = "a", dev = "eth0" },
  },
  {
    "the time to live is too short",
    lab = "routed",
    ask = { ttl = 1 },
    begins_broken = true,
    breaks = function() end,
    finds = { cause = "ttl_exceeded", namespace = "r", way = "forth" },
    no_fix = true,
  },
  {
    "the link is gone",
    lab = "bridged",
    ask = function(l)
      return { from = l.ip.a }
    end,
    breaks = function(l)
      l.a.link.del("eth0")
      l.s.link.set("br0", { up = true })
    end,
    finds = { cause = "no_link", namespace = "a" },
    fixes = 2,
  },
  {
    "the link is gone, and nothing says where it was",
    lab = "bridged",
    breaks = function(l)
      l.a.link.del("eth0")
    end,
    finds = { cause = "no_link", namespace = "a" },
    no_fix = true,
  },
  {
    "the source's address is gone",
    lab = "bridged",
    ask = function(l)
      return { from = l.ip.a }
    end,
    breaks = function(l)
      l.a.addr.del(l.ip.a .. l.ip.length)
    end,
    finds = { cause = "no_address", namespace = "a", dev = "eth0" },
  },
  {
    "there is no address",
    lab = "bridged",
    breaks = function(l)
      l.a.addr.del(l.ip.a .. l.ip.length)
    end,
    finds = { cause = "no_address", namespace = "a", dev = "eth0" },
    no_fix = true,
  },
  {
    "the source is of no subnet",
    lab = "bridged",
    begins_broken = true,
    ask = function(l)
      return { from = l.family == "inet" and "172.16.0.1" or "fdff::1" }
    end,
    breaks = function() end,
    finds = { cause = "no_address", namespace = "a" },
    no_fix = true,
  },
  {
    "lo is down",
    lab = "bridged",
    breaks = function(l)
      l.to = l.ip.a
      l.a.link.set("lo", { up = false })
    end,
    finds = { cause = "link_down", namespace = "a", dev = "lo" },
    families = { "inet" },
  },
  {
    "the target is on another segment",
    lab = "routed",
    breaks = function(l)
      l.a.route.add(l.to, { dev = "eth0" })
    end,
    finds = { cause = "other_segment", namespace = "a", dev = "eth0" },
    no_fix = true,
  },
  {
    "the target's address is nobody's",
    lab = "bridged",
    breaks = function(l)
      l.b.addr.del(l.to .. l.ip.length)
    end,
    finds = { cause = "no_neighbour", namespace = "a", dev = "eth0" },
    no_fix = true,
  },
  {
    "the prefix is too short",
    lab = "routed",
    breaks = function(l)
      local short = l.family == "inet" and "10.0.0.1/8" or "fd00::1/8"
      replace(l.a, l.ip.a .. l.ip.length, short)
    end,
    finds = { cause = "wrong_prefix", namespace = "a", dev = "eth0" },
  },
  {
    "the target's prefix is too short",
    lab = "routed",
    breaks = function(l)
      local short = l.family == "inet" and "10.0.1.1/8" or "fd01::1/8"
      replace(l.b, l.ip.b .. l.ip.length, short)
    end,
    finds = { cause = "wrong_prefix", namespace = "b", dev = "eth0", way = "back" },
  },
  {
    "the route is in a table that no rule asks",
    lab = "routed",
    breaks = function(l)
      l.a.route.del("default", l.family == "inet6" and { family = "inet6" } or {})
      l.a.route.add("default", { via = l.ip.ra, table = 100 })
    end,
    finds = { cause = "other_table", namespace = "a" },
  },
  {
    "reverse path filtering",
    lab = "routed",
    breaks = function(l)
      -- The way back is another cable.
      l.r.link.add("rc", { kind = "veth", up = true, peer = { name = "eth1", ns = l.a, up = true } })
      l.r.route.add("10.0.0.1", { dev = "rc" })
      l.r.sysctl.set("net.ipv4.conf.ra.rp_filter", 1)
    end,
    finds = { cause = "rp_filter", namespace = "r", dev = "ra" },
    families = { "inet" },
  },
  {
    "echo requests are ignored",
    lab = "routed",
    breaks = function(l)
      l.b.sysctl.set(
        l.family == "inet" and "net.ipv4.icmp_echo_ignore_all" or "net.ipv6.icmp.echo_ignore_all",
        1
      )
    end,
    finds = { cause = "echo_ignored", namespace = "b" },
  },
  {
    "IPv6 is switched off",
    lab = "bridged",
    breaks = function(l)
      l.a.sysctl.set("net.ipv6.conf.eth0.disable_ipv6", 1)
    end,
    ask = function(l)
      return { from = l.ip.a }
    end,
    finds = { cause = "ipv6_disabled", namespace = "a" },
    families = { "inet6" },
    -- The addresses went with it.
    fixes = 2,
  },
  {
    "the router sends it in a circle",
    lab = "routed",
    breaks = function(l)
      l.r.route.add(l.to, { via = l.ip.a })
      l.a.sysctl.set(forwarding(l), 1)
    end,
    finds = { cause = "routing_loop", namespace = "a" },
    no_fix = true,
  },
}

for _, kind in ipairs({ "blackhole", "unreachable", "prohibit" }) do
  for side, place in pairs({ a = { "a", "b", "forth" }, r = { "r", "b", "forth" }, b = { "b", "a", "back" } }) do
    table.insert(cases, {
      "a route of type " .. kind .. " in " .. side,
      lab = "routed",
      breaks = function(l)
        l[side].route.add(l.ip[place[2]], { type = kind })
      end,
      finds = { cause = "dropping_route", namespace = side, way = place[3] },
    })
  end
  table.insert(cases, {
    "a rule of type " .. kind,
    lab = "routed",
    breaks = function(l)
      l.r.rule.add({ to = l.ip.b, type = kind, priority = 50 })
    end,
    finds = { cause = "dropping_rule", namespace = "r", way = "forth" },
  })
end

faults.test(cases)

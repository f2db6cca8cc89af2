-- needs: ip, bridge
-- Lists: all objects are made, or none. What there is, `ip` tells.
local ns1 = namespace.add("ns1")
ns1.link.set("lo", { up = true })
ns1.link.add("v1", { kind = "veth", up = true, addr = "10.0.0.1/8", peer = { name = "v2", up = true } })
ns1.link.add("br0", { kind = "bridge", up = true })
ns1.link.set("v2", { master = "br0" })

-- What `ip` and `bridge` show of the kind, but for what the kernel adds when it is ready.
local shown = {
  addr = { "-o", "addr", "show", "scope", "global" },
  route = { "route", "show", "table", "all", "proto", "boot" },
  rule = { "rule", "show" },
  neigh = { "neigh", "show", "nud", "permanent" },
  nexthop = { "nexthop", "show" },
}
local function state(kind)
  local text = ""
  if kind == "fdb" then
    text = ns1.proc.exec({ "bridge", "fdb", "show", "dev", "v2" }).stdout
  else
    for _, family in ipairs({ "-4", "-6" }) do
      text = text .. ns1.proc.exec({ "ip", family, table.unpack(shown[kind]) }).stdout
    end
  end
  -- Tables of hashes change their order as they grow. A bridge that knows VLANs shows an address for each, and learns others.
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    local learned = kind == "fdb" and not line:find("^02:00:00:00:")
    if not learned and not line:find(" vlan ", 1, true) then
      table.insert(lines, line)
    end
  end
  table.sort(lines)
  return lines
end
local function count(kind)
  return #state(kind)
end

-- More than one datagram of requests; the last one is refused.
local function many(n, make)
  local list = {} ---@type any[]
  for i = 1, n do
    list[i] = make(i)
  end
  return list
end

local makes = {
  addr = function(i)
    return { address = ("fd00:%x::%x/64"):format(i // 200, i), dev = "v1" }
  end,
  route = function(i)
    return { dst = ("172.16.%d.%d/32"):format(i // 200, i % 200), via = "10.0.0.2", metric = 5 }
  end,
  rule = function(i)
    return { from = "10.0.0.0/8", table = i, priority = i }
  end,
  neigh = function(i)
    return { dst = ("10.1.%d.%d"):format(i // 200, i % 200), lladdr = "02:00:00:00:00:05", dev = "v1" }
  end,
  nexthop = function(i)
    return { id = i, via = "10.0.0.2", dev = "v1" }
  end,
  fdb = function(i)
    return { mac = ("02:00:00:00:%02x:%02x"):format(i // 200, i % 200), dev = "v2" }
  end,
}

for kind, make in pairs(makes) do
  test(kind, function()
    local before = count(kind)
    ns1[kind].add(many(300, make))
    check.equal(count(kind), before + 300)

    local there = state(kind)
    local list = many(300, function(i)
      return make(i + 1000)
    end)
    list[290] = make(7)
    local e = check.error(function()
      ns1[kind].add(list)
    end, "exists")
    check.match(e.message, "^" .. kind .. '%.add "%[290%]')
    check.equal(state(kind), there, "nothing has changed")

    list[290] = make(1290)
    local wrong = make(1150) ---@type any
    wrong.nonsense = 1
    list[150] = wrong
    e = check.error(function()
      ns1[kind].add(list)
    end, "argument")
    check.match(e.message, "%[150%].*nonsense")
    list[150] = 7
    check.error(function()
      ns1[kind].add(list)
    end, "argument")
    check.equal(state(kind), there, "nothing has changed")
  end)
end

test("a list of nothing does nothing", function()
  ns1.route.add({})
  ns1.neigh.add({})
end)

test("the kernel's refusal is explained as of one", function()
  local e = check.error(function()
    ns1.route.add({
      { dst = "172.17.0.0/16", via = "10.0.0.2" },
      { dst = "172.18.0.0/16", via = "192.0.2.1" },
    })
  end, "network_unreachable")
  check.match(e.hint or "", "192.0.2.1", { plain = true })
  check.equal(ns1.proc.exec({ "ip", "route", "show", "172.17.0.0/16" }).stdout, "")
end)

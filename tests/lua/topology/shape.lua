-- needs: tc, htb
-- Links that are shaped: in the table, later, in one direction, and while the network grows.
local topology = require("nsh.topology")

---The rate at an end's root in bytes per second, as tc has it; none where nobody has set a discipline.
local function rate(ns, dev)
  local root = json.decode(ns.exec({ "tc", "-j", "qdisc", "show", "dev", dev, "root" }).stdout)[1]
  local found = (root.options or {}).rate
  return type(found) == "table" and found.rate or found
end

local net <close> = topology({
  routers = { "r1", "r2" },
  hosts = { "a", "b" },
  links = {
    { "a", "r1", rate = "8mbit" },
    { "r1", "r2", rate = "80mbit", limit = 50, shape = { r1 = { rate = "800kbit" } } },
    { "r1", "r2", name = "backup", cost = 10, shape = { r2 = { rate = "16mbit" } } },
    { "r2", "b" },
  },
})

local function rates()
  return {
    a = rate(net.a, "eth0"),
    r1a = rate(net.r1, "to-a"),
    r1r2 = rate(net.r1, "to-r2"),
    r2r1 = rate(net.r2, "to-r1"),
    backup1 = rate(net.r1, "to-r2-2"),
    backup2 = rate(net.r2, "to-r1-2"),
    r2b = rate(net.r2, "to-b"),
    b = rate(net.b, "eth0"),
  }
end

local first = { a = 1000000, r1a = 1000000, r1r2 = 100000, r2r1 = 10000000, backup2 = 2000000 }
check.equal(rates(), first)
check.equal(
  net.links["r1-r2"].shape,
  { r1 = { rate = "800kbit", limit = 50 }, r2 = { rate = "80mbit", limit = 50 } }
)
check.equal(net.links["r2-b"].shape, nil)
check.match(tostring(net), "to%-r2 .*rate 800kbit limit 50\n")
check.reachable(net.a, net.b)

-- Later, both directions or one; all links of two, or one of them.
net:shape("r2", "b", { rate = "4mbit" })
check.subset(rates(), { r2b = 500000, b = 500000 })
net:shape(net.b, "r2", { rate = "2mbit", from = net.b })
check.subset(rates(), { r2b = 500000, b = 250000 })
net:shape("r2", "b", { from = "r2" })
check.equal({ rates().r2b, rates().b }, { nil, 250000 })
net:shape("r2", "b", false)
check.equal(rates(), first)
net:shape("r1", "r2", { rate = "24mbit", link = "backup" })
check.subset(rates(), { r1r2 = 100000, backup1 = 3000000, backup2 = 3000000 })
net:shape("r1", "r2", false)
check.equal(rates(), { a = 1000000, r1a = 1000000 })
check.equal(net.links["r1-r2"].shape, nil)

-- What somebody else has set stays, at both ends.
net.r2.exec("tc qdisc add dev to-b root pfifo", { check = true })
local e = check.error(function()
  net:shape("b", "r2", { rate = "1mbit" })
end, "exists")
check.match(e.message, "to%-b has a queueing discipline that somebody set: pfifo")
check.equal(rates().b, nil)
net.r2.exec("tc qdisc del dev to-b root", { check = true })

-- Links that are cut and mended.
net:cut("a", "r1")
net:mend("a", "r1")
net:cut("a", "r1", { from = "a" })
net:shape("a", "r1", { rate = "6.4mbit" })
check.equal({ rates().a, rates().r1a }, { nil, 800000 })
net:mend("a", "r1")
check.equal({ rates().a, rates().r1a }, { 800000, 800000 })

-- A network that grows.
net:add_host("c", { to = "r1", link = { rate = "40mbit", shape = { c = { rate = "4mbit" } } } })
check.equal({ rate(net.r1, "to-c"), rate(net.c, "eth0") }, { 5000000, 500000 })
net:add_link("a", "b", { rate = "8mbit" })
check.equal({ rate(net.a, "eth1"), rate(net.b, "eth1") }, { 1000000, 1000000 })
net:move("c", "r2")
check.equal({ rate(net.r2, "to-c"), rate(net.c, "eth0") }, { 5000000, 500000 })
check.reachable(net.c, net.r2)
check.equal({ rates().a, rates().r1a }, { 800000, 800000 })

local function refused(text, opts)
  local why = check.error(function()
    net:shape("a", "r1", opts)
  end, "argument")
  check.equal(why.message .. (why.hint and "; " .. why.hint or ""), "Net:shape: " .. text)
end
refused("opts: expected a table of options or false, got the boolean true", true)
refused('opts: unknown option "dely"; did you mean "delay"?', { dely = 1 })
refused("opts: jitter needs delay", { jitter = "1ms" })
refused('opts.link: no link of a and r1 is called "x"; there are a-r1', { link = "x", rate = "1mbit" })
refused("opts.from: b is neither a nor r1", { from = "b", rate = "1mbit" })

net:close()

-- Of a table from JSON, and of a dumbbell.
do
  local small <close> = topology(json.decode([[{
    "hosts": ["x", "y"],
    "links": [{ "a": "x", "b": "y", "rate": "8mbit", "shape": { "y": { "rate": 800000 } } }]
  }]]))
  check.equal({ rate(small.x, "eth0"), rate(small.y, "eth0") }, { 1000000, 100000 })
end
-- Peers of a host on a switch.
do
  local lan <close> = topology({
    hosts = { "x", "y", "z" },
    switches = { "s" },
    links = {
      { "s", "x", rate = "80mbit", shape = { x = { to = { ["10.0.1.3"] = { rate = "8mbit" } } } } },
      { "s", "y" },
      { "s", "z" },
    },
  })
  check.equal(lan:addr("z"), "10.0.1.3")
  check.subset(lan.x.link.get("eth0").shape, { rate = 80000000, to = { ["10.0.1.3"] = { rate = 8000000 } } })
  check.equal(rate(lan.s, "to-x"), 10000000)
  check.reachable(lan.x, lan.z)
end
do
  local bell <close> = topology(topology.dumbbell(1, 1, { bottleneck = { rate = "8mbit", mtu = 1400 } }))
  check.equal({ rate(bell.r1, "to-r2"), rate(bell.r2, "to-r1") }, { 1000000, 1000000 })
  check.equal(bell.r1.link.get("to-r2").mtu, 1400)
end

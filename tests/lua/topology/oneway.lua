-- needs: ip
-- A link cut in one direction: what one end sends is lost, and neither end notices. Several links between two nodes.
local topology = require("nsh.topology")

local net <close> = topology({
  routers = { "r1", "r2" },
  hosts = { "a", "b" },
  links = { { "r1", "r2" }, { "r2", "r1", name = "backup", cost = 10 }, { "r1", "a" }, { "b", "r2" } },
})

local function qdisc(ns, dev)
  return json.decode(ns.exec({ "ip", "-j", "link", "show", "dev", dev }).stdout)[1].qdisc
end

for _, family in ipairs({ "inet", "inet6" }) do
  check.reachable(net.a, net.b, { family = family })
end
check.equal(net.links[1].name, "r1-r2")
check.equal(net.links["r2-r1"].name, "r1-r2")
check.equal(net.links.backup.dev, { r1 = "to-r2-2", r2 = "to-r1-2" })
check.equal(net:addr("r1", { to = "r2" }), "10.0.1.1")
check.equal(net:addr("r1", { to = "r2", link = "backup" }), "10.0.2.1")

-- One direction.
local routes = net.r1.exec("ip route; ip -6 route").stdout
net:cut("r1", "r2", { from = "r2", link = "r1-r2" })
check.equal(net.links[1].up, true, "neither end notices")
check.equal(net.links[1].lost_from, { "r2" })
check.equal(qdisc(net.r2, "to-r1"), "blackhole")
check.equal(qdisc(net.r1, "to-r2"), "noqueue")
check.match(tostring(net), "to%-r2 +%-%- r2 +10%.0%.1%.1/24 +fd00:1::1/64 +gets nothing\n")
check.match(tostring(net), "to%-r1 +%-%- r1 +10%.0%.1%.2/24 +fd00:1::2/64 +sends nothing\n")
check.equal(net.r1.exec("ip route; ip -6 route").stdout, routes)
check.arrives(net.a, net.b)
check.lost(net.b, net.a, { timeout = 0.2 })
net:cut("r1", "r2", { from = "r2", link = "r1-r2" })
net:cut("r1", "r2", { from = net.r1, link = "r1-r2" })
check.equal(net.links[1].lost_from, { "r1", "r2" })
check.lost(net.a, net.b, { timeout = 0.2 })
net:mend("r1", "r2", { from = "r2" })
check.equal(net.links[1].lost_from, { "r1" })
check.lost(net.a, net.b, { timeout = 0.2 })
net:mend("r1", "r2")
check.equal(net.links[1].lost_from, nil)
check.equal(qdisc(net.r1, "to-r2"), "noqueue")
check.equal(qdisc(net.r2, "to-r1"), "noqueue")
check.reachable(net.a, net.b)

-- A link that is shaped is so again when it is mended, and while it grows.
net.r2.link.shape("to-r1", { rate = "10mbit", limit = 50 })
net:cut("r1", "r2", { from = "r2", link = "r1-r2" })
check.equal(qdisc(net.r2, "to-r1"), "blackhole")
local why = check.error(function()
  net.r2.link.shape("to-r1", { rate = "1mbit" })
end, "exists")
check.match(why.message, "to%-r1 has a queueing discipline that somebody set: blackhole")
check.match(tostring(why.hint), "net:mend takes it away; .*tc %-n r2 qdisc del dev to%-r1 root")
net:add_host("c", { to = "r1" })
net:mend("r1", "r2")
check.subset(net.r2.link.get("to-r1").shape, { rate = 10000000, limit = 50 })
check.differ(qdisc(net.r2, "to-r1"), "blackhole")
net:cut("r1", "r2")
net:mend("r1", "r2")
check.subset(net.r2.link.get("to-r1").shape, { rate = 10000000, limit = 50 })
net.r2.link.shape("to-r1", false)
check.equal(qdisc(net.r2, "to-r1"), "noqueue")

-- All links between the two, or one of them.
net:cut("r1", "r2")
check.equal({ net.links[1].up, net.links.backup.up }, { false, false })
net:mend("r2", "r1", { link = "backup" })
check.equal({ net.links[1].up, net.links.backup.up }, { false, true })
check.reachable(net.r1, net:addr("r2", { to = "r1", link = "backup" }))
net:mend("r2", "r1")
check.reachable(net.a, net.b)

local function refused(text, a, b, opts)
  local e = check.error(function()
    net:cut(a, b, opts)
  end, "argument")
  check.equal(e.message .. (e.hint and "; " .. e.hint or ""), text)
end
refused(
  'Net:cut: opts.link: no link of r1 and r2 is called "main"; there are r1-r2, backup',
  "r1",
  "r2",
  { link = "main" }
)
refused("Net:cut: opts.from: a is neither r1 nor r2", "r1", "r2", { from = "a" })
refused('Net:cut: opts: unknown option "form"; did you mean "from"?', "r1", "r2", { form = "r1" })

-- needs: netem, tc
-- Links of a topology that delay what they carry, each way as asked.
local topology = require("nsh.topology")

local net <close> = topology({
  routers = { "r1", "r2" },
  hosts = { "a", "b" },
  links = {
    { "a", "r1" },
    { "r1", "r2", delay = "20ms", loss = "0.001%", shape = { r2 = { delay = "10ms" } } },
    { "r2", "b" },
  },
})

---What tc has of an end's delay, in seconds.
local function delay(ns, dev)
  local root = json.decode(ns.exec({ "tc", "-j", "qdisc", "show", "dev", dev, "root" }).stdout)[1]
  return root.options and root.options.delay and root.options.delay.delay
end

check.near(delay(net.r1, "to-r2"), 0.02, 1e-6)
check.near(delay(net.r2, "to-r1"), 0.01, 1e-6)
check.reachable(net.a, net.b)
check.at_least(net.a.ping(net.b).rtt.min, 0.03)
net:cut("r1", "r2", { from = "r1" })
net:mend("r1", "r2")
check.at_least(net.a.ping(net.b).rtt.min, 0.03)
net:shape("r1", "r2", { delay = "50ms", from = "r2" })
check.at_least(net.a.ping(net.b).rtt.min, 0.07)
net:shape("r1", "r2", false)
check.equal(delay(net.r1, "to-r2"), nil)
check.equal(delay(net.r2, "to-r1"), nil)

-- More hosts on one switch than the kernel has room for their neighbours (gc_thresh3 is 1024 for all namespaces); also with one
-- that is cut off.
-- needs: ip
local topology = require("nsh.topology")
local net = topology(topology.star(50))

local function learned()
  local count = 0
  for _, host in ipairs(net.hosts) do
    count = count + #json.decode(host.exec("ip -4 -j neigh show", { check = true }).stdout)
  end
  return count
end

local all = net:ping_all()
check.equal({ all.sent, all.received, #all.lost }, { 2450, 2450, 0 })
check(learned() < 100, "what was learned is forgotten")

net:cut("h17", "s1")
all = net:ping_all()
check.equal({ all.sent, all.received, all.cut }, { 2450, 2450 - 98, { "h17" } })
check.match(tostring(all), "\nh17: nobody reaches it\n")

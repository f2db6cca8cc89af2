-- Three routers in a triangle run BIRD with OSPF; the link in use is cut, and they find the way around.
-- needs: bird, birdc

local topology = require("nsh.topology")

local B4, B6 = "10.20.0.2", "fd20::2"
local net = topology({
  routers = { "r1", "r2", "r3" },
  hosts = { "a", { "b", addr = { B4 .. "/24", B6 .. "/64" } } },
  links = { { "r1", "r2" }, { "r2", "r3" }, { "r1", "r3" }, { "a", "r1" }, { "b", "r3" } },
  loopbacks = true,
  routing = false,
})

local config = [[
router id 10.255.0.%d;
protocol device { scan time 1; }
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export all; }; }
protocol ospf v2 {
  ipv4 {};
  area 0 {
    interface "lo", "to-a", "to-b" { stub; };
    interface "to-r*" { type ptp; hello 1; dead 4; };
  };
}
protocol ospf v3 {
  ipv6 {};
  area 0 {
    interface "lo", "to-a", "to-b" { stub; };
    interface "to-r*" { type ptp; hello 1; dead 4; };
  };
}
]]

-- Each router has an /etc/bird and a /run/bird of its own, so the daemons find things where they always are.
for i, router in ipairs(net.routers) do
  router.proc.private({ "/etc/bird", "/run/bird" })
  router.spawn(
    { "bird", "-f", "-c", "/etc/bird/bird.conf", "-s", "/run/bird/bird.ctl", "-P", "/run/bird/bird.pid" },
    {
      files = { ["/etc/bird/bird.conf"] = config:format(i) },
      ready = { file = "/run/bird/bird.ctl" },
    }
  )
end

-- Waits until r1 sends what is for b through this link, and replies come back.
local function converge(what, dev)
  local took = eventually(function()
    for family, address in pairs({ inet = B4, inet6 = B6 }) do
      check.equal(net.r1.route.get(address).dev, dev)
      check.reachable(net.a, net.b, { family = family, timeout = 0.2 })
    end
  end, { timeout = 40, interval = 0.02 })
  print(("%s: %.2f s"):format(what, took))
end

converge("until all routes are there", "to-r3")
print(net.r1.exec({ "birdc", "-s", "/run/bird/bird.ctl", "show ospf neighbors" }, { check = true }))

net:cut("r1", "r3")
converge("around the link that was cut", "to-r2")

net:mend("r1", "r3")
converge("back on the link that was mended", "to-r3")

check.equal(#proc.deaths(), 0)

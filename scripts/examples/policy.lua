-- A team's network test: guests reach the internet and nothing else, staff reach everything.
--
--   nsh scripts/examples/policy.lua
--   nsh test scripts/examples/policy.lua

local topology = require("nsh.topology")

local net = topology({
  routers = { "gate" },
  hosts = { "guest", "staff", "files", "internet" },
  links = {
    { "gate", "guest", subnet = { "10.10.0.0/24", "fd10::/64" } },
    { "gate", "staff", subnet = { "10.20.0.0/24", "fd20::/64" } },
    { "gate", "files", subnet = { "10.30.0.0/24", "fd30::/64" } },
    { "gate", "internet", subnet = { "203.0.113.0/24", "2001:db8::/64" } },
  },
})

-- The policy: what comes from guests and goes to one of ours is refused.
net.gate.rule.add({ iif = "to-guest", to = "10.0.0.0/8", type = "prohibit" })
net.gate.rule.add({ iif = "to-guest", to = "fd00::/8", type = "prohibit" })

local FAMILIES = { "inet", "inet6" }

for _, family in ipairs(FAMILIES) do
  group(family, function()
    test("guests reach the internet", function()
      check.reachable(net.guest, net.internet, { family = family })
    end)

    for _, ours in ipairs({ "staff", "files" }) do
      test("guests don't reach " .. ours, function()
        check.unreachable(net.guest, net[ours], { family = family })
      end)
    end

    test("staff reach everything but guests", function()
      check.reachable(net.staff, net.files, { family = family })
      check.reachable(net.staff, net.internet, { family = family })
      check.unreachable(net.staff, net.guest, { family = family, timeout = 0.2 })
    end)
  end)
end

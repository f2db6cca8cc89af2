-- Two faults at once: both are named, in the order in which the packet meets them.
local faults = require("lib.faults")

--- Each can be seen together with the others. In the order in which the packet meets them.
local single = {
  {
    "wrong_neighbour",
    "a",
    function(l)
      l.a.neigh.replace(l.ip.ra, { dev = "eth0", lladdr = "02:00:00:00:00:99" })
    end,
  },
  {
    "forwarding_off",
    "r",
    function(l)
      l.r.sysctl.set("net.ipv4.ip_forward", 0)
      l.r.sysctl.set("net.ipv6.conf.all.forwarding", 0)
    end,
  },
  {
    "lossy",
    "r",
    function(l)
      l.r.link.shape("rb", { loss = "100%" })
    end,
  },
  {
    "echo_ignored",
    "b",
    function(l)
      l.b.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
      l.b.sysctl.set("net.ipv6.icmp.echo_ignore_all", 1)
    end,
  },
  {
    "lossy",
    "b",
    function(l)
      l.b.link.shape("eth0", { loss = "100%" })
    end,
  },
  {
    "wrong_neighbour",
    "b",
    function(l)
      l.b.neigh.replace(l.ip.rb, { dev = "eth0", lladdr = "02:00:00:00:00:99" })
    end,
  },
  {
    "wrong_neighbour",
    "r",
    function(l)
      l.r.neigh.replace(l.ip.a, { dev = "ra", lladdr = "02:00:00:00:00:99" })
    end,
  },
}

--- The faults in words, as `why` names them.
local function named(verdict)
  local out = {}
  for at, fault in ipairs(verdict.faults) do
    out[at] = fault.cause .. " in " .. fault.namespace
  end
  return out
end

for _, family in ipairs({ "inet", "inet6" }) do
  for first = 1, #single do
    for second = first + 1, #single do
      local one, two = single[first], single[second]
      local names = { one[1] .. " in " .. one[2], two[1] .. " in " .. two[2] }
      test(table.concat(names, ", ") .. " (" .. family .. ")", function()
        defer(faults.forget)
        local ip = faults.addresses[family]
        local l = faults.labs.routed(ip)
        l.ip = ip
        one[3](l)
        two[3](l)
        local verdict = l.a.why(l.to)
        check.equal(named(verdict), names, tostring(verdict))
        for _, fault in ipairs(verdict.faults) do
          load(fault.fix)()
        end
        verdict = l.a.why(l.to)
        check(verdict.ok, tostring(verdict))
      end)
    end
  end
end

-- needs: nft
-- Rules and policies of nftables, on each hook.
local faults = require("lib.faults")

local cases = {}

--- A ruleset with one base chain.
local function chain(hook, rest)
  return "table inet f { chain c { type filter hook " .. hook .. " priority 0; " .. rest .. " }; }"
end

--- Matches ICMP and ICMPv6 messages of these types.
local function icmp(types)
  return "meta l4proto { icmp, ipv6-icmp } @th,0,8 { " .. types .. " } "
end

for hook, where in pairs({ output = "a", prerouting = "r", forward = "r", postrouting = "r", input = "b" }) do
  table.insert(cases, {
    "a rule drops in " .. hook,
    lab = "routed",
    breaks = function(l)
      l[where].nft.load(chain(hook, icmp("8, 128") .. "drop;"))
    end,
    finds = { cause = "filter_rule", namespace = where, way = "forth" },
  })
  table.insert(cases, {
    "a rule rejects in " .. hook,
    lab = "routed",
    breaks = function(l)
      l[where].nft.load(chain(hook, icmp("8, 128") .. "counter reject;"))
    end,
    finds = { cause = "filter_rule", namespace = where, way = "forth" },
    families = hook == "postrouting" and {} or nil,
  })
end

table.insert(cases, {
  "a policy drops what is forwarded",
  lab = "routed",
  breaks = function(l)
    l.r.nft.load(chain("forward", "policy drop;"))
  end,
  finds = { cause = "filter_policy", namespace = "r", way = "forth" },
})
table.insert(cases, {
  "a policy drops what comes in",
  lab = "routed",
  breaks = function(l)
    local nd = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept;"
    l.b.nft.load(chain("input", "policy drop; " .. nd))
  end,
  finds = { cause = "filter_policy", namespace = "b", way = "forth" },
})
table.insert(cases, {
  "a rule of nsh's own firewall drops",
  lab = "routed",
  breaks = function(l)
    l.r.firewall.add({ chain = "forward", action = "drop" })
  end,
  finds = { cause = "filter_rule", namespace = "r", way = "forth" },
  fix = 'namespace.get("r").firewall.del(2)',
})
table.insert(cases, {
  "a policy of nsh's own firewall drops",
  lab = "routed",
  breaks = function(l)
    l.r.firewall.policy("forward", "drop")
  end,
  finds = { cause = "filter_policy", namespace = "r", way = "forth" },
  fix = 'namespace.get("r").firewall.policy("forward", "accept")',
})
table.insert(cases, {
  "the answer is dropped in output",
  lab = "routed",
  breaks = function(l)
    l.b.nft.load(chain("output", icmp("0, 129") .. "drop;"))
  end,
  finds = { cause = "filter_rule", namespace = "b", way = "back" },
})
table.insert(cases, {
  "the answer is dropped on the way",
  lab = "routed",
  breaks = function(l)
    l.r.nft.load(chain("forward", icmp("0, 129") .. "drop;"))
  end,
  finds = { cause = "filter_rule", namespace = "r", way = "back" },
})

faults.test(cases)

test("the rule is told as nft writes it", function()
  defer(faults.forget)
  local l = faults.labs.routed(faults.addresses.inet)
  l.b.nft.load("table ip f { chain i { type filter hook input priority 0; icmp type echo-request drop; }; }")
  local fault = l.a.why(l.to).faults[1]
  check.match(fault.text, "`icmp type echo%-request drop`")
  local listed = l.b.proc.exec({ "nft", "-a", "list", "chain", "ip", "f", "i" }, { check = true }).stdout
  check.match(listed, "icmp type echo%-request drop # handle " .. fault.text:match("handle (%d+)"))
end)

test("NAT of rules that nsh didn't make is seen", function()
  defer(faults.forget)
  local l = faults.labs.nat(faults.addresses.inet)
  l.r.nat.del(l.nat)
  l.r.nft.load([[
    table ip foreign {
      chain post { type nat hook postrouting priority 100; ip saddr 10.0.0.0/24 oifname "rb" masquerade; }
      chain pre { type nat hook prerouting priority -100; tcp dport 8080 dnat to 10.0.0.1:80; }
    }
  ]])
  local out = l.a.why(l.to)
  check(out.ok, tostring(out))
  check.match(tostring(out), "source becomes 10%.0%.1%.254")
  local web <close> = l.a.http.serve("10.0.0.1:80", { ["/"] = "hello" })
  local in_ = l.b.why("10.0.1.254", { port = 8080 })
  check(in_.ok, tostring(in_))
  check.match(tostring(in_), "destination 10%.0%.1%.254 becomes 10%.0%.0%.1")
  -- Behind the translation the way goes on, and so do its faults.
  l.b.sysctl.set("net.ipv4.icmp_echo_ignore_all", 1)
  local lost = l.a.why(l.to)
  check.equal(#lost.faults, 1, tostring(lost))
  check.equal(lost.faults[1].cause, "echo_ignored")
end)

-- Rules that others put into nsh's table are shown, never fatal, and filter chains survive a flush.
-- needs: nft

nft.load([[
  table inet nsh {
    chain nat_postrouting {
      type nat hook postrouting priority srcnat; policy accept;
      ct mark 7 limit rate 1/second counter masquerade comment "odd"
      ip saddr 10.0.0.0/8 oifname "eth0" masquerade
      meta nfproto ipv4 tcp dport > 1024 snat ip to 1.2.3.4
    }
    chain input {
      type filter hook input priority 0; policy accept;
      tcp dport 22 accept
    }
  }
]])

local rules = nat.list()
check.equal(#rules, 3)
check.equal(rules[1].kind, "other")
check.equal(rules[1].comment, "odd")
check.equal(rules[1].expressions, { "ct", "cmp", "limit", "counter", "masq" })
check.equal(rules[2].kind, "masquerade")
check.equal(rules[2].source, "10.0.0.0/8")
check.equal(rules[2].out, "eth0")
check.equal(rules[3].kind, "other")

local own = nat.masquerade({ out = "!br0" })
nat.del(rules[1].handle)
check.equal(#nat.list(), 3)
nat.flush()
check.equal(#nat.list(), 0)
check.error(function()
  nat.del(own)
end, "not_found")
assert(nft.list():find("tcp dport 22 accept", 1, true))
assert(not nft.list():find("nat", 1, true))

-- A chain of that name with another type is in the way, and is named.
nft.load(
  "flush ruleset; add table inet nsh; add chain inet nsh nat_postrouting { type filter hook postrouting priority 0; }"
)
local e = check.error(function()
  nat.masquerade({})
end, "exists")
assert(e.message:find("a chain nat_postrouting of another type, hook or priority", 1, true), e.message)

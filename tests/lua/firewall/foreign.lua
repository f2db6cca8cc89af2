-- What nft made itself: with words where there are some, else as text.
-- needs: nft

nft.load([[
table ip filter {
  chain INPUT {
    type filter hook input priority 0; policy drop;
    ip saddr 10.0.0.0/8 tcp dport { 22, 80 } ct state new counter accept comment "in"
    ip saddr 10.0.0.1 tcp dport 22 tcp dport 23 drop
    tcp flags syn limit rate 5/second accept
    meta mark set ct mark
    ct state != { new, established } drop
    icmp type echo-request ip ttl 1 accept
  }
}
table inet nsh {
  chain input {
    type filter hook input priority 0;
    ip6 saddr fd00::/64 udp sport 1-10 log prefix "x" group 3 reject
    tcp dport vmap { 22 : accept, 23 : drop }
  }
}
table bridge b {
  chain c {
    type filter hook forward priority 0;
    ether type arp counter
  }
}
]])

local own = firewall.list()
check.equal(#own, 2)
check.equal({ own[1].source, own[1].proto, own[1].sport, own[1].log, own[1].log_group }, {
  "fd00::/64",
  "udp",
  "1-10",
  "x",
  3,
})
check.equal({ own[1].action, own[1].reason }, { "reject", "port-unreachable" })
check.equal(own[2].action, "other")
check.match(own[2].text, "tcp dport vmap @__map")

local rules = firewall.list({ table = "ip filter" })
check.equal(#rules, 6)
local first = rules[1]
check.equal({
  first.table,
  first.chain,
  first.source,
  first.dport,
  first.state,
  first.comment,
  first.action,
  first.packets,
}, { "ip filter", "INPUT", "10.0.0.0/8", { 22, 80 }, "new", "in", "accept", 0 })
check.equal(
  first.text,
  'ip saddr 10.0.0.0/8 tcp dport { 22, 80 } ct state new counter packets 0 bytes 0 accept comment "in"'
)
check.equal(
  { rules[2].action, rules[2].text },
  { "other", "ip saddr 10.0.0.1 tcp dport 22 tcp dport 23 drop" }
)
check.equal({ rules[3].action, rules[4].action, rules[6].action }, { "other", "other", "other" })
check.equal({ rules[5].state, rules[5].action }, { "!established,new", "drop" })

-- All of them; whether the text is nft's is compared with generated rules.
check.equal(#firewall.list({ table = "all" }), 9)
check.equal(#firewall.list({ table = "all", action = "accept" }), 1)
local chains = firewall.chains({ table = "all" })
check.equal(#chains, 3)
check.equal({ chains[1].table, chains[1].policy }, { "ip filter", "drop" })
check.equal(firewall.list({ table = "ip nothing" }), {})
firewall.flush()
check.equal(#firewall.list({ table = "all" }), 7)

-- Keys of `meta` that no option has; nft writes iiftype and pkttype by words.
nft.load([[
table inet m {
  chain c {
    meta cpu 0 accept
    meta length 1000 drop
    meta priority 1:2 drop
    meta iiftype ether drop
    meta pkttype broadcast drop
    ct expiration 5s drop
  }
}
]])
local texts = {}
for i, rule in ipairs(firewall.list({ table = "inet m" })) do
  texts[i] = rule.text
end
check.equal(texts, {
  "meta cpu 0 accept",
  "meta length 1000 drop",
  "meta priority 1:2 drop",
  "iiftype 1 drop",
  "meta pkttype 1 drop",
  texts[6],
})
-- What has no words says so, and is no number of another byte order.
check.match(texts[6], "^%[ct %d+%] %x+ drop$")
nft.load("delete table inet m")

-- A chain of the name that we need, but another one.
nft.load("add table inet nsh; add chain inet nsh forward { type filter hook forward priority 10; }")
local e = check.error(function()
  firewall.add({ chain = "forward", action = "drop" })
end, "exists")
check.match(e.message, "has a chain forward of another type, hook or priority")

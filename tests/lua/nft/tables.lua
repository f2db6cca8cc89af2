-- Rulesets as Lua tables: loaded, listed, checked. The witness is nft -j.
-- needs: nft

--- The ruleset as nft shows it in the namespace `at`, without what differs each time.
local function witness(at)
  local objects = json.decode(at.proc.exec({ "nft", "-j", "list", "ruleset" }).stdout).nftables
  table.remove(objects, 1)
  for _, object in ipairs(objects) do
    local _, fields = next(object)
    fields.handle = nil
  end
  return objects
end

local tcp_dport = { payload = { protocol = "tcp", field = "dport" } }
local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
local port_23 = {
  { match = { op = "==", left = tcp_dport, right = 23 } },
  { counter = {} },
  { drop = {} },
}

-- Commands, as the field `nftables` and as a plain list; an empty table stands for null.
ns1.nft.load({
  nftables = {
    { add = { table = { family = "inet", name = "t" } } },
    {
      add = {
        chain = {
          family = "inet",
          table = "t",
          name = "c",
          type = "filter",
          hook = "input",
          prio = 0,
          policy = "accept",
        },
      },
    },
    { add = { rule = { family = "inet", table = "t", chain = "c", expr = port_23, comment = "no telnet" } } },
  },
})
check.equal(witness(ns1)[3].rule, {
  family = "inet",
  table = "t",
  chain = "c",
  comment = "no telnet",
  expr = {
    { match = { op = "==", left = tcp_dport, right = 23 } },
    { counter = { packets = 0, bytes = 0 } },
    {},
  },
})
check.equal(witness(host), {})
ns1.nft.load({
  { insert = { rule = { family = "inet", table = "t", chain = "c", expr = { { accept = {} } } } } },
})
local inserted = ns1.nft.list({ json = true, table = "t" })[4]
check.equal(inserted.rule.expr, { { accept = {} } })
ns1.nft.load({ { add = { table = { family = "inet", name = "checked" } } } }, { check = true })
assert(not ns1.nft.list():find("checked"))

-- A rule is deleted by its handle; what goes is named by fewer fields.
ns1.nft.load({
  { delete = { rule = { family = "inet", table = "t", chain = "c", handle = inserted.rule.handle } } },
})
check.equal(#witness(ns1), 3)

-- What nft lists, nft.load takes: maps that lead to chains, flags that are one or several, statements of all sorts.
nft.load([[
  table inet filter {
    counter seen { packets 5000000000 bytes 7000000000000 }
    limit slow { rate 10/second burst 5 packets }
    set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.1-192.168.1.9 } }
    map services { type inet_service : verdict; elements = { 22 : accept, 80 : jump web } }
    chain web { return; }
    chain input {
      type filter hook input priority 0; policy drop;
      iifname "lo" accept comment "loop"
      ip saddr @nets log prefix "nets " level info drop
      meta l4proto { tcp, udp } th dport 8000-8010 counter accept
      tcp dport vmap @services
      tcp flags & (syn | ack) == syn limit name "slow" counter name "seen" reject with tcp reset
      meta mark & 0xff == 1 meta mark set 0xffffffff
      ip6 nexthdr icmpv6 notrack goto web
    }
  }
  table inet nat {
    chain post {
      type nat hook postrouting priority 100;
      snat ip to 10.0.0.1-10.0.0.5 random,persistent
      masquerade random
      masquerade
    }
  }
]])
local listed = nft.list({ json = true })
check.equal(next(listed[1]), "metainfo")
ns2.nft.load(listed)
check.equal(ns2.nft.list(), nft.list())
check.equal(witness(ns2), witness(host))
check.equal(nft.objects(), listed)

-- What is certainly wrong is told with its place, and nothing reaches nft.
local function refused(ruleset, message)
  local e = check.error(function()
    nft.load(ruleset)
  end, "argument")
  check.equal(e.message, message)
end
local before = nft.list()
local table_a = { add = { table = { family = "inet", name = "a" } } }
refused(
  { table_a, { add = { chain = { family = "inet", table = "a", name = "c", polcy = "drop" } } } },
  'nft.load: ruleset[2].add.chain: unknown field "polcy"; did you mean "policy"?'
)
refused(
  { nftables = { table_a, { add = { chain = { family = "inet", table = "a" } } } } },
  'nft.load: ruleset.nftables[2].add.chain: missing field "name"'
)
refused({
  {
    rule = {
      family = "inet",
      table = "a",
      chain = "c",
      expr = { { match = { op = "==", right = 1, left = tcp_dport } }, { limit = { rate = "10" } } },
    },
  },
}, 'nft.load: ruleset[1].rule.expr[2].limit.rate: expected an integer, got "10"')
refused(
  { table_a, { add = { table = { family = "innet", name = "a" } } } },
  'nft.load: ruleset[2].add.table.family: unknown word "innet"; did you mean "inet"?'
)
refused({ add = table_a }, "nft.load: ruleset: expected a list of objects such as { add = { table = ... } }")
refused({ print }, "nft.load: ruleset[1]: JSON has nothing for a function")

-- What the schema doesn't know goes to nft, whose refusal names the object.
local e = check.error(function()
  nft.load({
    table_a,
    { add = { chain = { family = "inet", table = "a", name = "c" } } },
    {
      add = {
        rule = { family = "inet", table = "a", chain = "c", expr = { { accept = {} }, { frob = { a = 1 } } } },
      },
    },
  })
end, "invalid")
check.equal(
  e.message,
  'nft.load "ruleset": [3].add.rule.expr[2], `{"frob":{"a":1}}`: Unknown statement object \'frob\'.'
)
check.equal(nft.list(), before)

-- Raw rulesets, as text and as JSON, in host and in another namespace.
-- needs: nft

local ns1 = namespace.add("ns1")

ns1.nft.load([[
  table inet t {
    chain c {
      type filter hook input priority 0; policy accept;
      tcp dport 23 counter drop comment "no telnet"
    }
  }
]])
check.equal(nft.list(), "")
assert(ns1.nft.list():find('tcp dport 23 counter packets 0 bytes 0 drop comment "no telnet"', 1, true))
assert(ns1.nft.list({ stateless = true }):find("tcp dport 23 counter drop", 1, true))
assert(ns1.nft.list({ handles = true }):find("# handle %d+"))
assert(ns1.nft.list({ table = "t" }):find("table inet t", 1, true))
check.equal(ns1.nft.list({ family = "ip6" }), "")

local kinds = {}
for i, object in ipairs(ns1.nft.objects()) do
  kinds[i] = next(object)
end
check.equal(kinds, { "metainfo", "table", "chain", "rule" })

-- What JSON lists, JSON loads.
nft.load('{"nftables": [{"add": {"table": {"family": "inet", "name": "j"}}}]}')
assert(nft.list():find("table inet j", 1, true))

-- Only checked.
nft.load("add table inet only_checked", { check = true })
assert(not nft.list():find("only_checked", 1, true))

-- All or nothing, with the line.
local function refused(ruleset, kind, message)
  local e = check.error(function()
    nft.load(ruleset)
  end, kind)
  check.equal(e.message, message)
end
local before = nft.list()
refused(
  "add table inet a\nadd rule inet a nonesuch accept",
  "not_found",
  'nft.load "ruleset": no such file or directory (ENOENT): line 2, `add rule inet a nonesuch accept`'
)
refused(
  "table inet a {\n  chain c { hok }\n}",
  "invalid",
  "nft.load \"ruleset\": line 2, `chain c { hok }`: syntax error, unexpected '}'"
)
assert(check
  .error(function()
    nft.load('{"nftables": [{"x": 1}]}')
  end, "invalid").message
  :find('command 1, `{"x":1}`', 1, true))
assert(check
  .error(function()
    nft.load('{"nftables": [')
  end, "invalid").message
  :find("this is not JSON", 1, true))
check.equal(nft.list(), before)

check.error(function()
  nft.list({ table = "nonesuch" })
end, "not_found")
check.error(function()
  nft.list({ table = "a; flush ruleset" })
end, "argument")

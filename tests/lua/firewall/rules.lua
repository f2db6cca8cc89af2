-- Rules, chains and sets as nft shows them, and how they are found and deleted.
-- needs: nft

local function rules(chain)
  local out = {}
  for _, object in ipairs(nft.objects({ table = "nsh" })) do
    if object.rule and object.rule.chain == chain then
      out[#out + 1] = object.rule.handle
    end
  end
  return out
end

local a = firewall.add({ chain = "input", proto = "tcp", dport = { 22, "8000-8010" }, action = "accept" })
check.equal(a.dport, { 22, "8000-8010" })
check.equal({ a.packets, a.bytes, a.counter, a.table, a.chain }, { 0, 0, true, "inet nsh", "input" })
check.equal(a.text, "tcp dport { 22, 8000-8010 } counter packets 0 bytes 0 accept")
check.equal(tostring(a), "input " .. a.text .. " # handle " .. a.handle)

-- Places.
local first = firewall.add({ chain = "input", iif = "lo", action = "accept", insert = true })
local before = firewall.add({ chain = "input", iif = "x", action = "drop", before = a })
local after = firewall.add({ chain = "input", iif = "y", action = "drop", after = first.handle })
local last = firewall.add({ chain = "input", action = "reject", counter = false })
check.equal(last.packets, nil)
check.equal(rules("input"), { first.handle, after.handle, before.handle, a.handle, last.handle })
check.equal(#firewall.list({ chain = "input" }), 5)

-- Filters.
check.equal(firewall.list({ dport = 22 }), {})
check.equal(firewall.list({ dport = { 22, "8000-9000" } }), { a })
check.equal(firewall.list({ iif = "x" }), { before })
check.equal(#firewall.list({ action = "drop" }), 2)
check.equal(firewall.get(a), a)
check.equal(firewall.get(99999), nil)

firewall.del(before)
check.equal(rules("input"), { first.handle, after.handle, a.handle, last.handle })
local e = check.error(function()
  firewall.del(before)
end, "not_found")
check.match(e.hint --[[@as string]], "there are rules with the handles")

-- A policy stays when rules are added.
firewall.policy("input", "drop")
firewall.add({ chain = "input", iif = "z", action = "accept" })
check.match(tostring(nft.list()), "hook input priority filter; policy drop;")
check.equal(firewall.chains(), {
  { name = "input", table = "inet nsh", type = "filter", hook = "input", priority = 0, policy = "drop" },
})

-- Own chains.
firewall.add_chain("web")
check.error(function()
  firewall.add_chain("web")
end, "exists")
firewall.add({ chain = "web", proto = "tcp", dport = 80, action = "accept" })
local jump = firewall.add({ chain = "forward", out = "dmz", action = "jump web" })
check.equal(jump.action, "jump web")
e = check.error(function()
  firewall.del_chain("web")
end, "busy")
check.match(e.message, 'the chain "web" is in use')
firewall.del(jump)
firewall.del_chain("web")
check.no_match(tostring(nft.list()), "web")

firewall.flush({ chain = "input" })
check.equal(rules("input"), {})
check.match(tostring(nft.list()), "policy drop")

-- NAT's rules stay.
local nat_rule = nat.masquerade({ out = "eth0" })
firewall.flush()
check.equal(nat.list(), { nat_rule })
check.equal(firewall.list(), {})
check.equal(firewall.chains(), {})
nat.flush()
check.equal(nft.list(), "")
firewall.flush()

-- A whole firewall in one transaction, or none.
-- needs: nft

local function text()
  return (nft.list({ stateless = true }):gsub("%s+", " "))
end

nat.masquerade({ out = "eth0" })
firewall.add({ chain = "output", dest = "192.0.2.1", action = "drop" })
local rules = firewall.apply({
  policy = { input = "drop", forward = "drop", output = "accept" },
  chains = { "web" },
  sets = { admins = { type = "ipv4_addr", timeout = 60, elements = { "10.0.0.5", "10.1.0.0/16" } } },
  rules = {
    { chain = "input", state = { "established", "related" }, action = "accept" },
    { chain = "input", source = "@admins", proto = "tcp", dport = { 22, 443 }, action = "accept" },
    { chain = "web", proto = "tcp", dport = 80, action = "accept", comment = "www" },
    { chain = "forward", out = { "dmz0", "dmz1" }, action = "jump web" },
    { chain = "raw_prerouting", iif = "dmz0", action = "notrack" },
  },
})
check.equal(#rules, 5)
check.equal(#firewall.list(), 5)
check.equal(#nat.list(), 1)
local before = text()
check.match(before, "chain input { type filter hook input priority filter; policy drop;")
check.match(before, "chain forward { type filter hook forward priority filter; policy drop;")
check.match(before, "hook prerouting priority raw; policy accept;")
check.no_match(before, "192.0.2.1")

-- The same again: other handles, the same rules.
firewall.apply({ policy = { input = "drop" }, rules = {} })
check.equal(#firewall.list(), 0)
check.equal(firewall.chains()[1].policy, "drop")
check.equal(#firewall.chains(), 1)

-- On an error all stays.
before = text()
---@param kind any
---@param message string
---@param plan any
local function refused(kind, message, plan)
  local e = check.error(function()
    firewall.apply(plan)
  end, kind)
  check.match(e.message, message)
  check.equal(text(), before)
end
refused("argument", "rules%[2%]: `out` never matches in input", {
  rules = { { chain = "input", action = "drop" }, { chain = "input", out = "x", action = "drop" } },
})
refused("argument", 'rules%[1%]: there is no chain "dmz"', { rules = { { chain = "dmz", action = "drop" } } })
refused("not_found", 'rules%[1%]: source: there is no set "s"', {
  rules = { { chain = "input", source = "@s", action = "drop" } },
})
refused("argument", 'opts.rules%[1%]: the option "chain" is missing', { rules = { { action = "drop" } } })
refused("argument", 'sets.s: "10.0.0.1/8" has host bits set', {
  sets = { s = { type = "ipv4_addr", elements = { "10.0.0.1/8" } } },
  rules = {},
})
refused("argument", '"web" hangs on no hook', { policy = { web = "drop" }, chains = { "web" } })
-- A jump that leads back is the kernel's to refuse.
refused(nil, "leads back to itself", {
  chains = { "a", "b" },
  rules = {
    { chain = "a", action = "jump b" },
    { chain = "b", action = "jump a" },
    { chain = "input", action = "jump a" },
  },
})

-- As many as go at once on a machine whose net.core.wmem_max is the kernel's default.
test("more than a thousand rules are applied, and told in the plan's order", function()
  local rules = {}
  for i = 1, 1200 do
    rules[i] = {
      chain = i % 2 == 0 and "output" or "input",
      source = ("10.%d.%d.1"):format(i // 250, i % 250),
      action = "continue",
    }
  end
  local made = firewall.apply({ rules = rules })
  check.equal(#made, 1200)
  for _, i in ipairs({ 1, 2, 1199, 1200 }) do
    check.subset(made[i], rules[i])
  end
  check.equal(#firewall.list(), 1200)
  firewall.flush()
end)

test("a rule to be inserted comes first", function()
  local made = firewall.apply({
    rules = {
      { chain = "input", action = "continue", comment = "first given" },
      { chain = "input", insert = true, action = "continue", comment = "inserted" },
    },
  })
  check.equal({ made[1].comment, made[2].comment }, { "first given", "inserted" })
  local listed = firewall.list()
  check.equal({ listed[1].comment, listed[2].comment }, { "inserted", "first given" })
  firewall.flush()
end)

test("a jump that can't be is a wrong argument", function()
  for _, jump in ipairs({ "jump input", "goto output" }) do
    check.error(function()
      firewall.add({ chain = "input", action = jump })
    end, "argument")
  end
  firewall.add_chain("a1")
  firewall.add_chain("a2")
  firewall.add({ chain = "input", action = "jump a1" })
  firewall.add({ chain = "a1", action = "jump a2" })
  check.error(function()
    firewall.add({ chain = "a2", action = "jump a1" })
  end, "argument")
  firewall.flush()
end)

test("chains of NAT and rules of other tables are left alone", function()
  nat.masquerade({ out = "eth9" })
  local before = #nat.list()
  for _, call in ipairs({
    function()
      firewall.flush({ chain = "nat_postrouting" })
    end,
    function()
      firewall.add({ chain = "nat_postrouting", action = "drop" })
    end,
    function()
      firewall.add({ chain = "input", action = "jump nat_postrouting" })
    end,
  }) do
    check.match(check.error(call, "argument").message, 'the chain "nat_postrouting" belongs to NAT')
  end
  check.equal(#nat.list(), before)
  local own = firewall.add({ chain = "input", action = "continue" })
  local other = { handle = own.handle, table = "ip filter" }
  local e = check.error(function()
    firewall.del(other --[[@as any]])
  end, "argument")
  check.match(e.message, "the rule is of the table ip filter, not of nsh's own")
  check.equal(#firewall.list(), 1)
end)

-- What only the kernel sees is told with the rule of the plan.
local loop = check.error(function()
  firewall.apply({
    chains = { "a", "b" },
    rules = {
      { chain = "a", action = "jump b" },
      { chain = "b", action = "jump a" },
      { chain = "input", action = "jump a" },
    },
  })
end, "argument")
check.match(loop.message, "rules%[%d%] %(chain %l+, action jump %l%): the jump to .* leads back")
-- Long lists in hints are cut.
for _ = 1, 20 do
  firewall.add({ chain = "output", action = "accept" })
end
local gone = check.error(function()
  firewall.del(9999)
end, "not_found")
check.match(tostring(gone.hint), "%d and %d+ more$")

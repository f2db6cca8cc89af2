-- A map that a rule of NAT asks is NAT's: the firewall comes and goes around it, in one transaction.
-- needs: nft
local web = { type = "inet_service", to = "ipv4_addr . inet_service" }
local function with(elements, timeout)
  return { type = web.type, to = web.to, elements = elements, timeout = timeout }
end
-- What nft lists of the map: keys, and behind them addresses and ports.
local function listed()
  local text = nft.list({ table = "nsh" })
  return text:match("map web .-elements = { (.-) }")
end

firewall.add_map("web", with({ ["80"] = "10.0.1.2:8080", ["8000-8010"] = "10.0.1.3:80" }))
firewall.add_map("other", { type = "mark", to = "mark" })
local asking = nat.dnat({ proto = "tcp", to = "dport map @web" })
firewall.add({ chain = "input", action = "accept" })

firewall.flush()
check.equal({ #firewall.list(), #firewall.chains(), #firewall.maps() }, { 0, 0, 1 })
check.equal(firewall.get_map("web").elements, { ["80"] = "10.0.1.2:8080", ["8000-8010"] = "10.0.1.3:80" })

firewall.apply({ maps = { web = with({ ["81"] = "10.0.0.9:81" }) }, policy = { input = "drop" } })
check.equal(listed(), "81 : 10.0.0.9 . 81")
-- The same key anew, with something else; ranges over what was there.
firewall.apply({ maps = { web = with({ ["81"] = "10.0.0.8:81", ["90-99"] = "10.0.0.8:90" }) } })
firewall.apply({ maps = { web = with({ ["81-95"] = "10.0.0.7:81" }) } })
check.equal(listed(), "81-95 : 10.0.0.7 . 81")
-- The rule is the same one.
check.equal({ #nat.list(), nat.list()[1].handle }, { 1, asking.handle })

for _, plan in ipairs({
  { maps = { web = { type = "inet_service", to = "ipv4_addr" } } },
  { maps = { web = with({}, 60) } },
}) do
  local e = check.error(function()
    firewall.apply(plan --[[@as any]])
  end, "argument")
  check.match(e.message, "maps.web: a rule of NAT asks it", { plain = true })
end
check.equal(listed(), "81-95 : 10.0.0.7 . 81")

firewall.apply({})
check.equal({ #firewall.maps(), #nat.list() }, { 1, 1 })
nat.flush()
firewall.flush()
check.equal(nft.list(), "")

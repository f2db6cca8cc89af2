-- Each kind of rule, as nft shows it.
-- needs: nft

local function rules()
  local out = {}
  for line in nft.list({ table = "nsh" }):gmatch("[^\n]+") do
    local rule = line:match("^\t\t(.* counter .*)$") or line:match("^\t\t(counter .*)$")
    if rule then
      out[#out + 1] = rule:gsub(" packets 0 bytes 0", "")
    end
  end
  return out
end

local cases = {
  { "masquerade", {}, "counter masquerade" },
  {
    "masquerade",
    { source = "192.168.1.0/24", out = "!br0" },
    'oifname != "br0" ip saddr 192.168.1.0/24 counter masquerade',
  },
  {
    "masquerade",
    { ["in"] = "br0", source = "fd00::/62" },
    'iifname "br0" ip6 saddr fd00::/62 counter masquerade',
  },
  {
    "masquerade",
    { proto = "udp", to = "1024-2047", fully_random = true },
    "meta l4proto udp counter masquerade to :1024-2047 fully-random",
  },
  { "masquerade", { family = "inet6", out = "eth*" }, 'oifname "eth*" meta nfproto ipv6 counter masquerade' },
  {
    "snat",
    { source = "!10.0.0.0/9", to = "203.0.113.5-203.0.113.9", persistent = true },
    "ip saddr != 10.0.0.0/9 counter snat ip to 203.0.113.5-203.0.113.9 persistent",
  },
  {
    "snat",
    { proto = "tcp", sport = "1-1023", to = "[2001:db8::1]:2000-3000" },
    "tcp sport 1-1023 counter snat ip6 to [2001:db8::1]:2000-3000",
  },
  {
    "dnat",
    { proto = "tcp", dest = "192.168.184.131", dport = 3000, to = "192.168.1.10:3000", comment = "web" },
    'ip daddr 192.168.184.131 tcp dport 3000 counter dnat ip to 192.168.1.10:3000 comment "web"',
  },
  {
    "dnat",
    { iif = "!veth*", proto = "udp", dport = "!53", to = "fd00::1", random = true },
    'iifname != "veth*" udp dport != 53 counter dnat ip6 to fd00::1 random',
  },
  {
    "dnat",
    { proto = "icmp", dest = "10.0.0.1", to = "10.0.0.2" },
    "ip daddr 10.0.0.1 meta l4proto icmp counter dnat ip to 10.0.0.2",
  },
  {
    "dnat",
    { proto = 132, dport = { 80, 443 }, to = "10.0.0.2" },
    "sctp dport { 80, 443 } counter dnat ip to 10.0.0.2",
  },
  { "redirect", { proto = "tcp", dport = 80, to = 8080 }, "tcp dport 80 counter redirect to :8080" },
  {
    "redirect",
    { proto = "tcp", dport = { "8000-8010", 443, 22 }, to = "9000-9010" },
    "tcp dport { 22, 443, 8000-8010 } counter redirect to :9000-9010",
  },
  { "redirect", { dest = "!fd00::1" }, "ip6 daddr != fd00::1 counter redirect" },
}

for _, case in ipairs(cases) do
  local kind, opts, expected = table.unpack(case)
  local rule = nat[kind](opts)
  check.equal(rules(), { expected })
  check.equal(rule.kind, kind)
  check.equal(nat.list(), { rule })
  check.equal(nat.get(rule), rule)
  -- What is said of the rule is what was asked for.
  for name, value in pairs(opts) do
    local field = name == "in" and "iif" or name
    if field ~= "to" and field ~= "proto" and type(value) ~= "table" then
      check.equal(rule[field], value)
    end
  end
  nat.del(rule)
  check.equal(#nat.list(), 0)
end

-- Order, and insertion at the front.
local a = nat.masquerade({ out = "a" })
local b = nat.masquerade({ out = "b" })
local c = nat.masquerade({ out = "c", insert = true })
local order = {}
for i, rule in ipairs(nat.list()) do
  order[i] = rule.handle
end
check.equal(order, { c.handle, a.handle, b.handle })

-- A rule with host has two halves and is one.
local both = nat.dnat({ proto = "tcp", dport = { 80, "90-95" }, to = "10.0.0.2:8080", host = true })
check.equal(both.hooks, { "prerouting", "output" })
check.equal(both.dport, { 80, "90-95" })
check.equal(#nat.list(), 4)
local _, halves = nft.list({ table = "nsh" }):gsub("dnat ip to 10.0.0.2:8080", "")
check.equal(halves, 2)
nat.del(both.handle)
check.equal(#nat.list(), 3)

nat.flush()
check.equal(nft.list(), "")
nat.flush()

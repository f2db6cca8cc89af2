-- NAT whose target a map tells, as nft shows it, and as packets meet it.
-- needs: nft

local function rules()
  local out = {}
  for line in nft.list({ table = "nsh" }):gmatch("[^\n]+") do
    local rule = line:match("counter packets %d+ bytes %d+ (.+)$")
    if rule then
      out[#out + 1] = rule
    end
  end
  return out
end

firewall.add_map("web", {
  type = "inet_service",
  to = "ipv4_addr . inet_service",
  elements = { ["80"] = "10.0.1.2:8080", ["8000-8010"] = "10.0.1.3:80" },
})
firewall.add_map("web6", {
  type = "inet_service",
  to = "ipv6_addr . inet_service",
  elements = { ["80"] = "[fd00:1::2]:8080" },
})
firewall.add_map(
  "hosts",
  { type = "ipv4_addr", to = "ipv4_addr", elements = { ["10.0.0.0/24"] = "192.0.2.1" } }
)
firewall.add_map("ports", { type = "inet_service", to = "inet_service", elements = { ["81"] = 8080 } })
firewall.add_map("marks", { type = "mark", to = "mark" })
check.equal(firewall.get_map("web").elements, { ["80"] = "10.0.1.2:8080", ["8000-8010"] = "10.0.1.3:80" })
check.equal(firewall.get_map("web6").to, "ipv6_addr . inet_service")
check.match(tostring(nft.list({ table = "nsh" })), "80 : 10.0.1.2 . 8080", { plain = true })
check.match(tostring(firewall.get_map("web")), "80 : 10.0.1.2 . 8080", { plain = true })

local cases = {
  { "dnat", { proto = "tcp", to = "dport map @web" }, "dnat ip addr . port to tcp dport map @web" },
  { "dnat", { proto = "tcp", to = "dport map @web6" }, "dnat ip6 addr . port to tcp dport map @web6" },
  { "dnat", { to = "dest map @hosts" }, "dnat ip to ip daddr map @hosts" },
  { "snat", { out = "eth0", to = "source map @hosts" }, "snat ip to ip saddr map @hosts" },
  { "redirect", { proto = "tcp", to = "dport map @ports" }, "redirect to :tcp dport map @ports" },
}
for _, case in ipairs(cases) do
  local kind, options, text = table.unpack(case)
  local rule = nat[kind](options)
  check.equal(rule.kind, kind)
  check.equal(rule.to, options.to)
  check.match(tostring(rule), text, { plain = true })
  -- nft leaves these words out where it lists, of its own rules too.
  check.equal((rules()[1]:gsub(" addr %. port", "")), (text:gsub(" addr %. port", "")))
  -- What nsh writes, nft takes, and both are the same rule.
  local words = tostring(rule):gsub("^%S+ ", ""):gsub(" packets 0 bytes 0", ""):gsub(" # handle %d+", "")
  nft.load(("add rule inet nsh nat_%s %s"):format(rule.hooks[1], words))
  local all = nat.list()
  check.equal({ #all, all[2].kind, all[2].to, all[2].proto }, { 2, kind, options.to, options.proto })
  nat.flush()
end

local function refused(kind, message, f, options)
  local e = check.error(function()
    f(options)
  end, kind)
  check.match(e.message, message, { plain = true })
end
refused("not_found", 'there is no map "none"', nat.dnat, { proto = "tcp", to = "dport map @none" })
refused(
  "argument",
  'the map "web" is of the type inet_service, not ipv4_addr',
  nat.dnat,
  { to = "source map @web" }
)
refused("argument", 'the map "marks" has mark for its keys', nat.dnat, { to = "mark map @marks" })
refused(
  "argument",
  "dnat needs addresses, which the map",
  nat.dnat,
  { proto = "tcp", to = "dport map @ports" }
)
refused("argument", "needs `proto`", nat.dnat, { to = "dport map @web" })
refused("argument", "is of the other family", nat.dnat, {
  proto = "tcp",
  family = "inet6",
  to = "dport map @web",
})
refused("argument", 'expected "OPTION map @MAP"', nat.dnat, { to = "dport map web" })
check.error(function()
  firewall.add_elements("web", { ["90"] = "10.0.1.2" })
end, "argument")
check.error(function()
  firewall.add_elements("web", { ["90"] = "[fd00::1]:80" })
end, "argument")

-- Connections go where the map says, and elsewhere when it is changed.
local front = namespace.add("front")
local client, one, two = namespace.add("client"), namespace.add("one"), namespace.add("two")
for i, ns in ipairs({ client, one, two }) do
  front.link.add("v" .. i, {
    kind = "veth",
    up = true,
    addr = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) },
    peer = {
      name = "eth0",
      ns = ns,
      up = true,
      addr = { ("10.0.%d.2/24"):format(i), ("fd00:%d::2/64"):format(i) },
    },
  })
  ns.route.add("default", { via = ("10.0.%d.1"):format(i) })
  ns.route.add("default", { via = ("fd00:%d::1"):format(i) })
end
front.sysctl.set("net.ipv4.ip_forward", 1)
front.sysctl.set("net.ipv6.conf.all.forwarding", 1)
local _one <close> = one.tcp.listen(":8080", { banner = "one\n" })
local _two <close> = two.tcp.listen(":80", { banner = "two\n" })
for version, address in pairs({ ipv4 = "10.0.%d.2:%d", ipv6 = "[fd00:%d::2]:%d" }) do
  local map = "to_" .. version
  front.firewall.add_map(map, {
    type = "inet_service",
    to = version .. "_addr . inet_service",
    elements = { ["80"] = address:format(2, 8080), ["81"] = address:format(3, 80) },
  })
  front.nat.dnat({ proto = "tcp", iif = "v1", to = ("dport map @%s"):format(map) })
  local to = version == "ipv4" and "10.0.1.1:" or "[fd00:1::1]:"
  local function answer(port)
    local connection <close> = client.tcp.connect(to .. port)
    return connection:recv({ line = true })
  end
  check.equal({ answer(80), answer(81) }, { "one", "two" })
  front.firewall.del_elements(map, { "80" })
  front.firewall.add_elements(map, { ["80"] = address:format(3, 80) })
  check.equal(answer(80), "two")
end

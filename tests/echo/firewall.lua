-- Rules, chains, policies and sets.
local ns1 = namespace.add("ns1")
firewall.add({ chain = "input", state = { "established", "related" }, action = "accept" })
local ssh = firewall.add({
  chain = "input",
  proto = "tcp",
  dport = { 22, "8000-8010" },
  action = "accept",
  comment = "it's ssh",
})
firewall.add({
  chain = "input",
  iif = { "lo", "eth0" },
  source = { "10.0.0.1", "10.1.0.0/16" },
  action = "accept",
  before = ssh,
})
firewall.add({
  chain = "input",
  icmpv6 = { "echo-request", "nd-neighbor-solicit" },
  limit = "5/second",
  burst = 9,
  action = "accept",
  after = ssh,
})
firewall.add({
  chain = "input",
  dest = "fd00::/64",
  log = "it's here ",
  log_level = "info",
  action = "reject",
})
firewall.add({
  chain = "input",
  source = "!10.0.0.0/8",
  proto = "tcp",
  action = "reject",
  reason = "tcp-reset",
  insert = true,
})
firewall.add({
  chain = "output",
  uid = { 0, 1000 },
  mark = "!0x10/0xf0",
  action = "reject",
  reason = "admin-prohibited",
})
firewall.add({ chain = "prerouting", state = "!new", set_mark = 7, action = "continue", counter = false })
firewall.add({ chain = "raw_prerouting", iif = "veth*", action = "notrack" })
firewall.policy("input", "drop")
firewall.policy("forward", "drop")
firewall.policy("forward", "accept")
firewall.add_chain("web")
firewall.add_set(
  "hosts",
  { type = "ipv4_addr", elements = { "10.0.0.1", "10.2.0.0/16", "10.9.0.1-10.9.0.7" } }
)
firewall.add_set("links", { type = "ifname", elements = { "eth0", "eth1" } })
firewall.add_set("ports", { type = "inet_service", timeout = 0, elements = { 80, 443 } })
firewall.add_elements("ports", { 8080, "9000-9010" })
firewall.del_elements("ports", 443)
firewall.add({
  chain = "web",
  source = "@hosts",
  out = "!@links",
  proto = { "tcp", "udp" },
  dport = "@ports",
  action = "return",
})
firewall.add({ chain = "forward", action = "jump web" })
local gone = firewall.add({ chain = "forward", action = "drop" })
firewall.del(gone)
firewall.add_chain("gone")
firewall.del_chain("gone")
firewall.add_set("gone", { type = "mark", elements = { 1, 2 } })
firewall.del_set("gone")
firewall.add_map("verdicts", {
  type = "ipv4_addr",
  to = "verdict",
  elements = { ["10.0.0.0/24"] = "jump web", ["10.0.1.1"] = "drop" },
})
firewall.add_map("marks", { type = "inet_service", to = "mark", timeout = 0, elements = { [80] = 7 } })
firewall.add_elements("marks", { [443] = 8 })
firewall.del_elements("marks", 80)
firewall.add({ chain = "input", proto = "tcp", set_mark = "dport map @marks", action = "continue" })
firewall.add({ chain = "input", action = "source vmap @verdicts" })
ns1.firewall.add({ chain = "input", action = "drop" })
ns1.firewall.apply({
  policy = { input = "drop" },
  chains = { "own" },
  maps = { ports = { type = "inet_service", to = "verdict", elements = { [80] = "goto own" } } },
  sets = { six = { type = "ipv6_addr", elements = { "fd00::/64" } } },
  rules = {
    { chain = "own", source = "@six", action = "accept" },
    { chain = "input", proto = "udp", action = "dport vmap @ports" },
    { chain = "input", action = "goto own" },
  },
})

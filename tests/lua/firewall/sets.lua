-- Sets that have names, as nft shows them, and what rules make of them.
-- needs: nft

local function set(name)
  for _, object in ipairs(nft.objects({ table = "nsh" })) do
    if object.set and object.set.name == name then
      return object.set
    end
  end
end

-- Each type: what goes in comes back, here and by nft.
local cases = {
  { "ipv4_addr", { "10.0.0.1", "10.1.0.0/16", "192.168.0.1-192.168.0.9" } },
  { "ipv6_addr", { "fd00::/64", "fe80::1" } },
  { "inet_service", { 22, 80, "8000-8010" } },
  { "inet_proto", { "tcp", "udp", "99" } },
  { "ifname", { "eth0", "lo" } },
  { "mark", { 1, 7, 256 } },
  { "uid", { 0, 1000 } },
  { "icmp_type", { "echo-reply", "echo-request" } },
  { "icmpv6_type", { "packet-too-big", "nd-redirect" } },
}
for i, case in ipairs(cases) do
  local name, kind, elements = "s" .. i, table.unpack(case)
  firewall.add_set(name, { type = kind, elements = elements })
  local got = firewall.get_set(name)
  check.equal(got.type, kind)
  table.sort(got.elements, function(a, b)
    return tostring(a) < tostring(b)
  end)
  table.sort(elements, function(a, b)
    return tostring(a) < tostring(b)
  end)
  check.equal(got.elements, elements)
  local told = set(name)
  check.equal(told.type, kind)
  check.equal(#told.elem, #elements)
  -- What nft puts in, we read.
  firewall.del_elements(name, elements)
  check.equal(firewall.get_set(name).elements, {})
  local words = {}
  for j, element in ipairs(elements) do
    words[j] = kind == "ifname" and '"' .. element .. '"' or tostring(element)
  end
  nft.load(("add element inet nsh %s { %s }"):format(name, table.concat(words, ", ")))
  got = firewall.get_set(name)
  table.sort(got.elements, function(a, b)
    return tostring(a) < tostring(b)
  end)
  check.equal(got.elements, elements)
end
check.equal(#firewall.sets(), #cases)

-- All values there are, and none.
firewall.add_set("whole", { type = "inet_service", elements = { "0-65535" } })
check.equal(firewall.get_set("whole").elements, { "0-65535" })
check.equal(firewall.get_set("nothing"), nil)

-- Timeouts.
firewall.add_set("short", { type = "ipv4_addr", timeout = 60, elements = { "10.0.0.0/8" } })
firewall.add_elements("short", "192.0.2.1", { timeout = 2.5 })
local short = firewall.get_set("short")
check.equal({ short.timeout, short.interval }, { 60, true })
check(short.times["10.0.0.0/8"].expires > 50 and short.times["10.0.0.0/8"].expires <= 60)
check.equal(short.times["192.0.2.1"].timeout, 2.5)
check.equal(set("short").timeout, 60)
firewall.add_set("own", { type = "inet_service", timeout = 0 })
firewall.add_elements("own", { 1, 2 })
firewall.add_elements("own", 3, { timeout = 100 })
local own = firewall.get_set("own")
check.equal({ own.timeout, own.elements, own.times["1"] }, { 0, { 1, 2, 3 } })
check.equal(own.times["3"].timeout, 100)
firewall.add_elements("own", 4, { timeout = 0.05 })
eventually(function()
  check.equal(firewall.get_set("own").elements, { 1, 2, 3 })
end)

-- More than a message holds.
local many = {}
for i = 1, 3000 do
  many[i] = ("10.%d.%d.1"):format(i // 250, i % 250)
end
firewall.add_set("many", { type = "ipv4_addr", elements = many })
check.equal(#firewall.get_set("many").elements, 3000)
check.equal(#set("many").elem, 3000)

-- What can't be.
local function refused(kind, message, f, ...)
  local e = check.error(f, kind, ...)
  check.match(e.message, message)
end
refused("exists", 'there is a set "own" already', function()
  firewall.add_set("own", { type = "mark" })
end)
refused("exists", "has one of the elements already", function()
  firewall.add_elements("s1", "10.1.2.3")
end)
refused("not_found", "doesn't have one of the elements", function()
  firewall.del_elements("s1", "10.9.0.0/16")
end)
refused("not_found", 'there is no set "nothing"', function()
  firewall.add_elements("nothing", 1)
end)
refused("argument", "has no timeouts", function()
  firewall.add_elements("s1", "172.16.0.1", { timeout = 1 })
end)
refused("argument", "the set holds ipv4_addr, fd00::1 is of the other family", function()
  firewall.add_elements("s1", "fd00::1")
end)
refused("argument", "expected an address", function()
  firewall.add_elements("s1", 80)
end)
refused("argument", "only whole names", function()
  firewall.add_elements("s5", "veth*")
end)
refused("argument", 'opts.type: expected "ipv4_addr"', function()
  firewall.add_set("x", {
    type = "ipv4" --[[@as any]],
  })
end)
refused("argument", 'source: the set "s3" is of the type inet_service, not ipv4_addr or ipv6_addr', function()
  firewall.add({ chain = "input", source = "@s3", action = "drop" })
end)
refused("not_found", 'source: there is no set "nothing"', function()
  firewall.add({ chain = "input", source = "@nothing", action = "drop" })
end)
local rule = firewall.add({ chain = "input", source = "!@s2", proto = "tcp", dport = "@s3", action = "drop" })
check.equal({ rule.source, rule.dport, rule.family }, { "!@s2", "@s3", "inet6" })
refused("busy", 'the set "s2" is in use', function()
  firewall.del_set("s2")
end)
firewall.del(rule)
firewall.del_set("s2")
firewall.flush()
check.equal(nft.list(), "")

-- What rules do to packets: two providers, chosen by the source's prefix, by the mark and by the port.
local r = namespace.add("r")
for i, name in ipairs({ "a", "b" }) do
  local ns = namespace.add(name)
  r.link.add("to-" .. name, {
    kind = "veth",
    up = true,
    addr = { "10.0." .. i .. ".1/24", "fd00:" .. i .. "::1/64" },
    peer = { name = "eth0", ns = ns, up = true, addr = { "10.0." .. i .. ".2/24", "fd00:" .. i .. "::2/64" } },
  })
  r.route.add("default", { via = "10.0." .. i .. ".2", table = 100 + i })
  r.route.add("default", { via = "fd00:" .. i .. "::2", table = 100 + i })
end

for _, v in ipairs({ { "192.0.2.9", "10.0.%d.1" }, { "2001:db8::9", "fd00:%d::1" } }) do
  local dst, own = v[1], v[2]
  local function dev(opts)
    return r.route.get(dst, opts).dev
  end
  for i = 1, 2 do
    r.rule.add({ from = own:format(i), table = 100 + i, priority = 1000 + i })
  end
  check.equal(dev({ from = own:format(1) }), "to-a")
  check.equal(dev({ from = own:format(2) }), "to-b")

  local family = dst:find(":") and "inet6" or "inet"
  r.rule.add({ fwmark = 2, table = 102, priority = 900, family = family })
  check.equal(dev({ from = own:format(1), mark = 2 }), "to-b")
  r.rule.add({ ipproto = "udp", dport = "50-60", table = 101, priority = 901, family = family })
  check.equal(dev({ ipproto = 17, dport = 53 }), "to-a")
  local ok = pcall(r.route.get, dst, { ipproto = 17, dport = 61 })
  check(not ok)

  -- A goto passes over the rules between.
  r.rule.add({ from = own:format(1), goto_priority = 1002, priority = 800 })
  ok = pcall(dev, { from = own:format(1), ipproto = 17, dport = 53 })
  check(not ok, "no table after priority 1002 has a way")
end

-- Policies of IPsec, both ways between nsh and `ip xfrm policy`; they need no algorithm.
-- needs: ip
link.add("v0", { kind = "veth", up = true, peer = { name = "v1" } })

local function ip(...)
  return proc.exec({ "ip", "xfrm", "policy", ... }, { check = true }).stdout
end

--- Without the blanks that `ip` leaves at the ends of lines, what only it shows, and what it shows with -s only.
local function plain(text)
  text = text:gsub("\n%s+limit [^\n]+", "")
  return (text:gsub("[ \t]+\n", "\n"):gsub("\n[ \t]+", "\n"):gsub("%s+$", ""):gsub(" ptype main", ""))
end

local function same()
  local text = {}
  for _, policy in ipairs(xfrm.policy.list()) do
    text[#text + 1] = tostring(policy)
  end
  check.equal(plain(table.concat(text, "\n")), plain(ip("list", "nosock")))
end

local tunnel = { src = "192.0.2.1", dst = "192.0.2.2", proto = "esp", mode = "tunnel", reqid = 7 }
local cases = {
  { dir = "out", src = "10.0.1.0/24", dst = "10.0.2.0/24", tmpl = tunnel },
  { dir = "in", src = "10.0.2.0/24", priority = 10, tmpl = tunnel },
  { dir = "fwd", dst = "10.0.0.1/32", action = "block" },
  { dir = "out", proto = "tcp", dport = 80, sport = 1000, action = "block", priority = 3 },
  { dir = "out", proto = "icmp", type = 8, code = 0, icmp = true },
  { dir = "out", proto = "gre", key = 0x10002 },
  { dir = "out", src = "fd00:1::/64", dst = "fd00:2::/64", tmpl = { proto = "ah", level = "use" } },
  { dir = "in", family = "inet6", mark = 5, mask = 0xff, if_id = 9, localok = true },
  { dir = "out", dev = "v0", dst = "10.9.0.0/16", mark = 6 },
  {
    dir = "in",
    dst = "10.8.0.0/16",
    index = 80,
    byte_hard = 1000,
    packet_soft = 7,
    time_hard = 3600,
    time_use_soft = 60,
    tmpl = {
      { proto = "comp", mode = "tunnel", src = "192.0.2.1", dst = "192.0.2.2", level = "use" },
      { proto = "esp", spi = 0x100, reqid = 3 },
    },
  },
}

test("what nsh adds is what ip shows", function()
  for _, case in ipairs(cases) do
    xfrm.policy.add(case)
    same()
    check.equal(#xfrm.policy.list(case), 1)
    local key = { dir = case.dir, src = case.src, dst = case.dst, proto = case.proto, sport = case.sport }
    for _, name in ipairs({ "dport", "type", "code", "key", "dev", "mark", "mask", "if_id", "family" }) do
      key[name] = case[name]
    end
    local got = assert(xfrm.policy.get(key))
    check.subset(got, case.tmpl and { dir = case.dir } or case)
    check.equal(
      tostring(xfrm.policy.get({
        dir = case.dir,
        index = got.index,
        mark = case.mark,
        mask = case.mask,
        if_id = case.if_id,
      })),
      tostring(got)
    )
    xfrm.policy.del(key)
    check.equal(xfrm.policy.list(), {})
    check.equal(ip("list", "nosock"), "")
  end
end)

test("what ip adds is read", function()
  ip(
    "add",
    "src",
    "10.0.1.0/24",
    "dst",
    "10.0.2.0/24",
    "proto",
    "udp",
    "sport",
    "500",
    "dir",
    "out",
    "priority",
    "5",
    "tmpl",
    "src",
    "192.0.2.1",
    "dst",
    "192.0.2.2",
    "proto",
    "esp",
    "mode",
    "tunnel",
    "reqid",
    "7"
  )
  same()
  local policy = xfrm.policy.list()[1]
  check.subset(
    policy,
    { src = "10.0.1.0/24", proto = "udp", sport = 500, dir = "out", priority = 5, action = "allow" }
  )
  check.subset(
    policy.tmpl[1],
    { src = "192.0.2.1", proto = "esp", mode = "tunnel", reqid = 7, level = "required" }
  )
  check.equal(policy.packets, 0)
  check.equal(xfrm.policy.flush(), 1)
end)

test("a policy is replaced", function()
  xfrm.policy.add({ dir = "out", dst = "10.0.0.0/8", action = "block" })
  check.error(function()
    xfrm.policy.add({ dir = "out", dst = "10.0.0.0/8" })
  end, "exists")
  xfrm.policy.replace({ dir = "out", dst = "10.0.0.0/8", priority = 4 })
  check.equal(#xfrm.policy.list(), 1)
  check.equal(xfrm.policy.list()[1].priority, 4)
  xfrm.policy.add({ dir = "in", dst = "10.0.0.0/8" })
  check.equal(xfrm.policy.flush({ dir = "in" }), 1)
  check.equal(xfrm.policy.flush(), 1)
end)

test("what blocks, blocks, and counts", function()
  link.set("v1", { ns = namespace.add("other") })
  addr.add("10.0.0.1/24", { dev = "v0" })
  local other = assert(namespace.get("other"))
  other.link.set("v1", { up = true })
  other.addr.add("10.0.0.2/24", { dev = "v1" })
  check.equal(ping("10.0.0.2", { count = 1 }).received, 1)
  local before = lab.state()
  xfrm.policy.add({ dir = "out", dst = "10.0.0.2", action = "block" })
  check.match(
    lab.difference(before, lab.state()),
    "xfrm_policies\n  + src 0.0.0.0/0 dst 10.0.0.2/32",
    { plain = true }
  )
  check.error(function()
    ping("10.0.0.2", { count = 1 })
  end, "permission")
  xfrm.policy.flush()
  check.equal(ping("10.0.0.2", { count = 1 }).received, 1)
end)

test("bad input", function()
  local function fails(pattern, options, kind)
    local e = check.error(function()
      xfrm.policy.add(options)
    end, kind or "argument")
    check.match(tostring(e), pattern, { plain = true })
  end
  fails('the option "dir" is missing', {})
  fails('opts.dir: expected "in", "out" or "fwd", got "inn"', { dir = "inn" })
  fails("sport and dport need proto tcp, udp", { dir = "out", dport = 80 })
  fails("type and code need proto icmp", { dir = "out", proto = "tcp", type = 8 })
  fails("src and dst are of different families", { dir = "out", src = "10.0.0.0/8", dst = "fd00::/8" })
  fails("tmpl: a tunnel needs src and dst", { dir = "out", tmpl = { proto = "esp", mode = "tunnel" } })
  fails('unknown option "priorty"; did you mean "priority"?', { dir = "out", priorty = 1 })
  fails("opts.tmpl[1]", { dir = "out", tmpl = { { proto = "espp" } } })
  fails("v9", { dir = "out", dev = "v9" }, "not_found")
  local e = check.error(function()
    xfrm.policy.del({ dir = "out", dst = "10.0.0.0/8" })
  end, "not_found")
  check.match(tostring(e), "xfrm.policy.list shows them", { plain = true })
end)

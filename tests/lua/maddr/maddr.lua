-- Groups that links have joined, both ways between nsh and ip-maddress(8).
-- needs: ip
link.add("veth1", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth2", up = true } })
wait.link("veth1", { carrier = true })
local function run(words)
  return proc.exec(words, { check = true }).stdout
end

-- { ["veth1 link 33:33:00:00:00:01"] = "static" }, by the witness.
local function shown()
  local found = {}
  for _, l in ipairs(json.decode(run({ "ip", "-j", "maddress", "show" }))) do
    for _, m in ipairs(l.maddr) do
      local key = ("%s %s %s"):format(l.ifname, m.family or "link", m.address or m.link)
      found[key] = ("%d %s"):format(m.users or 1, m.features or "")
    end
  end
  return found
end

-- Compares what both see; IPv6 joins groups by itself meanwhile.
local function same()
  local count = 0
  eventually(function()
    local ours = {}
    count = 0
    for _, m in ipairs(maddr.list()) do
      ours[("%s %s %s"):format(m.dev, m.family, m.group)] = ("%d %s"):format(
        m.users,
        m.static and "static" or ""
      )
      count = count + 1
    end
    check.equal(ours, shown())
  end)
  return count
end

test("what the kernel joins by itself", function()
  check.at_least(same(), 10)
  check.equal(#maddr.list({ dev = "lo", family = "inet" }), 1)
  check.equal(tostring(maddr.list({ dev = "lo", family = "inet" })[1]), "inet 224.0.0.1 dev lo")
end)

test("what a socket joins", function()
  do
    local a <close> = udp.listen("0.0.0.0:5000", { join = "239.1.1.1", link = "veth1" })
    local b <close> = udp.listen("0.0.0.0:5001", { join = "239.1.1.1", link = "veth1" })
    local c <close> = udp.listen("[::]:5002", { join = "ff05::77", link = "veth1" })
    check(a and b and c)
    same()
    check.equal(maddr.list({ group = "239.1.1.1" })[1].users, 2)
    check.equal(shown()["veth1 inet 239.1.1.1"], "2 ")
    check.equal(shown()["veth1 link 01:00:5e:01:01:01"], "1 ")
    check.equal(#maddr.list({ group = "ff05::77", family = "inet6", dev = "veth1" }), 1)
  end
  eventually(function()
    check.equal(maddr.list({ group = "239.1.1.1" }), {})
  end)
end)

test("hardware addresses by hand", function()
  maddr.add("01:00:5e:02:02:02", { dev = "veth1" })
  check.equal(shown()["veth1 link 01:00:5e:02:02:02"], "1 static")
  same()
  run({ "ip", "maddress", "add", "33:33:00:00:12:34", "dev", "veth1" })
  check.subset(maddr.list({ group = "33:33:00:00:12:34" })[1], { dev = "veth1", static = true, users = 1 })
  maddr.del("01:00:5e:02:02:02", { dev = "veth1" })
  maddr.del("33:33:00:00:12:34", { dev = "veth1" })
  check.equal(shown()["veth1 link 01:00:5e:02:02:02"], nil)
  check.equal(shown()["veth1 link 33:33:00:00:12:34"], nil)
end)

test("errors", function()
  local function said(kind, f, ...)
    local args = table.pack(...)
    return tostring(check.error(function()
      f(table.unpack(args, 1, args.n))
    end, { kind = kind }))
  end
  check.match(
    said("not_found", maddr.del, "01:00:5e:02:02:02", { dev = "veth1" }),
    "takes back what maddr.add did"
  )
  check.match(said("not_found", maddr.add, "01:00:5e:02:02:02", { dev = "vteh1" }), 'did you mean "veth1"?')
  check.match(said("argument", maddr.add, "239.1.1.1", { dev = "veth1" }), "hardware address")
  check.match(said("argument", maddr.add, "01:00:5e:02:02:02", {}), '"dev" is missing')
  check.match(said("argument", maddr.list, { family = "inet4" }), 'did you mean "inet"?')
end)

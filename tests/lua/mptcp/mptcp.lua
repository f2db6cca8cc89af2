-- Endpoints and limits of MPTCP, as `ip mptcp` sees them and makes them.
-- needs: mptcp, ip

local function ip(...)
  return proc.exec({ "ip", ... }, { check = true }).stdout
end
local function same()
  local told = {}
  for i, endpoint in ipairs(mptcp.list()) do
    told[i] = tostring(endpoint)
  end
  local shown = ip("mptcp", "endpoint"):gsub("%s+\n", "\n"):gsub("%s+$", "")
  check.equal(table.concat(told, "\n"), shown)
end
for i = 1, 2 do
  local addr = { ("10.0.%d.1/24"):format(i), ("fd00:%d::1/64"):format(i) }
  link.add("v" .. i, { kind = "veth", up = true, addr = addr, peer = { up = true } })
end

-- Made by nsh, seen by ip.
local combinations = {
  { signal = true },
  { subflow = true },
  { signal = true, subflow = true, backup = true },
  { subflow = true, fullmesh = true, backup = true },
  { id = 77, subflow = true, dev = "v1" },
  { id = 255, signal = true, port = 5000, dev = "v2" },
}
for _, address in ipairs({ "10.0.1.1", "fd00:1::1" }) do
  for _, options in ipairs(combinations) do
    mptcp.add(address, options)
    local seen = json.decode(ip("-j", "mptcp", "endpoint"))[1]
    check.equal(seen.address, address)
    for name, value in pairs(options) do
      check.equal(seen[name], value, name)
    end
    local got = mptcp.list()[1]
    check.subset(got, options)
    check.equal(got.implicit, false)
    same()
    mptcp.del(got.id)
    check.equal(mptcp.list(), {})
  end
end

-- Made by ip, seen by nsh.
ip("mptcp", "endpoint", "add", "10.0.1.1", "dev", "v1", "id", "5", "subflow", "backup")
ip("mptcp", "endpoint", "add", "fd00::2", "signal")
same()
check.subset(
  mptcp.get(5),
  { address = "10.0.1.1", dev = "v1", subflow = true, backup = true, signal = false }
)
check.equal(mptcp.get(99), nil)
check.equal(#mptcp.list({ dev = "v1" }), 1)
check.equal(mptcp.list({ signal = true })[1].address, "fd00::2")
check.equal(#lab.state().namespaces.host.mptcp, 2)

mptcp.set(5, { backup = false, fullmesh = true })
check.match(ip("mptcp", "endpoint"), "id 5 subflow fullmesh dev v1", { plain = true })
mptcp.set(5, { backup = true })
check.match(ip("mptcp", "endpoint"), "id 5 subflow backup fullmesh", { plain = true })

mptcp.set_limits({ subflows = 5 })
mptcp.set_limits({ add_addr_accepted = 3 })
check.match(ip("mptcp", "limits"), "add_addr_accepted 3 subflows 5")
check.equal(mptcp.limits(), { add_addr_accepted = 3, subflows = 5 })

-- Mistakes.
local function refused(kind, message, f, ...)
  local given = table.pack(...)
  local e = check.error(function()
    f(table.unpack(given, 1, given.n))
  end, kind)
  check.match(tostring(e), message, { plain = true })
end
refused("argument", "needs `signal` or `subflow`", mptcp.add, "10.0.2.1", {})
refused("argument", "port needs `signal`", mptcp.add, "10.0.2.1", { subflow = true, port = 5000 })
refused("argument", "signal and fullmesh exclude each other", mptcp.add, "10.0.2.1", {
  signal = true,
  fullmesh = true,
})
refused(
  "argument",
  "an integer from 1 to 255, got the integer 256",
  mptcp.add,
  "10.0.2.1",
  { signal = true, id = 256 }
)
refused("exists", "there is 10.0.1.1 id 5", mptcp.add, "10.0.2.1", { id = 5, signal = true })
refused("exists", "there is 10.0.1.1 id 5", mptcp.add, "10.0.1.1", { signal = true })
refused("not_found", "v9", mptcp.add, "10.0.2.1", { dev = "v9", signal = true })
refused("not_found", "there are endpoints with the ids 5", mptcp.del, 9)
refused("not_found", "no endpoint has the id 9", mptcp.set, 9, { backup = true })
refused("argument", "fullmesh", mptcp.set, mptcp.list({ signal = true })[1].id, { fullmesh = true })
refused("argument", "from 0 to 8, got the integer 9", mptcp.set_limits, { subflows = 9 })

mptcp.flush()
check.equal(ip("mptcp", "endpoint"), "")
check.equal(mptcp.list(), {})

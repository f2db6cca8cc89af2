-- Waiting for addresses to be usable.
-- needs: ip
local ns1 = namespace.add("ns1")
link.add(
  "veth0",
  { kind = "veth", up = true, addr = "fd00::1/64", peer = { name = "eth0", ns = ns1, up = true } }
)

local function flags(ns, address)
  local links =
    json.decode(ns.proc.exec({ "ip", "-j", "-6", "addr", "show", "to", address }, { check = true }).stdout)
  for _, l in ipairs(links) do
    for _, a in ipairs(l.addr_info or {}) do
      return a
    end
  end
end

ns1.addr.add("fd00::2/64", { dev = "eth0", dad = true })
check(flags(ns1, "fd00::2").tentative)
local e = check.error(function()
  ns1.wait.addr("fd00::2", { timeout = 0.01 })
end, "timeout")
check(e.message:find("it is tentative", 1, true), e.message)
local took = ns1.wait.addr("fd00::2")
check(took > 0.2 and took < 4, took)
check.equal(flags(ns1, "fd00::2").tentative, nil)
check.equal(ping("fd00::2").received, 1)

-- The length counts where it is given.
ns1.wait.addr("fd00::2/64", { dev = "eth0" })
e = check.error(function()
  ns1.wait.addr("fd00::2/48", { timeout = 0 })
end, "timeout")
check(e.message:find("eth0 has fd00::2/64", 1, true), e.message)

-- Another host has it: nobody need wait for that.
ns1.addr.add("fd00::1/64", { dev = "eth0", dad = true })
e = check.error(function()
  ns1.wait.addr("fd00::1", { timeout = 20 })
end, "address_in_use")
check(e.message:find("another host has it", 1, true), e.message)
check(flags(ns1, "fd00::1").dadfailed)

-- Where several links have an address, one that can use it will do; gone it is when none has it.
ns1.link.add("veth1", { kind = "veth", up = true, peer = { up = true } })
ns1.addr.add("fd00::1/64", { dev = "veth1" })
ns1.wait.addr("fd00::1", { timeout = 1 })
check.error(function()
  ns1.wait.addr("fd00::1", { gone = true, timeout = 0 })
end, "timeout")

-- IPv4, from another program; a link that isn't there yet.
local other <close> = ns1.spawn("sleep 0.1; ip addr add 10.0.0.2/24 dev eth0")
ns1.wait.addr("10.0.0.2")
ns1.wait.addr("10.0.0.2/24", { dev = "eth0" })
e = check.error(function()
  ns1.wait.addr("10.0.0.3", { timeout = 0 })
end, "timeout")
check(e.message:find("no link of ns1 has it", 1, true), e.message)
e = check.error(function()
  ns1.wait.addr("10.0.0.3", { dev = "eth0", timeout = 0 })
end, "timeout")
check(e.message:find("eth0 doesn't have it", 1, true), e.message)
e = check.error(function()
  ns1.wait.addr("10.0.0.2", { dev = "eth9", timeout = 0 })
end, "timeout")
check(e.message:find('no link named "eth9"', 1, true), e.message)

-- Gone.
local deleter <close> = ns1.spawn("sleep 0.1; ip addr del 10.0.0.2/24 dev eth0")
ns1.wait.addr("10.0.0.2", { gone = true })
ns1.wait.addr("10.0.0.2", { gone = true, dev = "eth9" })
check.equal(#ns1.addr.list({ dev = "eth0", family = "inet" }), 0)

-- Tentative for as long as nobody is at the other end.
link.set("veth0", { up = false })
ns1.wait.link("eth0", { carrier = false })
ns1.addr.add("fd00::7/64", { dev = "eth0", dad = true })
e = check.error(function()
  ns1.wait.addr("fd00::7", { timeout = 0.05 })
end, "timeout")
check(e.message:find("since eth0 has no carrier: its peer veth0 in host is down", 1, true), e.message)

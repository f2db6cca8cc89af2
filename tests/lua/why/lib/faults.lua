-- Labs with exactly one fault each. `why` must find nothing wrong before, then name the cause and its place; what it says
-- repairs it must do so, as the kernel's own answers show.
local faults = {}

local ADDRESSES = {
  inet = {
    a = "10.0.0.1",
    ra = "10.0.0.254",
    b = "10.0.1.1",
    rb = "10.0.1.254",
    length = "/24",
    b2 = "10.0.0.2",
  },
  inet6 = { a = "fd00::1", ra = "fd00::fe", b = "fd01::1", rb = "fd01::fe", length = "/64", b2 = "fd00::2" },
}

local labs = {}

--- Namespaces that are up, by their names.
local function spaces(...)
  local out = {}
  for _, name in ipairs({ ... }) do
    out[name] = namespace.add(name, { up = true })
  end
  return out
end

--- a - r - b, with default routes.
function labs.routed(ip)
  local l = spaces("a", "r", "b")
  l.r.sysctl.set("net.ipv4.ip_forward", 1)
  l.r.sysctl.set("net.ipv6.conf.all.forwarding", 1)
  for _, side in ipairs({ "a", "b" }) do
    local addr, far = ip["r" .. side] .. ip.length, ip[side] .. ip.length
    l.r.link.add("r" .. side, {
      kind = "veth",
      up = true,
      addr = addr,
      peer = { name = "eth0", ns = l[side], up = true, addr = far },
    })
    l[side].route.add("default", { via = ip["r" .. side] })
  end
  l.to = ip.b
  return l
end

--- a and b on the bridge br0 of s, which has an address too.
function labs.bridged(ip)
  local l = spaces("a", "s", "b")
  l.s.bridge.add("br0", { up = true, addr = ip.ra .. ip.length })
  for side, address in pairs({ a = ip.a, b = ip.b2 }) do
    l.s.link.add("p" .. side, {
      kind = "veth",
      up = true,
      master = "br0",
      peer = { name = "eth0", ns = l[side], up = true, addr = address .. ip.length },
    })
  end
  l.to = ip.b2
  return l
end

--- a - r - w, where r translates a's private address, and w is the public 8.8.8.8 (2001:4860:4860::8888).
function labs.nat(ip)
  local l = labs.routed(ip)
  l.b.route.flush()
  local public = ip.length == "/24" and "8.8.8.8/32" or "2001:4860:4860::8888/128"
  l.b.addr.add(public, { dev = "eth0" })
  if ip.length == "/24" then
    l.b.route.add("10.0.1.0/24", { dev = "eth0" })
  else
    l.b.route.add("fd01::/64", { dev = "eth0" })
  end
  l.r.route.add("default", { via = ip.b })
  l.nat = l.r.nat.masquerade({ source = ip.length == "/24" and "10.0.0.0/24" or "fd00::/64", out = "rb" })
  l.to = public:match("[^/]+")
  return l
end

local function forget()
  for _, ns in ipairs(namespace.list()) do
    namespace.del(ns)
  end
end

--- What repairs a fault, each way in which `why` tells it.
local repairs = {}

function repairs.lua(fault)
  assert(load(fault.fix))()
end

function repairs.command(fault)
  proc.exec({ "sh", "-c", fault.command }, { check = true })
end

--- Whether all programs of a command are here.
local function installed(command)
  for one in (command .. " && "):gmatch("(.-) && ") do
    local program = one:match("^ip netns exec %S+ (%S+)") or one:match("^%S+")
    if proc.exec({ "sh", "-c", "command -v " .. program }).status ~= 0 then
      return false
    end
  end
  return true
end

local function run(case, ip, family, repair)
  local l = labs[case.lab](ip)
  l.ip, l.family = ip, family
  local ask = type(case.ask) == "function" and case.ask(l) or case.ask or {}
  if not case.begins_broken then
    local healthy = l.a.why(l.to, ask)
    check(healthy.ok, tostring(healthy))
    check.equal(#healthy.faults, 0)
  end
  case.breaks(l)
  local told = l.a.why(l.to, ask)
  check(not told.ok, tostring(told))
  local fault = told.faults[1]
  check(fault, tostring(told))
  local found = { cause = fault.cause, namespace = fault.namespace, dev = fault.dev, way = fault.way }
  check.subset(found, case.finds, tostring(told))
  if case.fix then
    check.equal(fault.fix, case.fix)
  end
  for at, cause in ipairs(case.causes or { fault.cause }) do
    check.equal(told.faults[at] and told.faults[at].cause, cause, tostring(told))
  end
  check.equal(#told.faults, #(case.causes or { 1 }), tostring(told))
  check(#fault.text > 0 and tostring(told):find(fault.text, 1, true))
  if case.no_fix then
    check.equal(fault.fix, nil)
    return
  end
  -- A command can't wait as nsh does: an address may have to pass duplicate address detection first, and a neighbour know an
  -- old hardware address.
  for _ = 1, (case.fixes or 1) + (repair == "command" and 2 or 0) do
    if told.ok then
      break
    end
    check(fault and fault.fix and fault.command, tostring(told))
    if repair == "command" and not installed(fault.command) then
      skip("not installed, a program of `" .. fault.command .. "`")
    end
    repairs[repair](fault)
    told = l.a.why(l.to, ask)
    fault = told.faults[1]
  end
  check(told.ok, tostring(told))
  if not ask.proto or ask.proto == "icmp" then
    check.equal(l.a.ping(l.to, { timeout = 2, size = ask.size }).received, 1)
  end
end

--- A test for each case and family. A case says its `lab`; what `breaks` it; what of the first fault it `finds`; and
--- where it isn't so: `families`, `ask` (options of why), `causes` (all of them, in order), `fixes` (how many it
--- takes), `no_fix`, or which `fix` is told.
function faults.test(cases)
  for _, case in ipairs(cases) do
    for _, family in ipairs(case.families or { "inet", "inet6" }) do
      for _, repair in ipairs(case.no_fix and { "lua" } or { "lua", "command" }) do
        local by = repair == "command" and ", repaired by a command" or ""
        test(case[1] .. " (" .. family .. by .. ")", function()
          defer(forget)
          run(case, ADDRESSES[family], family, repair)
        end)
      end
    end
  end
end

faults.labs, faults.addresses, faults.forget = labs, ADDRESSES, forget

return faults

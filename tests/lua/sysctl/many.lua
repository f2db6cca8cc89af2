-- Among many namespaces each has its own parameters, by whatever mount they are found.
-- needs: cat
local many = 150
local function shown(ns, name)
  return ns.exec({ "cat", "/proc/sys/" .. name:gsub("%.", "/") }, { check = true }).stdout:match("%S+")
end

local all = {}
for i = 1, many do
  all[i] = namespace.add("n" .. i, { ipv6 = i % 2 == 0 })
  all[i].sysctl.set("net.ipv4.ip_default_ttl", i)
end

test("what was set is there", function()
  for i = 1, many, 7 do
    check.equal(shown(all[i], "net.ipv4.ip_default_ttl"), tostring(i))
    check.equal(shown(all[i], "net.ipv6.conf.all.disable_ipv6"), i % 2 == 0 and "0" or "1")
  end
end)

test("read in turns, back and forth", function()
  for _ = 1, 2 do
    for i = 1, many do
      check.equal(all[i].sysctl.get("net.ipv4.ip_default_ttl"), tostring(i))
      check.equal(all[many + 1 - i].sysctl.get("net.ipv4.ip_default_ttl"), tostring(many + 1 - i))
    end
  end
end)

test("no mount leads out of net", function()
  local found = 0
  for fd = 3, 400 do
    local place = "/proc/self/fd/" .. fd
    if io.open(place .. "/ipv4/ip_forward") then
      found = found + 1
      for _, up in ipairs({ "/..", "/../..", "/../../.." }) do
        check.equal(io.open(place .. up .. "/kernel/pid_max"), nil)
        check.equal(io.open(place .. up .. "/sysrq-trigger"), nil)
        check.equal(io.open(place .. up .. "/self/status"), nil)
      end
    end
  end
  -- None where the lab has no /proc of its own, whose first process is nsh.
  local function comm(pid)
    return io.open(("/proc/%s/comm"):format(pid)):read("l")
  end
  check.equal(found, comm("1") == comm("self") and 1 or 0)
end)

-- What `why` finds is the hint of a connection that isn't made, and of `eventually` that gives up.
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
check.reachable(host, ns1)

---The error of what fails, and its hint.
local function failing(f)
  local e = check.error(f)
  return e.message, e.hint or ""
end

local message, hint = failing(function()
  wait.connect("10.0.0.2:80", { timeout = 0.1 })
end)
check.match(message, "not within 0.1 s")
check.match(hint, "port 80")
check.match(hint, "listen")

ns1.link.set("eth0", { up = false })
local _, down = failing(function()
  wait.connect("ns1:80", { timeout = 0.1 })
end)
check.match(down, 'fix: .*link%.set%("eth0", { up = true }%)')

-- Once, by the outermost one; a try that fails for another reason has no hint of an earlier one.
local function reach()
  check.reachable(host, "10.0.0.2", { timeout = 0.05 })
end
local _, tried = failing(function()
  eventually(reach, { timeout = 0.1 })
end)
check.match(tried, "eth0")
check.match(tried, "fix: ")
local _, nested = failing(function()
  eventually(function()
    eventually(reach, { timeout = 0.05 })
  end, { timeout = 0.1 })
end)
check.match(nested, "fix: ")
local _, connected = failing(function()
  eventually(function()
    wait.connect("10.0.0.2:80", { timeout = 0.05 })
  end, { timeout = 0.1 })
end)
check.match(connected, "fix: ")
local times = 0
local _, other = failing(function()
  eventually(function()
    times = times + 1
    if times == 1 then
      reach()
    end
    error("something else")
  end, { timeout = 0.3 })
end)
check.no_match(other, "fix: ")

-- The fix that is told repairs it.
load(assert(tried:match("fix: (.-)$")), "fix", "t", setmetatable({ ns1 = ns1 }, { __index = _G }))()
eventually(reach)

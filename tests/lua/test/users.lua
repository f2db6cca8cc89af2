-- Who runs the tests counts, not the lab's root, which everybody is in there.
local function ids()
  local map = assert(io.open("/proc/self/uid_map"))
  local count = map:read("a"):match("%d+%s+%d+%s+(%d+)")
  map:close()
  return math.tointeger(count)
end

test("root's lab has all ids", { needs = "root" }, function()
  check(ids() > 1)
end)

test("an ordinary user's has one", { needs = "user" }, function()
  check.equal(ids(), 1)
end)

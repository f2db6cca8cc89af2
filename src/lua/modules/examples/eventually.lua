local n = 0
local third = eventually(function()
  n = n + 1
  return n == 3 and n
end, { timeout = 2, interval = 0.01 })
assert(third == 3)
local seconds = eventually(function()
  check.reachable(host, "127.0.0.1")
end)
print(("up after %.3f s"):format(seconds))

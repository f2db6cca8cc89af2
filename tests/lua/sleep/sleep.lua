local began = clock()
sleep(0.02)
check.at_least(clock() - began, 0.02)
sleep(0)
check.error(function()
  sleep(-1)
end, "argument")
-- Neither `os.time`, of whole seconds, nor `os.clock`, of this process's work.
local a, b = clock(), clock()
check.at_least(b, a)
check.equal(math.type(a), "float")

-- A time limit ends it, and `pcall` does not keep it going.
test("the test's limit", { timeout = 0.1, xfail = "it sleeps too long" }, function()
  while true do
    pcall(sleep, 3600)
  end
end)
local late = check.error(function()
  eventually(function()
    sleep(3600)
  end, { timeout = 0 })
end, "timeout")
check.match(late.message, "did not end")

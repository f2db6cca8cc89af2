-- What was waited for in vain is a failure, so what came is a check that passed; within `eventually` once.
local before = check.passed()
wait.link("lo", { up = true })
wait.addr("127.0.0.1")
check.equal(check.passed(), before + 2)
before = check.passed()
check.error(function()
  wait.link("eth7", { timeout = 0 })
end, "timeout")
check.equal(check.passed(), before + 1)
before = check.passed()
local n = 0
eventually(function()
  wait.link("lo", { up = true })
  n = n + 1
  assert(n == 3)
end, { interval = 0.01 })
check.equal(check.passed(), before + 1)

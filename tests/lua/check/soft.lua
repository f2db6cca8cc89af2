-- What `eventually` tries counts only once it works, soft or not.
local n, before = 0, check.passed()
eventually(function()
  n = n + 1
  check(true)
  check.soft.equal(n, 3)
end, { interval = 0.001 })
check.equal(n, 3)
check.equal(check.passed(), before + 3)

local e = check.error(function()
  eventually(function()
    check.soft.equal(1, 2)
  end, { timeout = 0.01, interval = 0.001 })
end, { kind = "timeout", match = "the last one: .*soft%.lua:%d+: check%.soft%.equal: expected 2, got 1$" })
check.equal(e.op, "eventually")

-- A wrong argument is a mistake, and no finding.
check.error(function()
  check.soft.near("1" --[[@as any]], 1, 1)
end, "argument")
check.soft(true)
check.soft.reachable(host, "127.0.0.1")

-- Nothing returned: the time that it took.
local took = eventually(function() end)
check(took >= 0 and took < 5, "seconds")
test("a failure that is kept fails the test", function()
  xfail("so it should")
  check.soft.equal(1, 2)
  check.soft.equal(1, 1)
end)

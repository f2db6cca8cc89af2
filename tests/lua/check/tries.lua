-- What checks find in the tries of `eventually` is not the last word: what changed before them is told with the failure.
check(true)
link.add("br0", { kind = "bridge" })
local e = check.error(function()
  eventually(function()
    check(true)
    check.equal(1, 2)
  end, { timeout = 0.05, interval = 0.01 })
end, "timeout")
check.subset(e.changed or {}, { "host: link br0 added" })

-- A try that hangs is broken off; what follows goes on.
local began = os.time()
local late = check.error(function()
  eventually(function()
    proc.exec("sleep 60")
  end, { timeout = 0.1 })
end, "timeout")
check.match(late.message, "%(1 try%); the last one: .*tries%.lua:%d+: it did not end")
check.near(os.time() - began, 2.5, 2.5)
check.equal(ping("127.0.0.1").received, 1)

-- One that takes long and works is let work.
check(eventually(function()
  proc.exec("sleep 0.3")
  return true
end, { timeout = 0.01 }))

-- The limit of the test around it stays its own, also after a try that was broken off.
test("the test's limit", { timeout = 2.5, xfail = "it hangs on purpose" }, function()
  local function hang()
    while true do
      pcall(error)
    end
  end
  check.error(function()
    eventually(hang, { timeout = 0 })
  end, "timeout")
  eventually(hang)
end)

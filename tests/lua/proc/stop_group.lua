-- A process that is stopped has left its namespace when the call returns, and so have those that it started.

local function names_are_free_after(stop)
  for _ = 1, 10 do
    local ns = namespace.add("x")
    defer(pcall, namespace.del, "x")
    link.add("v0", { kind = "veth", peer = { name = "eth0", ns = ns } })
    local process = ns.proc.spawn("for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; echo started; wait")
    check.equal(process:expect("started"), "started")
    stop(process)
    namespace.del(ns)
    check.equal(link.get("v0"), nil)
  end
end

test("a process group that is stopped", function()
  names_are_free_after(function(process)
    process:stop()
  end)
end)

test("what is left of a group whose leader has ended", function()
  names_are_free_after(function(process)
    process:kill("KILL")
    process:wait()
    process:stop()
  end)
end)

-- Processes that end although the script goes on.

check.equal(#proc.deaths(), 0)
local ns1 = namespace.add("ns1")
local ready = { line = "up" }

-- Ended as they should, or by the script, or seen by it.
proc.exec("exit 3")
proc.spawn("exit 0"):wait({ timeout = 10 })
proc.spawn("exit 4"):wait({ timeout = 10 })
local quick = proc.spawn("exit 0")
local killed = proc.spawn("echo up; exec sleep 1000", { ready = ready })
killed:kill("KILL")
do
  local closed <close> = proc.spawn("echo up; exec sleep 1000", { ready = ready })
  check(closed:running())
end
eventually(function()
  return not quick:running() and not killed:running()
end)
check.equal(#proc.deaths(), 0)

-- Not as they should.
local failed = proc.spawn("echo no >&2; exit 5")
eventually(function()
  return not failed:running()
end)
local daemon = ns1.spawn("echo up; read -r _", { ready = ready, keep_stdin = true })
check.equal(#proc.deaths(), 1)
daemon:close_stdin()
eventually(function()
  return #proc.deaths() == 2
end)
check.equal(proc.deaths()[1], 'echo no >&2; exit 5 in host: exited with status 5; stderr ended in "no"')
check.equal(proc.deaths()[2], 'echo up; read -r _ in ns1: exited with status 1; stdout ended in "up"')

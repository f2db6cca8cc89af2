-- Processes beside the script.

local function alive(pid)
  return proc.exec("kill -0 " .. pid).status == 0
end

local p = proc.spawn("echo one; echo oops >&2; echo two; exec sleep 1000")
check.equal(p:expect("^t"), "two")
check.equal(p:stdout(), "one\ntwo\n")
check.equal(p:expect("oops", { stderr = true }), "oops")
check(p:running())
check(alive(p:pid()))
check.equal(tostring(p), "process " .. p:pid() .. " (echo one; echo oops >&2; echo two; exec sleep 1000)")
check.error(function()
  p:wait({ timeout = 0.05 })
end, "timeout")
check.equal(p:kill("USR1"), true)
local r = p:wait({ timeout = 10 })
check.equal(r.signal, "SIGUSR1")
check.equal(r.stdout, "one\ntwo\n")
check.equal(r.stderr, "oops\n")
check.equal(p:running(), false)
check.equal(p:kill(), false, "nobody left to kill")
check.equal(p:stop().signal, "SIGUSR1")
check((tostring(p):find(", killed by SIGUSR1$")))

-- Line by line, and what is written to it.
local cat = proc.spawn({ "cat" }, { stdin = "zero\n", keep_stdin = true })
local big = ("x"):rep(300000)
cat:write("one\n" .. big .. "\nlast")
cat:close_stdin()
local lines = {}
for line in cat:lines({ timeout = 10 }) do
  lines[#lines + 1] = line
end
check(#lines == 4 and lines[1] == "zero" and lines[3] == big and lines[4] == "last")
check.equal(cat:wait({ timeout = 10, check = true }).status, 0)
check.error(function()
  cat:write("more")
end, "connection_reset")

-- A line that doesn't come.
local quiet <close> = proc.spawn("echo starting; exec sleep 1000")
local e = check.error(function()
  quiet:expect("listening", { timeout = 0.2 })
end, "timeout")
check.equal(
  e.message,
  'Process:expect "echo starting; exec sleep 1000": waiting for "listening": no further line was printed; '
    .. 'stdout ended in "starting"'
)
e = check.error(function()
  proc.spawn("echo failed; exit 2"):expect("listening")
end, "exit")
check.equal(
  e.message,
  'Process:expect "echo failed; exit 2": waiting for "listening": it exited with status 2; stdout ended in "failed"'
)
check.error(function()
  for _ in quiet:lines({ timeout = 0.05 }) do
  end
end, "timeout")
check.error(function()
  proc.spawn("exit 5"):wait({ check = true, timeout = 10 })
end, "exit")

-- Leaving the block ends it, and what it started.
local child, shell
do
  local group <close> = proc.spawn("trap '' TERM; sleep 1000 & echo $! $$; wait")
  child, shell = group:expect("%d"):match("(%d+) (%d+)")
  check(alive(child) and alive(shell))
end
check(not alive(shell))
eventually(function()
  return not alive(child)
end)

-- Dropping the handle does not.
local pid = proc.spawn({ "sleep", "1000" }):pid()
collectgarbage()
collectgarbage()
check(alive(pid), "a process outlives its handle")

-- A failure to start leaves nothing.
collectgarbage()
collectgarbage()
local function descriptors()
  -- The counting process may be faster than nsh at closing what was meant for it.
  local least = math.huge
  for _ = 1, 10 do
    least = math.min(least, assert(tonumber(proc.exec("ls /proc/$PPID/fd | wc -l").stdout)))
  end
  return least
end
local before = descriptors()
for _ = 1, 20 do
  pcall(proc.spawn, { "no-such-program" })
end
check.equal(descriptors(), before, "no descriptor is left open")

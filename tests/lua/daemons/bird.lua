-- A daemon that doesn't start, that crashes, and that is started again.
-- needs: bird, birdc

local r1 = namespace.add("r1", { up = true })
local place = r1.proc.private("/run/bird")

local function start(config)
  return r1.spawn(
    { "bird", "-f", "-c", "/run/bird/bird.conf", "-s", "/run/bird/bird.ctl", "-P", "/run/bird/bird.pid" },
    {
      files = { ["/run/bird/bird.conf"] = "log stderr all;\n" .. config },
      -- It opens its socket before it reads its configuration.
      ready = { line = "Started$", file = "/run/bird/bird.ctl" },
    }
  )
end

-- What is wrong is in the error.
local e = check.error(function()
  start("router id;\n")
end, "exit")
check(
  e.message:find('exited with status 1 before it was ready: no line matched "Started$"', 1, true),
  e.message
)
check(e.message:find("bird.conf:2:10 syntax error", 1, true), e.message)

local bird = start("router id 10.0.0.1;\nprotocol device {}\n")
check(
  r1.exec({ "birdc", "-s", "/run/bird/bird.ctl", "show", "status" }, { check = true }).stdout
    :find("is up and running")
)
check(proc.exec("test -e /run/bird/bird.ctl").status ~= 0, "its socket is r1's alone")
check.equal(proc.exec({ "test", "-S", place .. "/bird.ctl" }).status, 0)

-- Not by the script's own doing.
proc.exec({ "kill", "-SEGV", tostring(bird:pid()) }, { check = true })
eventually(function()
  return #proc.deaths() == 1
end)
local death = proc.deaths()[1] or ""
check(death:find("^bird .* in r1: killed by SIGSEGV"), death)

-- Its old socket is still there, and is not taken for the new one's.
check.equal(proc.exec({ "test", "-S", place .. "/bird.ctl" }).status, 0)
local again <close> = start("router id 10.0.0.2;\nprotocol device {}\n")
check(again:running())
check(
  r1.exec({ "birdc", "-s", "/run/bird/bird.ctl", "show", "status" }, { check = true }).stdout:find("10.0.0.2")
)

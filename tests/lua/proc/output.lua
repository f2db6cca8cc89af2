-- What is kept of the output, and showing it as it comes.

local function matches(text, pattern)
  check(text:find(pattern), ("%q does not match %q"):format(text, pattern))
end

-- 100 MB of output: bounded, both ends kept, and counted.
local big = "yes 'a line of this output' | head -c 100000000; echo; echo the end"
local r = proc.exec("echo the beginning; " .. big, { limit = 100000, timeout = 50 })
check.equal(r.stdout:sub(1, 14), "the beginning\n")
check.equal(r.stdout:sub(-9), "\nthe end\n")
matches(r.stdout, "\n%[nsh: " .. r.lost .. " bytes were not kept%]\n")
check(#r.stdout > 100000 and #r.stdout < 100100)
check.equal(r.lost, 100000000 + 14 + 9 - 100000)
check.equal(proc.exec("seq 1000", { limit = 5, keep = "first" }).stdout, "1\n2\n3")
check.equal(proc.exec("seq 1000", { limit = 10, keep = "last" }).stdout, "\n999\n1000\n")
check.equal(proc.exec("seq 1000", { limit = 0 }).stdout, "")

local function memory()
  return tonumber(proc.exec("grep VmRSS /proc/$PPID/status").stdout:match("%d+"))
end
local before = memory()
local loud <close> = proc.spawn(big, { limit = 1000000 })
check.equal(loud:expect("^the end$", { timeout = 50 }), "the end")
check(#loud:stdout() < 1000100)
check(memory() - before < 20000, "what is not kept takes no memory")
check(loud:wait({ timeout = 5 }).lost > 98000000)

-- Lines that are read as they come are all told.
local told = 0
local counter <close> =
  proc.spawn("for i in 1 2 3 4; do seq 100; read _; done", { limit = 1000, keep_stdin = true })
for line in counter:lines({ timeout = 20 }) do
  told = told + 1
  check.equal(line, tostring((told - 1) % 100 + 1))
  if line == "100" then
    counter:write("\n")
  end
end
check.equal(told, 400)

-- Shown as it comes: by a script of its own, whose output can be looked at.
local script = io.open("show.lua", "w")
script:write([[
local ns1 = namespace.add("ns1")
io.write("begun ")
ns1.exec({ "printf", "one\ntwo" }, { show = true })
print("and ended")
local p = ns1.spawn("echo three; echo four >&2; seq 20000", { show = true })
for i = 1, 200 do print("own line " .. i) end
p:wait({ timeout = 10 })
print("after")
ns1.exec("echo five", { show = "R1" })
]])
script:close()
r = proc.exec("/proc/$PPID/exe show.lua", { timeout = 50, check = true })
check.equal(r.stderr, "ns1 echo| four\n")
matches(r.stdout, "^ns1 printf| one\nns1 printf| two\nbegun and ended\n")
matches(r.stdout, "\nafter\nR1| five\n$")
local shown, own = 0, 0
for line in r.stdout:gmatch("[^\n]+") do
  if line:match("^ns1 echo| %d+$") then
    shown = shown + 1
    check.equal(line, "ns1 echo| " .. shown)
  elseif line:match("^own line %d+$") then
    own = own + 1
  end
end
check.equal(shown, 20000)
check.equal(own, 200)
os.remove("show.lua")

-- Why it ended.
check.equal(proc.exec("exit 3").reason, "exited with status 3")
r = proc.exec("ulimit -c 0; kill -SEGV $$")
check.equal(r.reason, "killed by SIGSEGV")
check.equal(r.core, nil)
local core = proc.exec("ulimit -c unlimited; kill -SEGV $$")
local cores = io.open("/proc/sys/kernel/core_pattern"):read("l")
if cores == "core" then
  check.equal(core.reason, "killed by SIGSEGV (core dumped)")
  check.equal(core.core, true)
  check.equal(tostring(core), "killed by SIGSEGV (core dumped)")
  proc.exec("rm -f core*")
end

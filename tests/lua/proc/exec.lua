-- Running processes to their end.

local r = proc.exec("echo out; echo err >&2; exit 3")
check.equal(r.status, 3)
check.equal(r.signal, nil)
check.equal(r.stdout, "out\n")
check.equal(r.stderr, "err\n")
check(r.time >= 0 and r.time < 10)
check.equal(tostring(r), "out\nerr\nexited with status 3")
check.equal(tostring(proc.exec("echo out")), "out")

-- Arguments are passed as they are.
local odd = { "a b", "", "'", '"', "$HOME", "*", "\n", "ü", "\255" }
check.equal(proc.exec({ "printf", "%s|", table.unpack(odd) }).stdout, table.concat(odd, "|") .. "|")

-- Any bytes, and more than a pipe holds, in both directions.
local bytes = {}
for i = 0, 255 do
  bytes[#bytes + 1] = string.char(i)
end
local big = table.concat(bytes):rep(4096)
r = proc.exec({ "cat" }, { stdin = big })
check(r.stdout == big, "what is read is what was written")
check.equal(r.lost, nil)
r = proc.exec({ "cat" }, { stdin = big, limit = 1000, keep = "first" })
check(r.stdout == big:sub(1, 1000))
check.equal(r.lost, #big - 1000)
check.equal(proc.exec("cat").stdout, "", "nothing to read unless given")

-- What is around it.
check.equal(proc.exec("echo $A $HOME", { env = { A = "1", HOME = false } }).stdout, "1\n")
check.equal(proc.exec({ "env" }, { clear_env = true, env = { B = "2" } }).stdout, "B=2\n")
check.equal(proc.exec("pwd", { cwd = "/tmp" }).stdout, "/tmp\n")
check.equal(proc.exec("pwd").stdout, proc.exec("echo $PWD").stdout)

-- Ended by a signal.
r = proc.exec("kill -USR1 $$")
check.equal(r.status, nil)
check.equal(r.signal, "SIGUSR1")
check.equal(tostring(r), "killed by SIGUSR1")

-- No descriptor of nsh, default signals, a process group of its own.
r = proc.exec("ls /proc/self/fd; grep -h -E '^Sig(Blk|Ign)' /proc/self/status")
check.equal(r.stdout, "0\n1\n2\n3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
local groups = proc.exec("cut -d' ' -f5 /proc/$$/stat /proc/$PPID/stat").stdout
local own, parent = groups:match("^(%d+)\n(%d+)\n$")
check(own ~= parent, "a process group of its own")

-- What is left in the background doesn't hold it up.
check(proc.exec("sleep 1000 & echo done").time < 10)

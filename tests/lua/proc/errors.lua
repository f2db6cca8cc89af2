-- What can't be run, and what fails.

local function fails(kind, text, f, ...)
  local args = table.pack(...)
  local e = check.error(function()
    f(table.unpack(args, 1, args.n))
  end, kind)
  check.equal(e.message, text)
  return e
end

local e = fails(
  "not_found",
  'proc.exec "no-such-program -v": no program named "no-such-program"',
  proc.exec,
  { "no-such-program", "-v" }
)
check(e.hint:find("looked for it in PATH: /", 1, true))
fails("not_found", 'proc.spawn "/no/such": no file "/no/such"', proc.spawn, { "/no/such" })
e = fails(
  "permission",
  'proc.exec "/etc/passwd": permission denied (EACCES): /etc/passwd is not executable',
  proc.exec,
  { "/etc/passwd" }
)
check.equal(e.hint, "chmod +x /etc/passwd, or run its interpreter on it")
fails(
  "permission",
  'proc.exec "/etc": permission denied (EACCES): /etc is a directory',
  proc.exec,
  { "/etc" }
)
fails(
  "not_found",
  'proc.exec "pwd": no such file or directory (ENOENT): entering the working directory /no/such',
  proc.exec,
  "pwd",
  { cwd = "/no/such" }
)
local script = io.open("/tmp/script", "w")
script:write("#!/no/such/interpreter\n")
script:close()
proc.exec({ "chmod", "+x", "/tmp/script" }, { check = true })
fails(
  "not_found",
  'proc.exec "/tmp/script": no such file or directory (ENOENT): the interpreter of /tmp/script doesn\'t exist',
  proc.exec,
  { "/tmp/script" }
)
os.remove("/tmp/script")

-- check = true raises, with the last lines of stderr.
fails("exit", 'proc.exec "false": exited with status 1', proc.exec, { "false" }, { check = true })
fails(
  "exit",
  'proc.exec "echo no; echo one >&2; echo two >&2; exit 7": exited with status 7: one two',
  proc.exec,
  "echo no; echo one >&2; echo two >&2; exit 7",
  { check = true }
)
fails("exit", 'proc.exec "kill -KILL $$": killed by SIGKILL', proc.exec, "kill -KILL $$", { check = true })
local ns1 = namespace.add("ns1")
fails("exit", 'proc.exec "false" in ns1: exited with status 1', ns1.exec, { "false" }, { check = true })

-- Too late: it and its children are ended, even if they don't want to.
e = check.error(function()
  proc.exec("trap '' TERM; sleep 1000 & echo $!; sleep 1000", { timeout = 0.2 })
end, "timeout")
local message, pid = e.message:match('^(.*)"(%d+)"$')
check.equal(
  message,
  "proc.exec \"trap '' TERM; sleep 1000 & echo $!; sleep 1000\": still running after 0.2 s, so it was ended; "
    .. "stdout ended in "
)
-- Its child is gone too, as soon as the lab's first process has reaped it.
eventually(function()
  return proc.exec("kill -0 " .. pid).status ~= 0
end)

-- Wrong arguments.
fails(
  "argument",
  "proc.exec: command: expected a shell line, or an array of a program and its arguments, got nil",
  proc.exec
)
fails(
  "argument",
  "proc.exec: command: expected a program and its arguments, got an empty table",
  proc.exec,
  {}
)
fails("argument", "proc.exec: command[2]: expected a string, got the integer 7", proc.exec, { "echo", 7 })
fails(
  "argument",
  'proc.exec: opts: unknown option "chekc"; did you mean "check"?',
  proc.exec,
  "true",
  { chekc = true }
)
fails(
  "argument",
  "proc.exec: opts.env.A: expected a string or false to take it away, got the integer 1",
  proc.exec,
  "true",
  { env = { A = 1 } }
)
fails(
  "argument",
  "proc.exec: opts.timeout: expected a number of seconds, at least 0, got the integer -1",
  proc.exec,
  "true",
  { timeout = -1 }
)
fails("argument", 'proc.exec: "a\\0b" has a NUL byte in it', proc.exec, { "a\0b" })
fails(
  "argument",
  'proc.exec: "A=B" can\'t name an environment variable',
  proc.exec,
  { "true" },
  { env = { ["A=B"] = "" } }
)
fails("argument", "proc.exec: no program is named", proc.exec, { "" })
local p <close> = proc.spawn({ "sleep", "1000" })
fails("argument", 'Process:kill: signal: no signal is named "TREM"', p.kill, p, "TREM")
fails("argument", 'Process: no method "stpo"; did you mean "stop"?', function()
  return (p --[[@as any]]):stpo()
end)

-- An interactive shell needs a terminal.
fails("unsupported", "proc.shell: an interactive shell needs a terminal, and stdin is none", proc.shell)

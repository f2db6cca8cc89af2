-- Waiting for what a process prints, and answering it.

local function matches(text, pattern)
  check(text:find(pattern), ("%q does not match %q"):format(text, pattern))
end

local p <close> = proc.spawn('while read -r line; do echo "out $line"; echo "err $line" >&2; done', {
  keep_stdin = true,
})
p:write("one 1\ntwo 2\n")
local line, number = p:expect("^out two (%d)")
check.equal(line, "out two 2")
check.equal(number, "2")

-- Several patterns: which of them, and what it captured.
p:write("three 3\nfour 4\n")
local which, a, b
line, which, a, b = p:expect({ "^no", "^out (%a+) (%d)" })
check.equal(line, "out three 3")
check.equal(which, 2)
check.equal(a .. b, "three3")

-- Of both outputs.
line, which = p:expect({ "err four", "out four" }, { both = true })
check.equal(which, line == "err four 4" and 1 or 2)

-- From a mark on.
p:write("five 5\n")
eventually(function()
  return p:stdout():find("five") and p:stderr():find("five")
end)
p:mark()
p:write("six 6\n")
check.equal(p:expect("out"), "out six 6")
check.equal(p:expect("err", { stderr = true }), "err six 6")

local e = check.error(function()
  p:expect({ "a", "b" }, { timeout = 0.1 })
end, "timeout")
matches(e.message, ': waiting for "a" or "b": no further line was printed; stderr ended in ".*err six 6"$')
check.error(function()
  p:expect({}, { timeout = 0.1 })
end, "argument")
p:close_stdin()
e = check.error(function()
  p:expect("nothing", { both = true })
end, "exit")
matches(e.message, "it exited with status 0")

-- A prompt is no whole line.
local shell <close> = proc.spawn("printf 'name? '; read -r name; echo \"hello $name\"; exec sleep 1000", {
  keep_stdin = true,
})
check.error(function()
  shell:expect("name", { timeout = 0.1 })
end, "timeout")
check.equal(shell:expect("name%? $", { prompt = true }), "name? ")
check.error(function()
  shell:expect("name", { prompt = true, timeout = 0.1 })
end, "timeout")
shell:write("Ann\n")
check.equal(shell:expect("hello"), "hello Ann")

-- A terminal.
local t <close> =
  proc.spawn("test -t 0 && test -t 2 && tty && stty size; printf '$ '; read -r x; echo got $x; cat", {
    pty = true,
  })
matches(t:expect("/dev/pts/"), "^/dev/pts/%d+$")
check.equal(t:expect("%d"), "50 200")
check.equal(t:expect("%$", { prompt = true }), "$ ")
t:write("it\n")
check.equal(t:expect("got"), "got it")
t:write("more\n")
check.equal(t:expect("more"), "more")
t:close_stdin()
check.equal(t:wait({ timeout = 10 }).status, 0)
check.equal(t:stderr(), "")
local interrupted <close> = proc.spawn("echo up; exec sleep 1000", { pty = true, ready = { line = "up" } })
interrupted:write("\3")
check.equal(interrupted:wait({ timeout = 10 }).signal, "SIGINT")

-- Waiting until a process is ready.

local function matches(text, pattern)
  check(text:find(pattern), ("%q does not match %q"):format(text, pattern))
end

-- A line, of either output.
local p <close> = proc.spawn("echo one; sleep 0.1; echo 'it listens' >&2; exec sleep 1000", {
  ready = { line = "^it (%a+)$" },
})
check.equal(p:stderr(), "it listens\n")
check.equal(p:expect("one"), "one", "what ready has seen is still told")

-- A file, new or written again.
local function write(path)
  return { "sh", "-c", "sleep 0.1; echo $$ >" .. path .. "; exec sleep 1000" }
end
local function content(path)
  local file <close> = assert(io.open(path))
  return file:read("n")
end
local q <close> = proc.spawn(write("/run/q.pid"), { ready = { file = "/run/q.pid" } })
check.equal(content("/run/q.pid"), q:pid())
local again <close> = proc.spawn(write("/run/q.pid"), { ready = { file = "/run/q.pid" } })
check.equal(content("/run/q.pid"), again:pid(), "not the file that was there before")
local deep <close> = proc.spawn("sleep 0.05; mkdir -p /run/a/b; touch /run/a/b/c; exec sleep 1000", {
  ready = { file = { "/run/a/b/c", "/run/a/b" } },
})
check(deep:running())

-- Ports of the namespace: another nsh listens there. And all of several conditions.
local nsh = "/proc/" .. proc.exec("echo $PPID").stdout:match("%d+") .. "/exe"
local function server(code)
  return {
    nsh,
    "--host",
    "-e",
    code .. " print('up') eventually(function() return false end, { timeout = 1000 })",
  }
end
local ns1 = namespace.add("ns1", { up = true })
local tries = 0
local tcp4 <close> = ns1.spawn(server("local s = tcp.listen('127.0.0.1:8080')"), {
  ready = {
    port = 8080,
    line = { "^up", "u" },
    fn = function()
      tries = tries + 1
      return tries > 2
    end,
  },
})
check.equal(tries, 3)
check.equal(tcp4:stdout(), "up\n")
local tcp6 <close> = ns1.spawn(server("local s, t = tcp.listen('[::1]:179'), tcp.listen('[::]:180')"), {
  ready = { port = { 179, 180 } },
})
local udp <close> = ns1.spawn(server("local s = udp.listen('[::1]:53')"), { ready = { udp = 53 } })
check(tcp6:running() and udp:running())
-- In host the port is free.
local other <close> =
  proc.spawn(server("local s = tcp.listen('127.0.0.1:8080')"), { ready = { port = 8080 } })
check(other:running())

local function fails(kind, text, command, ready)
  local e = check.error(function()
    proc.spawn(command, { ready = ready })
  end, kind)
  matches(e.message, text)
  return e
end
local e = fails(
  "exists",
  '^proc.spawn "true": something listens on TCP port 8080 already$',
  { "true" },
  { port = 8080 }
)
matches(e.hint, "ss %-lntup")

-- One that never gets ready is ended, with all that it started.
local mark = "echo $$ >/run/never; trap '' TERM; sleep 1000 & echo starting; echo 'no luck' >&2; wait"
e = fails(
  "timeout",
  '^proc.spawn "echo .*": not ready after 0%.[34] s: nothing listens on TCP port 1, no file /run/x, '
    .. 'no line matched "up", fn returned the boolean false; stderr ended in "no luck"$',
  mark,
  {
    port = 1,
    file = "/run/x",
    line = "up",
    fn = function()
      return false
    end,
    timeout = 0.3,
  }
)
check(e)
eventually(function()
  return proc.exec("kill -0 -" .. content("/run/never")).status ~= 0
end)
fails("timeout", "fn raised: .*: no$", { "sleep", "1000" }, {
  fn = function()
    error("no")
  end,
  timeout = 0.1,
})
fails(
  "timeout",
  "/run/q.pid is as it was before$",
  "touch /run/y; exec sleep 1000",
  { file = "/run/q.pid", timeout = 0.1 }
)

-- One that ends before.
fails(
  "exit",
  'exited with status 4 before it was ready: no line matched "up"; stderr ended in "bad option"$',
  "echo 'bad option' >&2; exit 4",
  { line = "up" }
)
e = fails("exit", "exited with status 0 before it was ready", "sleep 1000 &", { port = 81 })
matches(e.hint, "foreground")
fails("not_found", "no program", { "no-such-program" }, { port = 81 })
-- A line is enough, even if it was the last.
proc.spawn("echo up", { ready = { line = "up" } })

-- Wrong conditions.
fails("argument", "opts.ready.port: expected an integer from 1 to 65535", "true", { port = 0 })
fails(
  "argument",
  'opts.ready.file: expected an absolute path such as "/run/frr", got "x"',
  "true",
  { file = "x" }
)
fails("argument", 'opts.ready: unknown option "lines"; did you mean "line"', "true", { lines = "x" })
local bad, message = pcall(proc.spawn, "echo x; exec sleep 1000", { ready = { line = "%" } })
check(not bad)
matches(tostring(message), "malformed pattern")

-- Files and directories that a namespace's processes have for themselves.

local r1, r2 = namespace.add("r1"), namespace.add("r2")

local function read(ns, path, opts)
  return ns.exec({ "cat", path }, opts).stdout
end

-- Directories: one for each namespace, wherever they are, for all of its processes.
local function check_private(path)
  local place = r1.proc.private(path)
  r2.proc.private(path)
  check.equal(r1.proc.private(path), place, "asked for again, it is the same")
  r1.exec("echo of r1 >" .. path .. "/name", { check = true })
  local writer <close> = r2.spawn("echo of r2 >" .. path .. "/name; exec sleep 1000", {
    ready = { file = path .. "/name" },
  })
  check(writer:running())
  check.equal(read(r1, path .. "/name"), "of r1\n")
  check.equal(read(r2, path .. "/name"), "of r2\n")
  check.equal(read(host, path .. "/name"), "", "not seen by others")
  local file <close> = assert(io.open(place .. "/name"))
  check.equal(file:read("a"), "of r1\n")
  check.equal(read(r1, path .. "/new", { files = { [path .. "/new"] = "x" } }), "x")
  check.equal(read(r1, path .. "/new"), "x", "it stays")
end
check_private("/run/daemon")
check_private("/var/run/linked")
check_private("/etc/no-such-daemon")
check_private("/etc/another/and/deeper")
check_private("/usr/share/no-such-place")
check_private("/var/log")
check.equal(r1.exec("cat /run/linked/name").stdout, "of r1\n")
check(#r1.exec("cat /etc/passwd").stdout > 0, "the rest of /etc is there")
check.equal(r1.exec("readlink /etc/mtab").stdout, proc.exec("readlink /etc/mtab").stdout)
check.equal(
  r1.exec("ls -A /etc | grep -vx -e no-such-daemon -e another").stdout,
  proc.exec("ls -A /etc").stdout,
  "nothing else is missing"
)
check(r1.exec("touch /etc/x").status ~= 0 or proc.exec("test -e /etc/x").status ~= 0, "nor leaks out")
check.equal(r1.exec("grep -c localhost /etc/hosts").stdout, proc.exec("grep -c localhost /etc/hosts").stdout)
local several = table.pack(host.proc.private({ "/run/one", "/run/two" }))
check.equal(#several, 2)
proc.exec("echo 1 >/run/one/x", { check = true })
check.equal(proc.exec("cat /run/one/x; ls /run/two").stdout, "1\n")

-- Files: of one process alone.
local function with(text)
  return { files = { ["/etc/passwd"] = text, ["/etc/no/such/file"] = "new" } }
end
for _, ns in ipairs({ host, r1 }) do
  check.equal(read(ns, "/etc/passwd", with("root:x:0:0\n")), "root:x:0:0\n")
  check.equal(read(ns, "/etc/no/such/file", with("")), "new")
  check(#read(ns, "/etc/passwd") > 20)
  check.equal(ns.exec("test -e /etc/no").status, 1)
end
local p <close> = r1.spawn("while read -r _; do cat /etc/passwd; done", {
  files = { ["/etc/passwd"] = "mine\n" },
  keep_stdin = true,
})
collectgarbage()
p:write("\n")
check.equal(p:expect("."), "mine")
check.equal(r1.exec("echo changed >/etc/passwd; cat /etc/passwd", with("x\n")).stdout, "changed\n")
check.equal(r1.exec("cat /etc/passwd", with("x\n")).stdout, "x\n")

local function fails(kind, text, f)
  local e = check.error(f, kind)
  check(e.message:find(text, 1, true), e.message)
end
fails("argument", 'expected an absolute path such as "/run/frr", got "run"', function()
  proc.private("run")
end)
fails("argument", "expected an absolute path", function()
  proc.private("/run/../etc")
end)
fails("argument", "expected an absolute path", function()
  proc.exec("true", { files = { x = "y" } })
end)
fails("invalid", "/etc is a directory, and a file was to stand there", function()
  proc.exec("true", { files = { ["/etc"] = "y" } })
end)
proc.private("/etc/passwd")
fails("invalid", "/etc/passwd is a file, and a directory was to stand there", function()
  proc.exec("true")
end)

-- One may stand in another, and over the place where they lie, in whatever order they are asked for.
local orders = { { "/run/outer", "/run/outer/inner" }, { "/run/b/in", "/run/b" }, { "/etc/x/y/z", "/etc/x" } }
for i, paths in ipairs({ { "/run", "/run/daemon" }, { "/run/daemon", "/run" }, table.unpack(orders) }) do
  local ns = namespace.add("order" .. i)
  local first, second = ns.proc.private(paths)
  ns.exec(("echo 1 >%s/first && echo 2 >%s/second"):format(paths[1], paths[2]), { check = true })
  for name, place in pairs({ first = first, second = second }) do
    local file <close> = assert(io.open(place .. "/" .. name))
    check.equal(file:read("a"), name == "first" and "1\n" or "2\n")
  end
  check.equal(ns.exec("cat " .. paths[1] .. "/first " .. paths[2] .. "/second").stdout, "1\n2\n")
end

-- A file that is a script or a program can be executed.
local script = "#!/bin/sh\necho run with $1\n"
for _, path in ipairs({ "/usr/local/bin/no-such-tool", "/run/tool", "/etc/order/hook" }) do
  check.equal(r1.exec({ path, "x" }, { files = { [path] = script }, check = true }).stdout, "run with x\n")
end
check.error(function()
  r1.exec({ "/run/text" }, { files = { ["/run/text"] = "echo\n" } })
end, "permission")

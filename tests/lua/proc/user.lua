-- Processes of other users, in root's labs and those of users with subordinate ids.
-- needs: users

check.equal(proc.exec({ "id", "-un" }, { user = "nobody" }).stdout, "nobody\n")
check.equal(proc.exec({ "id", "-G" }, { user = "nobody" }).stdout, proc.exec({ "id", "-G", "nobody" }).stdout)
local status = proc.exec("grep -E '^(Uid|CapEff)' /proc/self/status; echo $USER", { user = "nobody" }).stdout
check(status:find("^Uid:%s65534%s65534%s65534%s65534\nCapEff:%s0000000000000000\nnobody\n$"), status)
local e = check.error(function()
  proc.exec("true", { user = "no-such-user" })
end, "argument")
check(e.message:find('opts.user: no user named "no-such-user"', 1, true), e.message)

-- It finds its own place, and ends with the script.
local ns1 = namespace.add("ns1")
ns1.proc.private("/run/mine")
local p <close> = ns1.spawn("echo x >/run/mine/file; exec sleep 1000", {
  user = "nobody",
  ready = { file = "/run/mine/file" },
})
check.equal(proc.exec("stat -c %U /proc/" .. p:pid()).stdout, "nobody\n")

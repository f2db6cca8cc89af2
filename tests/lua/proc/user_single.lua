-- A lab that an ordinary user without subordinate ids started has no other users.
-- needs: user

if proc.exec("wc -l </proc/self/uid_map", { check = true }).stdout ~= "1\n" then
  skip("this user has subordinate ids")
end

local e = check.error(function()
  proc.exec("true", { user = "daemon" })
end, "permission")
check(e.message:find("becoming the user daemon", 1, true), e.message)
check((e.hint or ""):find("root's labs have all users", 1, true), e.hint)

-- What names other ids is answered with success and changes nothing; all else is the kernel's to answer.
local dropped = proc.exec({ "setpriv", "--reuid=1", "--regid=1", "--init-groups", "id", "-u" })
check.equal(dropped.stdout, "0\n")
proc.exec("touch /tmp/x && chown 1:1 /tmp/x && chown -h 0:0 /tmp/x", { check = true })
check.equal(proc.exec("stat -c %u:%g /tmp/x").stdout, "0:0\n")
check.match(proc.exec("chown 0 /no/such/file; chmod 600 /no/such/file").stderr, "No such file.*No such file")
check.equal(proc.exec("id -u; cat /proc/self/setgroups").stdout, "0\ndeny\n")

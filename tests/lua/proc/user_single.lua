-- A lab that an ordinary user started has no other users.
-- needs: user

local e = check.error(function()
  proc.exec("true", { user = "daemon" })
end, "permission")
check(e.message:find("becoming the user daemon", 1, true), e.message)
check((e.hint or ""):find("root's labs have all users", 1, true), e.hint)

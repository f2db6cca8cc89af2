-- A process that forks for ever is ended with its group.
-- needs: ps

local function children()
  return tonumber(proc.exec("ps -e -o args | grep -c '^sleep 4321'").stdout)
end
do
  local forks <close> = proc.spawn("while :; do sleep 4321 & sleep 0.01; done")
  eventually(function()
    return children() > 20
  end, { timeout = 20 })
  check(forks:running())
end
eventually(function()
  return children() == 0
end)

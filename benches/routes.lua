-- N routes added, one by one or as a `list`, and listed.
local n = math.tointeger(tonumber(arg[1]) or 10000)

link.add("v1", { kind = "veth", up = true, peer = { name = "v2" } })
local list = {}
for i = 0, n - 1 do
  local dst = ("10.%d.%d.0/24"):format(i // 250 + 1, i % 250)
  if arg[2] == "list" then
    list[i + 1] = { dst = dst, dev = "v1" }
  else
    route.add(dst, { dev = "v1" })
  end
end
route.add(list)
assert(#route.list() >= n)

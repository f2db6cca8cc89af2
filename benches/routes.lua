-- N routes added, and listed.
local n = math.tointeger(tonumber(arg[1]) or 10000)

link.add("v1", { kind = "veth", up = true, peer = { name = "v2" } })
for i = 0, n - 1 do
  route.add(("10.%d.%d.0/24"):format(i // 250 + 1, i % 250), { dev = "v1" })
end
assert(#route.list() >= n)

-- N routers in a row: a cable between each two, an address at both of its ends.
local n = math.tointeger(tonumber(arg[1]) or 50)

local before = namespace.add("r1")
for i = 2, n do
  local ns = namespace.add("r" .. i)
  local function addr(last)
    return ("10.%d.%d.%d/24"):format(i // 250, i % 250, last)
  end
  before.link.add("right", {
    kind = "veth",
    up = true,
    addr = addr(1),
    peer = { name = "left", ns = ns, up = true, addr = addr(2) },
  })
  before = ns
end

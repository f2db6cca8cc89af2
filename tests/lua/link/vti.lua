-- needs: ip, vti, vti6
local kinds = require("lib.kinds")
for kind, ends in pairs({ vti = { "10.0.0.1", "10.0.0.2" }, vti6 = { "fd00::1", "fd00::2" } }) do
  local words = ("local %s remote %s "):format(ends[1], ends[2])
  kinds.same(kind, {
    { add = { ["local"] = ends[1], remote = ends[2] }, words = words },
    {
      link = "eth0",
      add = { ["local"] = ends[1], remote = ends[2], key = 6, fwmark = 7 },
      words = words .. "key 6 fwmark 7 dev eth0",
      seen = { ikey = 6, okey = 6, fwmark = 7 },
      set = {
        { { okey = 8 }, "okey 8 dev eth0", { ikey = 6, okey = 8, fwmark = 7 } },
        { { key = 0 }, "key 0 dev eth0", { ikey = 0, okey = 0 } },
      },
    },
  })
end

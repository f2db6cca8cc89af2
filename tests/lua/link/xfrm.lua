-- needs: ip, xfrm
local kinds = require("lib.kinds")
kinds.same("xfrm", {
  { add = { if_id = 5 }, words = "if_id 5", set = { { { if_id = 6 }, "if_id 6" } } },
  { link = "eth0", add = { if_id = 7 }, words = "dev eth0 if_id 7" },
})
link.add("x1", { kind = "xfrm", xfrm = { if_id = 9 } })
check.equal(
  kinds.hint("exists", link.add, "x2", { kind = "xfrm", xfrm = { if_id = 9 } }),
  "an xfrm link with this if_id is there"
)
check.equal(
  kinds.hint("invalid", link.add, "x2", { kind = "xfrm" }),
  "an xfrm link needs an if_id other than 0, or external; neither the link below nor that can change"
)

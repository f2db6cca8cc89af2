-- needs: ip, ipvlan, macvlan
local kinds = require("lib.kinds")
kinds.same("ipvlan", {
  { below = "eth0", link = "eth0", words = "" },
  {
    below = "eth0",
    link = "eth0",
    add = { mode = "l2", private = true },
    words = "mode l2 private",
    set = {
      { { vepa = true }, "mode l2 vepa", { vepa = true, private = false } },
      { { mode = "l3" }, "mode l3 vepa" },
    },
  },
})
kinds.same("macvlan", {
  {
    below = "eth0",
    link = "eth0",
    add = { mode = "passthru", nopromisc = true },
    words = "mode passthru nopromisc",
    -- What isn't named stays.
    set = {
      {
        { bc_queue_len = 9 },
        "bcqueuelen 9 mode passthru nopromisc",
        { nopromisc = true, bc_queue_len = 9 },
      },
    },
  },
})

-- needs: ip, sit
local kinds = require("lib.kinds")
kinds.same("sit", {
  { add = { remote = "10.0.0.2" }, words = "remote 10.0.0.2" },
  {
    add = {
      ["local"] = "10.0.0.1",
      mode = "ip6ip",
      sixrd_prefix = "2001:db8::/32",
      sixrd_relay_prefix = "10.0.0.0/8",
    },
    words = "local 10.0.0.1 mode ip6ip 6rd-prefix 2001:db8::/32 6rd-relay_prefix 10.0.0.0/8",
    -- ip can't change the one alone.
    set = {
      {
        { ttl = 7 },
        "ttl 7 6rd-prefix 2001:db8::/32 6rd-relay_prefix 10.0.0.0/8",
        { ttl = 7, mode = "ip6ip" },
      },
    },
  },
  { add = { ["local"] = "10.0.0.1", isatap = true, ttl = 64 }, words = "local 10.0.0.1 isatap ttl 64" },
})

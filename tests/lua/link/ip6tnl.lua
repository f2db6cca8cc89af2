-- needs: ip, ip6tnl
local kinds = require("lib.kinds")
kinds.same("ip6tnl", {
  { add = { ["local"] = "fd00::1", remote = "fd00::2" }, words = "local fd00::1 remote fd00::2" },
  {
    add = {
      ["local"] = "fd00::1",
      remote = "fd00::2",
      mode = "ipip6",
      ttl = 9,
      tclass = 0x20,
      flowlabel = 0x12345,
      encaplimit = 2,
      fwmark = 6,
    },
    words = "local fd00::1 remote fd00::2 mode ipip6 hoplimit 9 tclass 0x20 flowlabel 0x12345 encaplimit 2 fwmark 6",
    set = {
      { { no_encaplimit = true, mode = "any" }, "encaplimit none mode any", { tclass = 0x20, ttl = 9 } },
      {
        { tclass_inherit = true, flowlabel_inherit = true, fwmark_inherit = true },
        "tclass inherit flowlabel inherit fwmark inherit",
      },
      {
        { tclass = 4, encaplimit = 3 },
        "tclass 4 encaplimit 3",
        { tclass = 4, encaplimit = 3, tclass_inherit = false },
      },
      {
        { dscp_inherit = true, allow_localremote = true },
        "dscp inherit allow-localremote",
        { flowlabel_inherit = true, dscp_inherit = true },
      },
      { { allow_localremote = false }, "noallow-localremote" },
    },
  },
  { link = "eth0", add = { remote = "fd00::2", ttl = 0 }, words = "remote fd00::2 dev eth0 hoplimit 0" },
  { add = { external = true }, words = "external" },
})

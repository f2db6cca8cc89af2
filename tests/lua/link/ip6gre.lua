-- needs: ip, ip6gre
local kinds = require("lib.kinds")
kinds.same("ip6gre", {
  { add = { ["local"] = "fd00::1", remote = "fd00::2" }, words = "local fd00::1 remote fd00::2" },
  {
    kind = "ip6gretap",
    add = {
      ["local"] = "fd00::1",
      remote = "fd00::2",
      ikey = 1,
      okey = 2,
      ttl = 9,
      tclass = 8,
      flowlabel = 7,
    },
    words = "local fd00::1 remote fd00::2 ikey 1 okey 2 hoplimit 9 tclass 0x8 flowlabel 0x7",
    set = {
      { { no_encaplimit = true, oseq = true }, "encaplimit none oseq", { ikey = 1, oseq = true, ttl = 9 } },
      {
        { key = 5, csum = true },
        "key 5 csum",
        { ikey = 5, okey = 5, icsum = true, ocsum = true, oseq = true },
      },
      { { remote = "fd00::3" }, "remote fd00::3" },
    },
  },
  {
    link = "eth0",
    add = { remote = "fd00::2", dscp_inherit = true },
    words = "remote fd00::2 dev eth0 dscp inherit",
  },
  { add = { external = true }, words = "external" },
})
link.add("t0", { kind = "ip6gre", ip6gre = { remote = "fd00::2" } })
check.equal(
  kinds.hint("exists", link.add, "t1", { kind = "ip6gre", ip6gre = { remote = "fd00::2" } }),
  "a tunnel with the same local and remote end, key and link below is there; the kernel's own ip6gre0 is the one without "
    .. "any"
)

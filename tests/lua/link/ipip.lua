-- needs: ip, ipip
local kinds = require("lib.kinds")
kinds.same("ipip", {
  { add = { ["local"] = "10.0.0.1", remote = "10.0.0.2" }, words = "local 10.0.0.1 remote 10.0.0.2" },
  {
    add = { ["local"] = "10.0.0.1", remote = "10.0.0.2", mode = "ipip", ttl = 9, tos = 4, pmtudisc = true },
    words = "local 10.0.0.1 remote 10.0.0.2 mode ipip ttl 9 tos 4 pmtudisc",
    set = {
      { { remote = "10.0.0.3" }, "remote 10.0.0.3", { remote = "10.0.0.3", mode = "ipip", ttl = 9 } },
      { { ttl = 0, pmtudisc = false, fwmark = 3 }, "ttl 0 nopmtudisc fwmark 3" },
    },
  },
  { link = "eth0", add = { remote = "10.0.0.2" }, words = "remote 10.0.0.2 dev eth0" },
  { add = { external = true }, words = "external" },
})
link.add("t0", { kind = "ipip", ipip = { remote = "10.0.0.2" } })
check.equal(
  kinds.hint("exists", link.add, "t1", { kind = "ipip", ipip = { remote = "10.0.0.2" } }),
  "a tunnel with the same local and remote end and link below is there; the kernel's own tunl0 is the one without any"
)

-- Tunnels in UDP.
-- needs: ip, gre
local kinds = require("lib.kinds")
local function fou()
  link.add("g0", { kind = "gre", gre = { remote = "10.0.0.2", encap = "fou", encap_dport = 5555 } })
end
if not pcall(fou) then
  check.equal(
    kinds.hint("invalid", fou),
    "encap takes the kernel's module fou (CONFIG_NET_FOU_IP_TUNNELS), which nothing loads by itself: modprobe fou"
  )
  skip("the module fou is not loaded")
end
local words = "local 10.0.0.1 remote 10.0.0.2 "
kinds.same("gre", {
  {
    add = {
      ["local"] = "10.0.0.1",
      remote = "10.0.0.2",
      encap = "fou",
      encap_dport = 5555,
      encap_csum = true,
    },
    words = words .. "encap fou encap-dport 5555 encap-csum",
    set = {
      {
        { encap = "gue", encap_sport = 7, encap_remcsum = true, encap_csum = false },
        "encap gue encap-sport 7 encap-remcsum noencap-csum encap-dport 5555",
        { encap = "gue", encap_sport = 7, encap_dport = 5555, encap_remcsum = true, encap_csum = false },
      },
    },
  },
})

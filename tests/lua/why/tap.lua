-- A device of programs that none has open.
-- needs: tun, ip
local faults = require("lib.faults")

faults.test({
  {
    "nobody is behind a tap",
    lab = "routed",
    breaks = function(l)
      l.r.exec({ "ip", "tuntap", "add", "dev", "tap0", "mode", "tap" }, { check = true })
      l.r.link.set("tap0", { up = true })
      l.r.route.add(l.ip.b .. (l.ip.length == "/24" and "/32" or "/128"), { dev = "tap0" })
    end,
    finds = { cause = "no_carrier", namespace = "r", dev = "tap0", way = "forth" },
    no_fix = true,
  },
})

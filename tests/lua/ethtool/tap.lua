-- A tap takes settings and coalescing, both ways between nsh and ethtool(8).
-- needs: ethtool, ip, tun
local shown = require("lib.shown")
local run, same = shown.run, shown.same
run({ "ip", "tuntap", "add", "dev", "tap0", "mode", "tap" })

test("features", function()
  check.at_least(same("tap0"), 50)
  ethtool.set("tap0", { features = { tx = false, sg = false } })
  same("tap0")
  run({ "ethtool", "-K", "tap0", "tx", "on", "sg", "on" })
  same("tap0")
end)

test("settings and coalescing of a tap", function()
  -- Before Linux 6.16 it was 10.
  local speed = tonumber(run({ "ethtool", "tap0" }):match("Speed: (%d+)Mb/s"))
  check.subset(ethtool.get("tap0"), { driver = "tun", speed = speed, duplex = "full", autoneg = false })
  ethtool.set("tap0", { speed = 1000, duplex = "half" })
  check.match(run({ "ethtool", "tap0" }), "Speed: 1000Mb/s%s+Duplex: Half")
  run({ "ethtool", "-s", "tap0", "speed", "100", "duplex", "full" })
  check.subset(ethtool.get("tap0"), { speed = 100, duplex = "full" })
  ethtool.set("tap0", { coalesce = { rx_frames = 16 } })
  check.match(run({ "ethtool", "-c", "tap0" }), "rx%-frames: 16")
  check.equal(ethtool.get("tap0").coalesce, { rx_frames = 16 })
  check.equal(ethtool.get("tap0").link, false)
end)

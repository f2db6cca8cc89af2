local before = lab.state()
route.add("10.9.0.0/16", { type = "blackhole" })
local changed = lab.difference(before, lab.state())
check.equal(changed, "host: routes\n  + blackhole 10.9.0.0/16\n")

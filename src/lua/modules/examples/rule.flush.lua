rule.add({ iif = "lo", table = 100 })
rule.add({ iif = "lo", table = 101 })
check.equal(rule.flush({ iif = "lo" }), 2)

rule.add({ to = "fd00::/64", table = 100 })
rule.del({ to = "fd00::/64", table = 100 })
check.equal(rule.get({ table = 100 }), nil)

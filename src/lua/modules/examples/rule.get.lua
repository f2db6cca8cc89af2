check.equal(rule.get({ priority = 32766, family = "inet6" }).table, "main")

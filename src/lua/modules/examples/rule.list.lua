print(rule.list({ family = "inet" }))

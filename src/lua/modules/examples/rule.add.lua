rule.add({ from = "10.0.1.0/24", table = 100, priority = 1000 })
rule.add({ fwmark = 7, family = "inet6", type = "prohibit", priority = 1001 })
route.add("default", { type = "unreachable", table = 100 })
print(rule.list())

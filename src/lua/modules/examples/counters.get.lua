ping("127.0.0.1", { count = 2 })
check.at_least(counters.get("IcmpInEchos"), 2)

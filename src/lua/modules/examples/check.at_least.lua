check.at_least(ping("127.0.0.1", { count = 2 }).received, 1)

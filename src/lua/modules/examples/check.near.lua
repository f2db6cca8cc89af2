check.near(9.8, 10, 0.5)
check.near(104, 100, { rel = 0.05, message = "megabits" })

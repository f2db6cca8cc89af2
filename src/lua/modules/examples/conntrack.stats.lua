local stats = conntrack.stats()
print(stats.count, "of", stats.max)

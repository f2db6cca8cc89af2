conntrack.flush()
assert(#conntrack.list() == 0)

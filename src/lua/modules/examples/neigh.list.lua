for _, n in ipairs(neigh.list({ state = { "reachable", "stale" } })) do
  print(n.dst, n.lladdr)
end

test.each("lo takes packets of {} bytes", { 100, 1000 }, function(size)
  check.equal(ping("127.0.0.1", { size = size }).received, 1)
end)
test.each("{}: {addr} is local", {
  v4 = { addr = "127.0.0.1" },
  v6 = { addr = "::1" },
}, function(case)
  check.reachable(host, case.addr)
end)

-- Options that people know by another name, or look for in another place.
local function fails(text, f)
  check.equal(check.error(f, "argument").message, text)
end

fails('nat.masquerade: opts: unknown option "src"; did you mean "source"?', function()
  nat.masquerade({ src = "10.0.0.0/8" })
end)
fails('route.add: opts: unknown option "gateway"; did you mean "via"?', function()
  route.add("10.0.0.0/8", { gateway = "10.0.0.1" })
end)
fails('link.add: opts: unknown option "stp"; it goes into another: bridge = { stp = ... }', function()
  link.add("br0", { kind = "bridge", stp = true })
end)
fails("link.list: functions of modules and namespaces are called with a dot, not a colon", function()
  (link --[[@as any]]):list()
end)
check(tostring(ping("127.0.0.1").rtt):find("^avg=") == 1, "a record within a record prints its fields")

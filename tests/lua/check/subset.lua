local function fails(text, f)
  local e = check.error(f, "check")
  check.equal(e.message, text)
  return e.diff
end

check.subset(link.get("lo"), { name = "lo", up = true })
check.subset({ a = { 1, 2, 3, n = 3 } }, { a = { 1, 2 } })
check.subset({}, {})
fails("check.subset: lo: at mtu: expected 1500, got 65536", function()
  check.subset(link.get("lo"), { up = true, mtu = 1500 }, "lo")
end)
fails("check.subset: at a.b: expected 1, got nil", function()
  check.subset({ a = {} }, { a = { b = 1 } })
end)
fails("check.subset: at [1]: expected 2, got 1", function()
  check.subset({ 1, 2 }, { 2 })
end)
check.error(function()
  check.subset({}, "x" --[[@as any]])
end, "argument")

-- Only what is wanted stands in the diff.
local long = ("x"):rep(60)
check.equal(
  fails("check.subset: at mtu: expected 1500, got 1400", function()
    check.subset({ name = long, mtu = 1400, other = 1 }, { name = long, mtu = 1500 })
  end),
  '  {\n-   mtu = 1500,\n+   mtu = 1400,\n    name = "' .. long .. '",\n  }'
)

-- In any order, each in a place of its own.
check.subset(addr.list(), { { address = "::1/128" } }, { unordered = true })
check.subset({ { a = 1, b = 1 }, { a = 1 } }, { { a = 1 }, { b = 1 } }, { unordered = true })
check.subset({ l = { 3, 1, 2 } }, { l = { 1, 2 } }, { unordered = true, message = "nested" })
fails("check.subset: at l: expected an item like { a = 2 }; none of the 1 item is", function()
  check.subset({ l = { { a = 1 } } }, { l = { { a = 2 } } }, { unordered = true })
end)
fails("check.subset: expected an item like 1; none of the 2 items is", function()
  check.subset({ 1, 2 }, { 1, 1 }, { unordered = true })
end)

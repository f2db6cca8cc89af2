local function fails(text, f)
  local e = check.error(f, "check")
  check.equal(e.message, text)
  return e.diff
end

-- Side by side where one line does not say enough.
local long = ("x"):rep(50)
check.equal(
  fails("check.equal: at [1].mtu: expected 1500, got 1400; at up: expected nil, got true", function()
    check.equal({ { name = long, mtu = 1400 }, up = true }, { { name = long, mtu = 1500 } })
  end),
  table.concat({
    "  {",
    "    {",
    "-     mtu = 1500,",
    "+     mtu = 1400,",
    '      name = "' .. long .. '",',
    "    },",
    "+   up = true,",
    "  }",
  }, "\n")
)
check.equal(
  fails("check.equal: expected 1, got 2", function()
    check.equal(2, 1)
  end),
  nil
)
check.equal(
  check.error(function()
    check.equal("a\nb\nc", "a\nx\nc")
  end, "check").diff,
  "  [[\n  a\n- x\n+ b\n  c\n  ]]"
)

check.differ(1, 2)
check.differ({ 1 }, { 2 }, "with a message")
fails("check.differ: the same: expected anything but { 1 }", function()
  check.differ({ 1 }, { 1 }, "the same")
end)

check.near(9.8, 10, 0.2)
check.near(104, 100, { rel = 0.05 })
check.near(-104, -100, { rel = 0.05 })
check.near(101, 100, { rel = 0.001, abs = 1, message = "the larger counts" })
fails("check.near: expected 10 give or take 0.1, got 9.8, which is 0.2 off", function()
  check.near(9.8, 10, 0.1)
end)
fails("check.near: rate: expected 100 give or take 5, got 90, which is 10 off", function()
  check.near(90, 100, { rel = 0.05 }, "rate")
end)
check.error(function()
  check.near(1, 1)
end, { kind = "argument", match = "expected how far it may be off" })
check.error(function()
  check.near("1" --[[@as any]], 1, 1)
end, { kind = "argument", match = "got: expected a number" })
check.error(function()
  check.near(1, 1, -1)
end, "argument")

check.equal({ check.match("eth0: up, 1500", "(%l+)%d: (%l+)") }, { "eth", "up" })
check.equal(check.match("eth0", "%d"), "0")
check.equal(check.match("a.b", ".b", { plain = true }), ".b")
fails('check.match: the name: expected "%d" in "eth"', function()
  check.match("eth", "%d", "the name")
end)
check.error(function()
  check.match("eth", "[")
end, { kind = "argument", match = "malformed pattern" })
check.error(function()
  check.match(1500 --[[@as any]], "%d")
end, "argument")
check.no_match("eth0", "%u")
fails('check.no_match: expected no "%d+" in "eth10", found "10"', function()
  check.no_match("eth10", "%d+")
end)

-- Errors by kind, by text, by both.
local e = check.error(function()
  link.del("eth7")
end, { kind = "not_found", match = 'no link named "eth%d"' })
check.equal(e.op, "link.del")
check.error(function()
  error({ code = 7 })
end, { match = "code = 7", plain = true })
fails(
  'check.error: expected an error of kind "not_found" with "eth8", got link.del "eth7": no link named "eth7" (there is lo)',
  function()
    check.error(function()
      link.del("eth7")
    end, { kind = "not_found", match = "eth8" })
  end
)
fails('check.error: it: expected an error of kind "exists", but nothing was raised', function()
  check.error(function() end, "exists", "it")
end)

-- A malformed pattern is a wrong argument, wherever it is given.
for what, claim in pairs({
  ["check.match: pattern: malformed pattern (ends with '%')"] = function()
    check.match("x", "%")
  end,
  ["check.error: opts.match: malformed pattern (ends with '%')"] = function()
    check.error(function()
      error("x")
    end, { match = "%" })
  end,
}) do
  check.equal(check.error(claim, "argument").message, what)
end

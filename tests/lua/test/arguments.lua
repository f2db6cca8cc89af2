-- What has no place is refused, at the call.
local function fails(kind, text, f)
  check.equal(check.error(f, kind).message, text)
end

fails("argument", "test: name: expected a string, got nil", function()
  (test --[[@as any]])()
end)
fails("argument", "test: name: expected a name, got an empty string", function()
  test("", function() end)
end)
fails("argument", "test: name: a name is one line, without control characters", function()
  test("a\nb", function() end)
end)
fails("argument", "test: fn: expected a function, got nil", function()
  (test --[[@as any]])("no function")
end)
fails("argument", "test: fn: expected a function, got nil", function()
  test("no function", { timeout = 1 } --[[@as any]])
end)
fails("argument", 'test: opts: unknown option "timout"; did you mean "timeout"?', function()
  test("x", { timout = 1 }, function() end)
end)
fails("argument", "test: expected at most 3 arguments, got 4", function()
  (test --[[@as any]])("x", {}, function() end, 4)
end)
fails("argument", "test.each: cases: expected at least one case, got an empty table", function()
  test.each("x", {}, function() end)
end)
fails("argument", "test.each: cases: expected an array of cases, or a table of cases by name", function()
  test.each("x", { 1, a = 2 }, function() end)
end)
fails("argument", 'test.each: name: the case 1 has no field "mtuu"; did you mean "mtu"?', function()
  test.each("{mtuu}", { { mtu = 1 } }, function() end)
end)

test("a name of its own", function() end)
check(check
  .error(function()
    test("a name of its own", function() end)
  end, "exists").message
  :find('there is a test "a name of its own" already, at .*arguments%.lua:%d+$'))

group("a group", function()
  fails("argument", "xfail: xfail has its place in a test, or in the file outside groups", function()
    xfail("known")
  end)
  test("a name of its own", function() end)
end)

test("nothing stands in a test", function()
  for word, f in pairs({ test = test, group = group }) do
    fails(
      "argument",
      word .. ": " .. word .. ' has no place inside the test "nothing stands in a test"',
      function()
        f("inner", function() end)
      end
    )
  end
  fails(
    "argument",
    'before_each: before_each has no place inside the test "nothing stands in a test"',
    function()
      before_each(function() end)
    end
  )
end)

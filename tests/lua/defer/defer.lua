-- What is deferred runs when its test, its group or the script ends: the last one first, before handles are closed.
local log = {}
local function say(...)
  log[#log + 1] = table.concat({ ... }, " ")
end

local server
test("last in, first out, with its arguments", function()
  defer(say, "first", "given")
  defer(function()
    say("second")
    defer(say, "given meanwhile")
  end)
  server = tcp.listen("127.0.0.1:7")
  defer(function()
    tcp.connect("127.0.0.1:7"):close()
    say("the server still runs")
  end)
end)
check.equal(log, { "the server still runs", "second", "given meanwhile", "first given" })

test("what a test started ended with it", function()
  check.error(function()
    tcp.connect("127.0.0.1:7")
  end, "connection_refused")
end)

log = {}
test("after a failure", function()
  xfail("so that the file passes")
  defer(say, "deferred")
  error("no")
end)
test("after its time is up", { timeout = 0.05, xfail = "so that the file passes" }, function()
  defer(function()
    -- Waiting works again.
    check.equal(ping("127.0.0.1").received, 1)
    say("deferred after the limit")
  end)
  while true do
    pcall(function()
      while true do
      end
    end)
  end
end)
test("after skip", function()
  defer(say, "deferred after skip")
  skip("nothing to see")
end)
test("a deferred function that fails fails the test, and the others run", { xfail = "it does" }, function()
  defer(say, "the other")
  defer(error, "no")
end)
check.equal(log, { "deferred", "deferred after the limit", "deferred after skip", "the other" })

log = {}
group("a group", function()
  defer(say, "group")
  local web = http.serve("127.0.0.1:80", { ["/"] = "hello" })
  test("uses what the group started", function()
    check.equal(http.get("http://127.0.0.1/").body, "hello")
    check.equal(log, {})
  end)
  defer(function()
    say(tostring(web):match("closed") or "web still runs")
  end)
end)
check.equal(log, { "web still runs", "group" })
check.error(function()
  http.get("http://127.0.0.1/")
end, "connection_refused")

check.error(function()
  (defer --[[@as any]])()
end, { kind = "argument", match = "defer: fn: expected a function, got nil" })
test("a deferred function has no tests", { xfail = "it is refused" }, function()
  defer(function()
    test("inner", function() end)
  end)
end)

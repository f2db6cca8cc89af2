-- Tests run where they stand; what surrounds them runs in the documented order.
local log = {}
local function say(word)
  log[#log + 1] = word
end

before_each(function()
  say("before file")
end)
after_each(function()
  say("after file")
end)

test("a test runs at once", function()
  say("test")
  defer(say, "deferred 1")
  defer(say, "deferred 2")
end)
check.equal(log, { "before file", "test", "after file", "deferred 2", "deferred 1" })

log = {}
group("a group", function()
  defer(say, "group deferred")
  before_each(function()
    say("before group")
  end)
  after_each(function()
    say("after group")
  end)
  after_each(function()
    say("after group, given later")
  end)
  say("body")
  test("inside", function()
    say("test")
  end)
end)
check.equal(log, {
  "body",
  "before file",
  "before group",
  "test",
  "after group, given later",
  "after group",
  "after file",
  "group deferred",
})

log = {}
test.each("{}: {word}", { b = { word = "second" }, a = { word = "first" } }, function(case, name)
  say(name .. case.word)
end)
check.equal(log[2], "afirst")
check.equal(log[5], "bsecond")

-- What was given to a group is gone with it.
log = {}
test("behind the group", function()
  say("test")
end)
check.equal(log, { "before file", "test", "after file" })

local log = {}
before_each(function()
  log = {}
end)
test("begins anew", function()
  check.equal(#log, 0)
  log[1] = "x"
end)
test("begins anew again", function()
  check.equal(#log, 0)
end)

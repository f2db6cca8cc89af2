local function fails(text, f, ...)
  local ok, e = pcall(f, ...)
  check(not ok, "expected an error with " .. text)
  check.equal(e.kind, "argument")
  check(tostring(e):find(text, 1, true), tostring(e))
end

fails("expected no arguments, got 1", lab.state, {})
fails("before: expected a state, as lab.state returns it, got nil", lab.difference)
fails("after: expected what lab.state returned", lab.difference, lab.state(), {})
fails('lab has no "stat"; did you mean "state"?', function()
  return (lab --[[@as any]]).stat()
end)

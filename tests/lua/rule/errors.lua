-- Every mistake is told in one line, and nothing is left of it.
local before = tostring(rule.list())

local function fails(kind, text, f, ...)
  local ok, e = pcall(f, ...)
  check(not ok, "expected an error with " .. text)
  check.equal(e.kind, kind)
  check(tostring(e):find(text, 1, true), tostring(e))
end

fails("argument", 'unknown option "form"; did you mean "from"?', rule.add, { form = "10.0.0.0/8" })
fails("argument", "has host bits set", rule.add, { from = "10.0.0.1/8" })
fails("argument", "different families", rule.add, { from = "10.0.0.0/8", to = "fd00::/8" })
fails("argument", 'not of the family "inet"', rule.add, { from = "fd00::/8", family = "inet" })
fails(
  "argument",
  "opts.table: expected an integer from 0 to 4294967295 or a table",
  rule.add,
  { table = true }
)
fails("argument", "unknown routing table", rule.add, { table = "mian" })
fails("argument", "looks up no table", rule.add, { type = "blackhole", table = 1 })
fails("argument", "only lead on to a later one", rule.add, { priority = 5, goto_priority = 5 })
for _, kind in ipairs({ "blackhole", "lookup" }) do
  local text = ('is of the type "goto"; leave out type %q'):format(kind)
  fails("argument", text, rule.add, { priority = 5, goto_priority = 9, type = kind })
end
fails("argument", "give fwmark too", rule.add, { fwmask = 1 })
fails("argument", "expected a port, or a range", rule.add, { ipproto = "tcp", dport = 0 })
fails("argument", "ends before it begins", rule.add, { ipproto = "tcp", dport = "90-80" })
fails("argument", "opts.uidrange", rule.add, { uidrange = "5-1" })
fails("argument", "opts.priority: expected an integer", rule.add, { priority = -1 })
fails("argument", "opts.iif", rule.add, { iif = "a-name-that-is-too-long" })
fails("argument", "expected at most 1 argument", rule.add, {}, {})
fails("not_found", "no such rule", rule.del, { priority = 4242 })
fails(
  "not_found",
  "there is 0 (table local), 32766 (table main)",
  rule.del,
  { priority = 4242, family = "inet" }
)

check.equal(tostring(rule.list()), before)

rule.add({ from = "10.0.0.0/8", table = 7, priority = 10 })
fails(
  "exists",
  "the same rule is there already: rule 10: from 10.0.0.0/8 lookup 7",
  rule.add,
  { from = "10.0.0.0/8", table = 7, priority = 10 }
)

check.equal(json.encode({ b = 1, a = { 1, 2, "x" } }), '{"a":[1,2,"x"],"b":1}')
check.equal(json.encode({}), "{}")
check.equal(json.encode(namespace.list()), "[]", "an empty list is a list")
check.equal(json.encode(nil), "null")
check.equal(json.encode(1.5), "1.5")
check.equal(json.encode({ 1, 2 }, { pretty = true }), "[\n  1,\n  2\n]")
check.equal(json.encode(namespace.add("ns1")), '"ns1"')
check.equal(
  json.decode('{"a":[1,null,3],"b":{"c":true},"d":1e3}'),
  { a = { 1, nil, 3 }, b = { c = true }, d = 1000.0 }
)
check.equal(json.decode(json.encode(link.list()))[1].name, "lo")

local function fails(text, f)
  check.equal(check.error(f, "argument").message, text)
end

fails("json.encode: value.a[2]: JSON has no number for NaN", function()
  json.encode({ a = { 1, 0 / 0 } })
end)
fails("json.encode: value.f: JSON has nothing for a function", function()
  json.encode({ f = print })
end)
fails("json.decode: text: this is not JSON: expected value at line 1 column 6", function()
  json.decode('{"a":}')
end)
local knot = {}
knot.knot = knot
check.error(function()
  json.encode(knot)
end, "argument")

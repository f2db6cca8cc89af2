-- What is wrong with a request is told before anything is changed.
link.add("veth1", { kind = "veth", peer = { name = "veth2" } })

local function said(options, kind)
  local before = ethtool.get("veth1").features
  local e = check.error(function()
    ethtool.set("veth1", options)
  end, { kind = kind })
  check.equal(ethtool.get("veth1").features, before)
  return tostring(e)
end

test("features", function()
  check.match(said({ features = { tsoo = true, gro = true } }, "argument"), 'did you mean "tso"?')
  check.match(said({ features = { blah = true } }, "argument"), "ethtool.get%(DEV%).features has the names")
  check.match(said({ features = { lro = true, gro = true } }, "unsupported"), "lro of veth1 is off")
  check.match(
    said({ features = { gro = 1 } } --[[@as any]], "argument"),
    "opts.features.gro: expected a boolean"
  )
  -- What can't be changed may be asked to be as it is.
  ethtool.set("veth1", { features = { lro = false } })
end)

test("what the driver hasn't", function()
  check.match(said({ rings = { rx = 100 } }, "unsupported"), "the driver of veth1 can't change its rings")
  check.match(said({ speed = 100 }, "unsupported"), "can't change its settings")
  check.match(said({ pause = { rx = true } }, "unsupported"), "can't change its pause frames")
  check.match(said({ coalesce = { rx_usecs = 1 } }, "unsupported"), "can't change its coalescing")
  check.equal(ethtool.get("veth1").rings, nil)
end)

test("no such link", function()
  for _, call in ipairs({
    function()
      ethtool.get("veht1")
    end,
    function()
      ethtool.stats("veht1")
    end,
    function()
      ethtool.set("veht1", { features = { tso = false } })
    end,
  }) do
    check.match(tostring(check.error(call, { kind = "not_found" })), 'did you mean "veth1"?')
  end
end)

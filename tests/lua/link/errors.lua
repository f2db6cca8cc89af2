-- Each mistake gets one line with its reason, and leaves the lab as it was.
local ns1 = namespace.add("ns1", { up = true })
link.add("br0", { kind = "bridge", up = true })
link.add("veth0", { kind = "veth", peer = { name = "eth0", ns = ns1 } })
local before = { tostring(link.list()), tostring(ns1.link.list()) }

local function fails(kind, text, f)
  check.equal(tostring(check.error(f, kind)):gsub("^[^:]*:%d+: ", ""), text)
  check.equal({ tostring(link.list()), tostring(ns1.link.list()) }, before, "nothing has changed")
end

fails(
  "exists",
  [[link.add "br0": file exists (EEXIST)
  hint: host has a link named "br0" already; link.set changes it, link.del removes it]],
  function()
    link.add("br0", { kind = "bridge" })
  end
)
fails(
  "argument",
  [[link.add: name: a link's name has at most 15 bytes, "a-very-long-name" has 16]],
  function()
    link.add("a-very-long-name", { kind = "bridge" })
  end
)
-- A kind that nobody knows is a mistake; one that is known, but not to this kernel, is a lack.
fails(
  "argument",
  [[link.add: no kind of link is named "veht"
  hint: did you mean "veth"?]],
  function()
    link.add("x", { kind = "veht" })
  end
)
check.error(function()
  link.add("x", { kind = "frobnicator" })
end, { kind = "argument", match = 'no kind of link is named "frobnicator"' })
check.error(function()
  link.add("x", { kind = "vlna", link = "br0" })
end, { kind = "argument", match = '"vlna"' })
for _, kind in ipairs({ "wireguard", "netdevsim", "vcan", "nlmon" }) do
  local made, e = pcall(link.add, "y", { kind = kind })
  if made then
    link.del("y")
  else
    check.equal((e --[[@as any]]).kind, "unsupported")
  end
end
fails("not_found", [[link.del "eth9": no link named "eth9" (there is lo, br0, veth0)]], function()
  link.del("eth9")
end)
fails(
  "not_found",
  [[link.set "veth0": master: no link named "br1" (there is lo, br0, veth0)
  hint: did you mean "br0"?]],
  function()
    link.set("veth0", { master = "br1" })
  end
)
fails(
  "argument",
  [[link.add: opts: the option "vlan" is for links of kind vlan, and this is one of kind "bridge"]],
  function()
    link.add("x", { kind = "bridge", vlan = { id = 3 } })
  end
)
fails(
  "exists",
  [[link.add "x": file exists (EEXIST): peer
  hint: ns1 has a link named "eth0" already]],
  function()
    link.add("x", { kind = "veth", peer = { name = "eth0", ns = "ns1" } })
  end
)
fails("argument", [[link.add: opts: unknown option "mtuu"; did you mean "mtu"?]], function()
  link.add("x", { kind = "bridge", mtuu = 1500 })
end)
fails(
  "argument",
  [[link.add: opts.mtu: expected an integer from 68 to 65535, got the string "1500"]],
  function()
    link.add("x", { kind = "bridge", mtu = "1500" } --[[@as any]])
  end
)
fails("argument", [[link.add: opts.mtu: expected an integer from 68 to 65535, got the integer 1]], function()
  link.add("x", { kind = "bridge", mtu = 1 })
end)
fails("argument", [[link.add: opts.peer.up: expected a boolean, got the integer 1]], function()
  link.add("x", { kind = "veth", peer = { up = 1 } } --[[@as any]])
end)
fails(
  "argument",
  [[link.add: opts: the option "kind" is missing (a kind of link, such as "veth")]],
  function()
    (link --[[@as any]]).add("x", {})
  end
)
fails("argument", [[link.add: expected at most 2 arguments, got 3]], function()
  (link --[[@as any]]).add("x", { kind = "bridge" }, true)
end)
fails("not_found", [[link.add "x": opts.peer.ns: no namespace named "ns9" (there is ns1)]], function()
  link.add("x", { kind = "veth", peer = { ns = "ns9" } })
end)
-- The pair is made, the address can't be given: the pair goes again.
check.error(function()
  link.add("x", { kind = "veth", addr = "ff02::1/64", peer = { name = "y", ns = ns1 } })
end)
check.equal({ tostring(link.list()), tostring(ns1.link.list()) }, before, "nothing has changed")

local e = check.error(function()
  link.set("lo", { ns = ns1 })
end, "invalid")
check.equal(e.errno, "EINVAL")
check.equal(e.hint, "lo can't be moved: each namespace has its own")
e = check.error(function()
  link.add("t0", { kind = "tap" })
end, "argument")
check.equal(e.hint, 'tun.add("t0", { mode = "tap" })')

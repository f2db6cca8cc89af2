-- A tunnel of IPsec as a link: routes say what goes through it, and its number (if_id) which states and policies protect
-- it, whatever the packets are.
--
--   nsh scripts/examples/ipsec-routes.lua
-- needs: esp, xfrm

local west, east = namespace.add("west"), namespace.add("east")
west.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "192.0.2.1/24",
  peer = { name = "eth0", ns = east, up = true, addr = "192.0.2.2/24" },
})

local KEY = "rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"
local ends = {
  { ns = west, addr = "192.0.2.1", inner = "10.0.1.1" },
  { ns = east, addr = "192.0.2.2", inner = "10.0.2.1" },
}
for i, here in ipairs(ends) do
  local there = ends[3 - i]
  here.ns.link.add("ipsec0", { kind = "xfrm", xfrm = { if_id = 7 }, up = true, addr = here.inner .. "/32" })
  here.ns.route.add(there.inner, { dev = "ipsec0", src = here.inner })
  for dir, way in pairs({ out = { here, there }, ["in"] = { there, here } }) do
    local tunnel = { src = way[1].addr, dst = way[2].addr, proto = "esp", mode = "tunnel" }
    here.ns.xfrm.policy.add({ dir = dir, if_id = 7, tmpl = tunnel })
    local state = { spi = way[1].ns == west and 0x100 or 0x200, if_id = 7, aead = KEY }
    for key, value in pairs(tunnel) do
      state[key] = value
    end
    here.ns.xfrm.state.add(state --[[@as any]])
  end
end

test("what is routed through the link is protected", function()
  local wire <close> = east.capture.start("eth0")
  check.equal(west.ping("10.0.2.1", { count = 1 }).received, 1)
  check.equal(#wire:wait({ proto = "esp", count = 2 }), 2)
  check.equal(wire:packets({ proto = "icmp" }), {})
  check.greater(west.xfrm.state.list({ spi = 0x100 })[1].packets, 0)
end)

test("what isn't, goes in the clear", function()
  local wire <close> = east.capture.start("eth0")
  check.equal(west.ping("192.0.2.2", { count = 1 }).received, 1)
  check.equal(#wire:wait({ proto = "icmp", count = 2 }), 2)
end)

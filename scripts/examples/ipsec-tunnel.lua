-- Two sites, and between their gateways an ESP tunnel: what the sites tell each other isn't seen on the way.
--
--   nsh scripts/examples/ipsec-tunnel.lua
-- needs: esp

local topology = require("nsh.topology")

local net = topology({
  routers = { "west", "wan", "east" },
  hosts = { "a", "b" },
  links = {
    { "west", "wan", subnet = "192.0.2.0/30" },
    { "wan", "east", subnet = "198.51.100.0/30" },
    { "west", "a", subnet = "10.0.1.0/24" },
    { "east", "b", subnet = "10.0.2.0/24" },
  },
})

-- A state for each direction, and the packets that it is for. What comes in must have come by the tunnel, too.
local KEY = "rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"
local EAST = net:addr("east", { to = "wan" })
local function tunnel(from, to, spi, src, dst)
  local near, far = net:addr(from, { to = "wan" }), net:addr(to, { to = "wan" })
  local way = { src = near, dst = far, proto = "esp", mode = "tunnel" }
  for _, gateway in ipairs({ net[from], net[to] } --[[@as nsh.Namespace[] ]]) do
    gateway.xfrm.state.add({ src = near, dst = far, proto = "esp", spi = spi, mode = "tunnel", aead = KEY })
  end
  net[from].xfrm.policy.add({ dir = "out", src = src, dst = dst, tmpl = way })
  net[to].xfrm.policy.add({ dir = "in", src = src, dst = dst, tmpl = way })
  net[to].xfrm.policy.add({ dir = "fwd", src = src, dst = dst, tmpl = way })
end
tunnel("west", "east", 0x100, "10.0.1.0/24", "10.0.2.0/24")
tunnel("east", "west", 0x200, "10.0.2.0/24", "10.0.1.0/24")

test("the sites reach each other, and the wire shows ESP only", function()
  local wire <close> = net.wan.capture.start("to-west")
  check.reachable(net.a, net.b)
  check.equal(#wire:wait({ proto = "esp", count = 2 }), 2)
  check.equal(wire:packets({ net = "10.0.0.0/8" }), {})
  check.equal(wire:packets({ proto = "icmp" }), {})
end)

test("both states count what passed", function()
  for _, spi in ipairs({ 0x100, 0x200 }) do
    check.greater(net.east.xfrm.state.list({ spi = spi })[1].packets, 0)
  end
end)

test("without the state nothing passes", function()
  net.east.xfrm.state.del({ dst = EAST, proto = "esp", spi = 0x100 })
  check.unreachable(net.a, net.b, { timeout = 0.5 })
end)

-- needs: esp
-- One for each direction, the same ones on both ends.
local key = "rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"
xfrm.state.add({
  src = "192.0.2.1",
  dst = "192.0.2.2",
  proto = "esp",
  spi = 0x100,
  mode = "tunnel",
  aead = key,
})
xfrm.state.add({
  src = "192.0.2.2",
  dst = "192.0.2.1",
  proto = "esp",
  spi = 0x200,
  mode = "tunnel",
  aead = key,
})

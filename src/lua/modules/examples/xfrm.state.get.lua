-- needs: esp
xfrm.state.add({ dst = "192.0.2.2", proto = "esp", spi = 0x100, enc = "ecb(cipher_null)", reqid = 7 })
local state = xfrm.state.get({ dst = "192.0.2.2", proto = "esp", spi = 0x100 })
check.equal(state and state.reqid, 7)
check.equal(xfrm.state.get({ dst = "192.0.2.2", proto = "esp", spi = 0x101 }), nil)

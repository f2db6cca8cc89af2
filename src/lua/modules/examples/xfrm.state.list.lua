-- needs: esp
xfrm.state.add({ dst = "192.0.2.2", proto = "esp", spi = 0x100, enc = "ecb(cipher_null)" })
print(xfrm.state.list({ dst = "192.0.2.2" }))

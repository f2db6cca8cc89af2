-- needs: nft
nat.masquerade({ out = "eth0" })
assert(nft.list():find("masquerade"))

-- needs: nft
nat.masquerade({ out = "eth0" })
assert(nft.list():find("masquerade"))

-- As tables, which another namespace loads.
namespace.add("ns1").nft.load(nft.list({ json = true }))

-- needs: wireguard
link.add("wg0", { kind = "wireguard", up = true, addr = "10.0.0.1/24" })
wireguard.set("wg0", { private_key = wireguard.genkey(), listen_port = 51820 })
print(wireguard.get("wg0"))

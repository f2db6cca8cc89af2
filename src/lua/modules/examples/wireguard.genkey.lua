print(wireguard.genkey())

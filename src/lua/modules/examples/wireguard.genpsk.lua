print(wireguard.genpsk())

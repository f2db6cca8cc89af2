assert(json.encode({ mtu = 1500, up = true }) == '{"mtu":1500,"up":true}')

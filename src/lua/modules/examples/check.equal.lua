check.equal({ 1, { mtu = 1500 } }, { 1, { mtu = 1500 } })

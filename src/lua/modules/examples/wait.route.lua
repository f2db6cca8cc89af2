-- needs: ip
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24" })
local daemon <close> = proc.spawn("ip route add 10.9.0.0/16 via 10.0.0.2 proto bird")
wait.route("10.9.0.0/16", { via = "10.0.0.2", proto = "bird" })

-- needs: wireguard
link.add("wg0", { kind = "wireguard", up = true, addr = "10.0.0.1/24" })
for _, device in ipairs(wireguard.list()) do
  print(device.dev, #device.peers)
end

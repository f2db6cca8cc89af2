check.equal(route.get("127.0.0.1").dev, "lo")
check.error(function()
  route.get("8.8.8.8")
end, "network_unreachable")

for _, route in ipairs(mroute.list()) do
  print(route.group, route.iif, route.packets)
end

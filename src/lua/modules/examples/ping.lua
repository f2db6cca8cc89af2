local result = ping("127.0.0.1", { count = 3, interval = 0.01 })
print(result)
for _, reply in ipairs(result.replies) do
  print(reply)
end
check.equal(result.received, 3)
check.error(function()
  ping("8.8.8.8")
end, "network_unreachable")

test("forwards over a VLAN", function()
  local ok, e = pcall(link.add, "v7", { kind = "vlan", link = "lo", vlan = { id = 7 } })
  if not ok then
    skip("no VLANs here: " .. tostring(e))
  end
end)

for _, l in ipairs(link.list({ up = true })) do
  print(l.name)
end

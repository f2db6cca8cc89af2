-- What changed is not followed among so many namespaces that the first look would take seconds.
for i = 1, 1001 do
  namespace.add("n" .. i, { ipv6 = false })
end
check.equal(1, 1)
link.add("br0", { kind = "bridge" })
local _, e = pcall(check.equal, 1, 2)
check.match(tostring(e), "changes are not followed in a lab of more than 1000 namespaces")
check.no_match(tostring(e), "br0")

-- needs: flowtable
-- Once a connection is established, its packets go from lan to wan past the chains.
for _, name in ipairs({ "lan", "wan" }) do
  link.add(name, { kind = "veth", up = true })
end
firewall.add_flowtable("fast", { devices = { "lan", "wan" }, counter = true })
firewall.add({ chain = "forward", state = "established", action = "flow add @fast" })

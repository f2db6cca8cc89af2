-- Shaped links: the root, peers, what comes in, and a link that is cut in one direction. Filters are compared on the links
-- that are called "shaped".
local a = namespace.add("a", { up = true })
for _, name in ipairs({ "shaped", "v1", "v2", "v3" }) do
  link.add(name, { kind = "veth", up = true, peer = { name = name, ns = a, up = true } })
end
link.shape("v1", { rate = "10mbit", limit = 77, direction = "both" })
link.shape("v1", { rate = "20mbit", loss = "1%" })
link.shape("v2", { loss = "0.5%" })
link.shape("v3", { rate = "1gbit" })
link.shape("v3", false)
link.shape("shaped", { rate = "1mbit", to = { ["10.0.0.2"] = { rate = "2mbit" }, ["10.0.0.3"] = {} } })
link.shape("shaped", {
  to = {
    ["10.0.0.2"] = { rate = "3mbit" },
    ["10.8.0.0/13"] = { rate = "4mbit", limit = 9 },
    ["fd00::2"] = { rate = "5mbit" },
    ["fd00:0:8000::/33"] = { rate = "100gbit" },
  },
})
link.add("br0", { kind = "bridge", up = true })
link.shape("br0", { rate = "6mbit", direction = "both" })

local b = namespace.add("b", { up = true })
b.link.add("shaped", { kind = "bridge", up = true })
b.link.shape("shaped", { rate = "7mbit", direction = "in" })

local net = require("nsh.topology")({ hosts = { "x", "y" }, links = { { "x", "y", rate = "8mbit" } } })
net:cut("x", "y", { from = "x" })
net:shape("x", "y", { from = "y", rate = "9mbit" })

-- The network of lab.lua and of the tests. `nsh doc topology` tells what the table can have.

local topology = require("nsh.topology")

return function()
  return topology({
    hosts = { "left", "right" },
    routers = { "router" },
    links = {
      { "left", "router" },
      { "router", "right" },
    },
  })
end

-- Two hosts and a router between them. The network stands in tests/lib/network.lua, where the tests use it too.
--
--   nsh lab.lua          run it
--   nsh -i lab.lua       and then a prompt in its lab
--   nsh up lab.lua       a lab that stays: nsh exec lab left -- ip addr, nsh attach lab, nsh down lab

local network = require("tests.lib.network")

local net = network()
print(net)
print(net.left.ping("right", { count = 3 }))

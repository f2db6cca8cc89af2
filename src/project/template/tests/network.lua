-- Run it: nsh test. What can be checked: nsh doc check.

local network = require("lib.network")

local net = network()

test("the hosts reach each other by IPv4 and IPv6", function()
  check.reachable(net.left, net.right)
  check.reachable(net.right, net.left)
end)

test("the router is one hop on the way", function()
  local sent = net.left.ping("right", { ttl = 1 })
  check.equal(sent.received, 0)
end)

test("a server of one host answers the other", function()
  local _web <close> = net.right.http.serve(":80", { ["/"] = "hello\n" })
  check.equal(net.left.http.get("http://right/").body, "hello\n")
end)

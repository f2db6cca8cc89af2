-- Which end sends, and by which way the server is found.
local topology = require("nsh.topology")
local net = topology({
  routers = { "isp", { "home", nat = "isp" } },
  hosts = { "web", "a" },
  links = { { "isp", "web" }, { "isp", "home" }, { "home", "a" } },
})
local a, web, home = net.a, net.web, net.home

for _, proto in ipairs({ "tcp", "udp" }) do
  for _, family in ipairs({ "inet", "inet6" }) do
    local how = { proto = proto, family = family, time = 0.15, rate = "5mbit" }
    local forth = a.perf("web", how)
    check.equal(
      { forth.from, forth.to, forth.addr, forth.back },
      { "a", "web", net:addr(web, { family = family }), nil }
    )
    check.greater(forth.bytes, 0)
    -- Behind NAT, too, where only the client can begin.
    how.reverse = true
    local back = a.perf(web, how)
    check.equal({ back.from, back.to }, { "web", "a" })
    check.greater(back.bytes, 0)
    how.reverse, how.both, how.parallel = false, true, 2
    local both = a.perf("web", how)
    local other = assert(both.back)
    check.equal({ both.from, both.to, other.from, other.to }, { "a", "web", "web", "a" })
    check.equal({ #both.streams, #other.streams }, { 2, 2 })
    for _, stream in ipairs(both.streams) do
      check.greater(stream.bytes, 0)
    end
    check.greater(other.bytes, 0)
  end
end

-- A port that is forwarded: the address is the router's, the server elsewhere.
local outside = net:addr(home, { to = "isp" })
for _, proto in ipairs({ "tcp", "udp" }) do
  home.nat.dnat({ proto = proto, dest = outside, dport = 5201, to = net:addr(a) .. ":5201" })
  local how = { proto = proto, at = "a", port = 5201, time = 0.15, parallel = 2 }
  local there = web.perf(outside, how)
  check.equal({ there.from, there.to, there.port }, { "web", "a", 5201 })
  check.greater(there.bytes, 0)
  how.reverse = true
  check.greater(web.perf(outside, how).bytes, 0)
end

-- Oneself, and a neighbour by its link-local address.
check.greater(a.perf("127.0.0.1", { time = 0.1 }).bytes, 0)
check.greater(a.perf("::1", { time = 0.1, proto = "udp", flood = true }).bytes, 0)
local near = home.addr.list({ dev = "to-a", scope = "link" })[1]["local"]
check.greater(a.perf(near .. "%eth0", { at = home, time = 0.1 }).bytes, 0)
check.greater(a.perf(near .. "%eth0", { at = home, time = 0.1, proto = "udp" }).bytes, 0)

-- Nothing is left behind.
check.equal(#a.socket.list({ proto = "udp" }), 0)
check.equal(#web.socket.list({ proto = "tcp" }), 0)

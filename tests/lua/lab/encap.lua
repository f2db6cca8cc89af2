-- needs: ip
-- What only `ip` can set yet is told all the same.
link.add("v0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "v1", up = true } })
wait.link("v0")
local before = lab.state()
if proc.exec("ip route add 10.8.0.0/16 encap ip id 7 dst 10.0.0.9 dev v0").status ~= 0 then
  skip("this kernel has no lightweight tunnels of IP")
end
check.match(
  lab.difference(before, lab.state()),
  "+ 10.8.0.0/16 encap ip id 7 src 0.0.0.0 dst 10.0.0.9",
  { plain = true }
)
if proc.exec("ip nexthop add id 5 via 10.0.0.9 dev v0").status ~= 0 then
  skip("this kernel has no nexthop objects")
end
proc.exec("ip route add 10.7.0.0/16 nhid 5", { check = true })
check.match(lab.difference(before, lab.state()), "+ 10.7.0.0/16 nhid 5 via 10.0.0.9 dev v0", { plain = true })
check.equal(route.list({ dst = "10.7.0.0/16" })[1].nhid, 5)

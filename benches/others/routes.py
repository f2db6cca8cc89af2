# As ../routes.lua, by pyroute2.
import sys

from pyroute2 import IPRoute

ip = IPRoute()
ip.link("add", ifname="v1", kind="veth", peer="v2")
v1 = ip.link_lookup(ifname="v1")[0]
ip.link("set", index=v1, state="up")
for i in range(int(sys.argv[1])):
    ip.route("add", dst="10.%d.%d.0/24" % (i // 250 + 1, i % 250), oif=v1)
assert len(ip.get_routes(family=2)) >= int(sys.argv[1])

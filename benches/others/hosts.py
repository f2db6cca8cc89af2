# As ../hosts.lua, by pyroute2.
import sys

from pyroute2 import IPRoute, NetNS

host = IPRoute()
host.link("add", ifname="br0", kind="bridge")
bridge = host.link_lookup(ifname="br0")[0]
host.addr("add", index=bridge, address="10.0.0.1", prefixlen=16)
host.link("set", index=bridge, state="up")
for i in range(1, int(sys.argv[1]) + 1):
    with NetNS("h%d" % i) as ns:
        host.link("add", ifname="v%d" % i, kind="veth", peer={"ifname": "eth0", "net_ns_fd": "h%d" % i})
        host.link("set", index=host.link_lookup(ifname="v%d" % i)[0], master=bridge, state="up")
        index = ns.link_lookup(ifname="eth0")[0]
        ns.addr("add", index=index, address="10.0.%d.%d" % (i // 250 + 1, i % 250 + 1), prefixlen=16)
        ns.link("set", index=index, state="up")
        ns.route("add", dst="default", gateway="10.0.0.1")

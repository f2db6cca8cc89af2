# As ../chain.lua, by pyroute2.
import sys

from pyroute2 import NetNS

before = NetNS("r1")
for i in range(2, int(sys.argv[1]) + 1):
    ns = NetNS("r%d" % i)
    before.link("add", ifname="right", kind="veth", peer={"ifname": "left", "net_ns_fd": "r%d" % i})
    for end, name, last in ((before, "right", 1), (ns, "left", 2)):
        index = end.link_lookup(ifname=name)[0]
        end.addr("add", index=index, address="10.%d.%d.%d" % (i // 250, i % 250, last), prefixlen=24)
        end.link("set", index=index, state="up")
    before = ns

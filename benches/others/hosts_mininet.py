# N hosts on one Linux bridge, by Mininet: its hosts are shells, each in a namespace.
import sys

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

topo = SingleSwitchTopo(int(sys.argv[1]))
net = Mininet(topo=topo, switch=LinuxBridge, controller=None, waitConnected=False)
net.start()
net.stop()

print(sysctl.list("net.ipv4.conf.lo"))

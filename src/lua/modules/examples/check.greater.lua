ping("127.0.0.1")
check.greater(link.stats("lo").rx_packets, 0)

print(link.stats("lo").rx_packets)

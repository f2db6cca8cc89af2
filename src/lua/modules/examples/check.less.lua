check.less(ping("127.0.0.1").rtt.max, 1, "seconds")

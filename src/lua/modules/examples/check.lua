check(namespace.get("host"), "the lab has a host")

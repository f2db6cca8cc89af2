local links = json.decode('[{"ifname":"lo"}]')
assert(links[1].ifname == "lo")

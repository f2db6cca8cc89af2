-- Links, cables and bridges.
-- needs: tc, ip
local faults = require("lib.faults")

faults.test({
  {
    "the own link is down",
    lab = "bridged",
    breaks = function(l)
      l.a.link.set("eth0", { up = false })
    end,
    finds = { cause = "link_down", namespace = "a", dev = "eth0", way = "forth" },
    families = { "inet" },
  },
  {
    "the far end of the own cable is down",
    lab = "routed",
    breaks = function(l)
      l.r.link.set("ra", { up = false })
    end,
    finds = { cause = "link_down", namespace = "r", dev = "ra", way = "forth" },
    families = { "inet" },
  },
  {
    "the target's link is down",
    lab = "bridged",
    breaks = function(l)
      l.b.link.set("eth0", { up = false })
    end,
    finds = { cause = "link_down", namespace = "b", dev = "eth0", way = "forth" },
    families = { "inet" },
  },
  {
    "a link drops all that it sends",
    lab = "routed",
    breaks = function(l)
      l.r.exec({ "tc", "qdisc", "replace", "dev", "rb", "root", "blackhole" }, { check = true })
    end,
    finds = { cause = "silenced", namespace = "r", dev = "rb", way = "forth" },
  },
  {
    "the target's address is still tentative",
    lab = "bridged",
    breaks = function(l)
      l.b.addr.del("fd00::2/64", { dev = "eth0" })
      l.b.sysctl.set("net.ipv6.conf.eth0.dad_transmits", 4)
      -- As ip does it, with the detection.
      l.b.exec({ "ip", "addr", "add", "fd00::2/64", "dev", "eth0" }, { check = true })
    end,
    finds = { cause = "address_tentative", namespace = "b", dev = "eth0", way = "forth" },
    families = { "inet6" },
  },
  {
    "the source's address is still tentative",
    lab = "bridged",
    breaks = function(l)
      l.a.addr.del("fd00::1/64", { dev = "eth0" })
      l.a.sysctl.set("net.ipv6.conf.eth0.dad_transmits", 4)
      l.a.exec({ "ip", "addr", "add", "fd00::1/64", "dev", "eth0" }, { check = true })
    end,
    finds = { cause = "address_tentative", namespace = "a", dev = "eth0", way = "forth" },
    families = { "inet6" },
  },
  {
    "another host had the target's address when it was added",
    lab = "bridged",
    breaks = function(l)
      l.b.addr.del("fd00::2/64", { dev = "eth0" })
      l.s.addr.add("fd00::2/64", { dev = "br0" })
      l.b.exec({ "ip", "addr", "add", "fd00::2/64", "dev", "eth0" }, { check = true })
      eventually(function()
        check.match(tostring(l.b.addr.list({ dev = "eth0" })), "fd00::2/64 [^\n]*dadfailed")
      end)
      l.s.addr.del("fd00::2/64", { dev = "br0" })
      l.a.neigh.flush()
    end,
    finds = { cause = "dad_failed", namespace = "b", dev = "eth0", way = "forth" },
    families = { "inet6" },
    no_fix = true,
  },
  {
    "the bridge is down",
    lab = "bridged",
    breaks = function(l)
      l.s.link.set("br0", { up = false })
    end,
    finds = { cause = "link_down", namespace = "s", dev = "br0" },
  },
  {
    "a port is down",
    lab = "bridged",
    breaks = function(l)
      l.s.link.set("pb", { up = false })
    end,
    finds = { cause = "link_down", namespace = "s", dev = "pb" },
  },
  {
    "the first port is not in the bridge",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.detach("pa")
    end,
    finds = { cause = "not_a_port", namespace = "s", dev = "pa" },
  },
  {
    "the second port is not in the bridge",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.detach("pb")
    end,
    finds = { cause = "not_a_port", namespace = "s", dev = "pb" },
  },
  {
    "spanning tree has not opened a port yet",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.set("br0", { stp = true, forward_delay = 30 })
      l.s.bridge.detach("pb")
      l.s.bridge.attach("br0", "pb")
    end,
    finds = { cause = "port_state", namespace = "s", dev = "pb" },
  },
  {
    "both ports are isolated",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.set_port("pa", { isolated = true })
      l.s.bridge.set_port("pb", { isolated = true })
    end,
    finds = { cause = "port_isolated", namespace = "s", dev = "pb" },
  },
  {
    "a port floods no broadcasts",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.set_port("pb", { bcast_flood = false, flood = false, mcast_flood = false })
      l.a.neigh.flush()
      l.s.fdb.flush("pb")
    end,
    finds = { cause = "port_flood", namespace = "s", dev = "pb" },
    families = { "inet" },
  },
  {
    "a link loses all that it sends",
    lab = "bridged",
    breaks = function(l)
      l.s.link.shape("pb", { loss = "100%" })
    end,
    finds = { cause = "lossy", namespace = "s", dev = "pb", way = "forth" },
  },
  {
    "a link loses all that comes back",
    lab = "routed",
    breaks = function(l)
      l.b.link.shape("eth0", { loss = "100%" })
    end,
    finds = { cause = "lossy", namespace = "b", dev = "eth0" },
  },
  {
    "a port is locked",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.set_port("pa", { locked = true, learning = false })
      l.s.fdb.flush("pa")
    end,
    finds = { cause = "port_locked", namespace = "s", dev = "pa" },
  },
  {
    "a port is in another bridge",
    lab = "bridged",
    breaks = function(l)
      l.s.bridge.add("br1", { up = true })
      l.s.bridge.attach("br1", "pb")
    end,
    finds = { cause = "not_a_port", namespace = "s", dev = "pb" },
  },
  {
    "the hardware address is the sender's",
    lab = "bridged",
    breaks = function(l)
      l.b.link.set("eth0", { mac = l.a.link.get("eth0").mac })
      l.a.neigh.flush()
      l.b.neigh.flush()
    end,
    finds = { cause = "duplicate_mac", namespace = "b", dev = "eth0" },
    families = { "inet" },
  },
  {
    "the sender's address is another one's too",
    lab = "bridged",
    breaks = function(l)
      local c = namespace.add("c", { up = true })
      l.s.link.add("pc", {
        kind = "veth",
        up = true,
        master = "br0",
        peer = { name = "eth0", ns = c, up = true, addr = l.ip.a .. l.ip.length },
      })
      l.b.neigh.replace(l.ip.a, { dev = "eth0", lladdr = c.link.get("eth0").mac, state = "reachable" })
    end,
    finds = { cause = "duplicate_address", way = "back" },
    no_fix = true,
  },
  {
    "the other end of the cable takes less",
    lab = "bridged",
    ask = { size = 1400 },
    breaks = function(l)
      l.s.link.set("pa", { mtu = 1280 })
    end,
    finds = { cause = "mtu_mismatch", namespace = "s", dev = "pa", way = "forth" },
  },
  {
    "it doesn't fit through the router",
    lab = "routed",
    ask = { size = 1400 },
    breaks = function(l)
      l.r.link.set("rb", { mtu = 1280 })
      l.b.link.set("eth0", { mtu = 1280 })
    end,
    finds = { cause = "too_big", namespace = "r", dev = "rb", way = "forth" },
    no_fix = true,
  },
  {
    "ARP is not answered",
    lab = "bridged",
    breaks = function(l)
      l.b.sysctl.set("net.ipv4.conf.eth0.arp_ignore", 8)
      l.a.neigh.flush()
    end,
    finds = { cause = "arp_ignored", namespace = "b", dev = "eth0" },
    families = { "inet" },
  },
  {
    "ARP is switched off at the sender",
    lab = "bridged",
    breaks = function(l)
      l.a.link.set("eth0", { arp = false })
      l.a.neigh.flush()
    end,
    finds = { cause = "arp_off", namespace = "a", dev = "eth0" },
    families = { "inet" },
  },
  {
    "ARP is switched off",
    lab = "bridged",
    breaks = function(l)
      l.b.link.set("eth0", { arp = false })
      l.a.neigh.flush()
    end,
    finds = { cause = "arp_off", namespace = "b", dev = "eth0" },
    families = { "inet" },
  },
  {
    "a static neighbour is wrong",
    lab = "bridged",
    breaks = function(l)
      l.a.neigh.replace(l.to, { dev = "eth0", lladdr = "02:00:00:00:00:99" })
    end,
    finds = { cause = "wrong_neighbour", namespace = "a", dev = "eth0", way = "forth" },
  },
  {
    "a static neighbour of the target is wrong",
    lab = "bridged",
    breaks = function(l)
      l.b.neigh.replace(l.ip.a, { dev = "eth0", lladdr = "02:00:00:00:00:99" })
    end,
    finds = { cause = "wrong_neighbour", namespace = "b", dev = "eth0", way = "back" },
  },
})

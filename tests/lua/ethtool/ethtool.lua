-- What links leave to their drivers, both ways between nsh and ethtool(8).
-- needs: ethtool, ip
local shown = require("lib.shown")
local run, same = shown.run, shown.same

link.add("veth1", { kind = "veth", queues = 4, peer = { name = "veth2" } })
link.add("br0", { kind = "bridge" })
local LINKS = { "lo", "veth1", "br0" }

test("features of each kind of link", function()
  for _, dev in ipairs(LINKS) do
    check.at_least(same(dev), 50)
  end
end)

-- The names of those that can be changed.
local function changeable(dev)
  local fixed, names = {}, {}
  for _, name in ipairs(ethtool.get(dev).fixed) do
    fixed[name] = true
  end
  for name in pairs(ethtool.get(dev).features) do
    if not fixed[name] then
      table.insert(names, name)
    end
  end
  return names
end

test("each feature that can be changed, off and on again", function()
  local names = changeable("veth1")
  check.at_least(#names, 25)
  for _, name in ipairs(names) do
    local on = ethtool.get("veth1").features[name]
    local ok, e = pcall(ethtool.set, "veth1", { features = { [name] = not on } })
    if ok then
      check.equal(ethtool.get("veth1").features[name], not on, name)
    else
      check.match(tostring(e), "stays")
    end
    same("veth1")
    ethtool.set("veth1", { features = { [name] = on } })
  end
end)

test("all at once by ethtool, off and on again", function()
  for _, word in ipairs({ "off", "on" }) do
    local command = { "ethtool", "-K", "br0" }
    for _, name in ipairs(changeable("br0")) do
      table.insert(command, name)
      table.insert(command, word)
    end
    run(command)
    same("br0")
  end
end)

test("words of groups, and what depends on what", function()
  ethtool.set("veth1", { features = { tx = false, gro = true } })
  local now = ethtool.get("veth1")
  check.subset(
    now.features,
    { tx = false, gro = true, ["rx-gro"] = true, ["tx-checksum-ip-generic"] = false }
  )
  check.equal(now.features["tx-tcp-segmentation"], false)
  check.equal(now.wanted["tx-tcp-segmentation"], true)
  same("veth1")
  local e = check.error(function()
    ethtool.set("veth1", { features = { ["tx-tcp-segmentation"] = false } })
    ethtool.set("veth1", { features = { ["tx-tcp-segmentation"] = true } })
  end, { kind = "invalid" })
  check.match(tostring(e), "tx%-tcp%-segmentation of veth1 stays off")
  ethtool.set("veth1", { features = { tx = true } })
  check.equal(ethtool.get("veth1").features["tx-tcp-segmentation"], true)
  check.equal(ethtool.get("veth1").wanted, {})
end)

test("channels", function()
  check.equal(ethtool.get("veth1").channels, { rx = 4, rx_max = 4, tx = 4, tx_max = 4 })
  ethtool.set("veth1", { channels = { rx = 2, tx = 3 } })
  check.match(run({ "ethtool", "-l", "veth1" }), "Current hardware settings:%s+RX:%s+2%s+TX:%s+3")
  run({ "ethtool", "-L", "veth1", "rx", "1", "tx", "1" })
  check.subset(ethtool.get("veth1").channels, { rx = 1, tx = 1 })
  check.error(function()
    ethtool.set("veth1", { channels = { rx = 5 } })
  end, { kind = "invalid" })
end)

test("counters of the driver, by queue", function()
  local ours = ethtool.stats("veth1")
  local theirs = 0
  for name, count in run({ "ethtool", "-S", "veth1" }):gmatch("(%S+): (%d+)\n") do
    theirs = theirs + 1
    check.equal(ours[name], math.tointeger(count), name)
  end
  local count = 0
  for _ in pairs(ours) do
    count = count + 1
  end
  check.equal(count, theirs)
  check.at_least(count, 5)
  check.match(tostring(ours), "rx_queue_0_xdp_packets: 0")
  check.equal(ours.peer_ifindex, assert(link.get("veth2")).index)
  check.equal(ethtool.stats("lo"), {})
end)

test("in another namespace", function()
  local ns1 = namespace.add("ns1")
  ns1.link.add("eth0", { kind = "veth", peer = { name = "p0", ns = host } })
  ns1.ethtool.set("eth0", { features = { tso = false } })
  check.match(run({ "ip", "netns", "exec", "ns1", "ethtool", "-k", "eth0" }), "tx%-tcp%-segmentation: off")
  check.equal(ethtool.get("p0").features.tso, true)
end)

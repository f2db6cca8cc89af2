-- A rate alone needs no netem. What a kernel lacks, and what makes no sense, is an error that says so.
-- needs: tc
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", { kind = "veth", up = true, peer = { name = "eth0", ns = ns1, up = true } })

local function root(ns, dev)
  return json.decode(ns.exec({ "tc", "-j", "qdisc", "show", "dev", dev, "root" }).stdout)[1]
end

local before = root(host, "v0").kind
link.shape("v0", { rate = "10mbit", direction = "both" })
for ns, dev in pairs({ [host] = "v0", [ns1] = "eth0" }) do
  local seen = root(ns, dev)
  local rate = seen.options.rate
  check.equal(type(rate) == "table" and rate.rate or rate, 1250000)
  check.equal(ns.link.get(dev).shape.rate, 10000000)
  check.match(tostring(ns.link.get(dev).shape), "rate 10mbit")
end
link.shape("v0", { rate = 5000000 })
check.equal(link.get("v0").shape.rate, 5000000)
link.shape("v0", { rate = "100gbit" })
check.equal(link.get("v0").shape.rate, 100000000000)
link.shape("v0", { rate = "10mbit", limit = 77 })
check.equal(link.get("v0").shape.limit, 77)

-- A link's own discipline comes back, and one that others set stays.
link.shape("v0", false)
check.equal(root(host, "v0").kind, before)
check.equal(link.get("v0").shape, nil)
link.shape("v0", false)

---Somebody else's discipline stays, and is named.
local function kept(kind, options)
  proc.exec(("tc qdisc add dev v0 root %s %s"):format(kind, options), { check = true })
  local seen = root(host, "v0")
  local e = check.error(function()
    link.shape("v0", { rate = "1mbit" })
  end, "exists")
  check.match(e.message, ("v0 has a queueing discipline that somebody set: %s %s$"):format(kind, seen.handle))
  check.match(tostring(e.hint), "tc qdisc del dev v0 root")
  link.shape("v0", false)
  check.equal(root(host, "v0"), seen)
  proc.exec("tc qdisc del dev v0 root", { check = true })
end
kept("pfifo", "limit 9")
kept("blackhole", "")
kept("tbf", "rate 2mbit burst 10k limit 20k")
-- One of another's is shown all the same.
proc.exec("tc qdisc add dev v0 root tbf rate 2mbit burst 10k limit 30280", { check = true })
check.equal(link.get("v0").shape, { rate = 2000000, limit = 20 })
proc.exec("tc qdisc del dev v0 root", { check = true })
-- The other end's stays too, and this one is not shaped then.
ns1.exec("tc qdisc add dev eth0 root pfifo", { check = true })
local both = check.error(function()
  link.shape("v0", { rate = "1mbit", direction = "both" })
end, "exists")
check.match(both.message, "in ns1: eth0 has a queueing discipline")
check.equal(root(host, "v0").kind, before)
ns1.exec("tc qdisc del dev eth0 root", { check = true })

local function refused(kind, options)
  return check.error(function()
    link.shape("v0", options)
  end, kind)
end
check.match(refused("argument", { jitter = "1ms" }).message, "jitter needs delay")
check.match(refused("argument", { reorder = "1%" }).message, "reorder needs delay")
check.match(refused("argument", { delay = "50" }).message, "a time such as")
check.match(refused("argument", { loss = "101%" }).message, "share")
check.match(refused("argument", { rate = "10" }).message, "a rate such as")
check.match(refused("argument", { direction = "up" }).message, '"out", "in" or "both"')
check.match(refused("argument", { delai = 1 }).message, 'did you mean "delay"')
refused("argument", true)
check.error(function()
  link.shape("nowhere", { rate = "1mbit" })
end, "not_found")

-- Large frames pass a slow link.
for ns, dev in pairs({ [host] = "v0", [ns1] = "eth0" }) do
  ns.link.set(dev, { mtu = 9000 })
  ns.addr.add(ns == host and "10.0.0.1/24" or "10.0.0.2/24", { dev = dev })
end
link.shape("v0", { rate = "10mbit" })
check.equal(ping("10.0.0.2", { size = 8900, df = true }).received, 1)

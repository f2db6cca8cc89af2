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

-- A link's own discipline comes back, and one that others set stays.
link.shape("v0", false)
check.equal(root(host, "v0").kind, before)
check.equal(link.get("v0").shape, nil)
link.shape("v0", false)
proc.exec("tc qdisc add dev v0 root pfifo limit 9", { check = true })
link.shape("v0", false)
check.equal(root(host, "v0").kind, "pfifo")

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
link.add("d0", { kind = "bridge" })
local e = check.error(function()
  link.shape("d0", { rate = "1mbit", direction = "both" })
end, "unsupported")
check.match(e.message, "other end")
check.equal(link.get("d0").shape, nil)

-- What a link receives is shaped by its other end, and by an ifb where that is in no namespace of the lab.
-- needs: tc, ifb
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})

local function tc(ns, words)
  return json.decode(ns.exec("tc -j " .. words, { check = true }).stdout)
end

---The rate at a link's root in bytes per second, as tc has it.
local function rate(ns, dev)
  local found = (tc(ns, "qdisc show dev " .. dev .. " root")[1].options or {}).rate
  return type(found) == "table" and found.rate or found
end

---Filters at the way in, and where they redirect to.
local function redirected(dev)
  local to = {}
  for _, filter in ipairs(tc(host, "filter show dev " .. dev .. " ingress")) do
    for _, action in ipairs((filter.options or {}).actions or {}) do
      table.insert(to, action.to_dev)
    end
  end
  return to
end

local function names()
  local out = {}
  for _, l in ipairs(link.list()) do
    table.insert(out, l.name)
  end
  return out
end

-- A bridge has no other end.
link.add("br0", { kind = "bridge", up = true })
local before = names()
link.shape("br0", { rate = "8mbit", direction = "both" })
local ifb = "shape" .. link.get("br0").index
check.equal(redirected("br0"), { ifb })
check.equal({ rate(host, "br0"), rate(host, ifb) }, { 1000000, 1000000 })
check.equal(link.get("br0").shape.rate, 8000000)
check.equal(link.get("br0").shape_in.rate, 8000000)
link.shape("br0", { rate = "16mbit", direction = "in" })
check.equal({ rate(host, "br0"), rate(host, ifb) }, { 1000000, 2000000 })
check.equal(redirected("br0"), { ifb })
link.shape("br0", { direction = "out" })
check.equal({ rate(host, "br0"), rate(host, ifb) }, { nil, 2000000 })
link.shape("br0", { direction = "in" })
check.equal(link.get("br0").shape_in, nil)
check.equal(names(), before)
check.equal(tc(host, "qdisc show dev br0 ingress"), {})

-- Filters of others stay, and so does their discipline.
for _, kind in ipairs({ "ingress", "clsact" }) do
  proc.exec("tc qdisc add dev br0 " .. kind, { check = true })
  local match = "u32 match ip dst 10.9.9.9/32 action mirred egress redirect dev v0"
  proc.exec("tc filter add dev br0 ingress protocol ip pref 7 " .. match, { check = true })
  link.shape("br0", { rate = "8mbit", direction = "in" })
  check.equal(redirected("br0"), { "v0", ifb })
  link.shape("br0", false)
  check.equal(redirected("br0"), { "v0" })
  check.equal(tc(host, "qdisc show dev br0 ingress")[1].kind, kind)
  proc.exec("tc qdisc del dev br0 " .. kind, { check = true })
end
check.equal(names(), before)

-- What fails leaves nothing.
proc.exec("tc qdisc add dev br0 root pfifo", { check = true })
check.error(function()
  link.shape("br0", { rate = "8mbit", direction = "both" })
end, "exists")
check.equal(names(), before)
check.equal(tc(host, "qdisc show dev br0 ingress"), {})

-- Packets go through the ifb. A process keeps a namespace that has no name any more.
local hidden = namespace.add("hidden", { up = true })
link.add("v1", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth0", ns = hidden, up = true, addr = "10.0.1.2/24" },
})
check.reachable(host, "10.0.1.2")
local keeper <close> = hidden.proc.spawn("exec sleep 1000")
namespace.del("hidden")
link.shape("v1", { rate = "8mbit", direction = "in" })
check.reachable(host, "10.0.1.2")
check.greater(link.stats("shape" .. link.get("v1").index).tx_packets, 0)
link.shape("v1", false)
check.reachable(host, "10.0.1.2")
-- By netem alone: netfilter doesn't see what goes through an ifb.
if pcall(link.shape, "v1", { loss = "100%", direction = "in" }) then
  check.equal(link.get("v1").shape_in.loss, 1)
  check.unreachable(host, "10.0.1.2", { timeout = 0.2 })
  link.shape("v1", false)
  check.reachable(host, "10.0.1.2")
else
  local e = check.error(function()
    link.shape("v1", { loss = "100%", direction = "in" })
  end, "unsupported")
  check.match(e.message, "loss needs netem, which this kernel lacks %(CONFIG_NET_SCH_NETEM%)")
  check.equal(link.get("v1").shape_in, nil)
end

-- A veth's other end does it itself.
link.shape("v0", { rate = "8mbit", direction = "in" })
check.equal(rate(ns1, "eth0"), 1000000)
check.equal(redirected("v0"), {})
check.equal(link.get("v0").shape_in, nil)
link.shape("v0", false)
check.equal(rate(ns1, "eth0"), nil)

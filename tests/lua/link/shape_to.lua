-- Different shapes for different peers on one link: by rates, which every kernel can; IPv4 and IPv6.
-- needs: tc, htb
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = {
    name = "eth0",
    ns = ns1,
    up = true,
    addr = { "10.0.0.2/24", "10.0.0.3/24", "10.0.0.4/24", "fd00::2/64", "fd00::3/64" },
  },
})
-- Once they are known, no more questions about neighbours go through the class of the rest.
for _, address in ipairs({ "10.0.0.2", "10.0.0.3", "10.0.0.4", "fd00::2", "fd00::3" }) do
  check.reachable(host, address)
end

local function tc(words)
  return json.decode(proc.exec("tc -j " .. words, { check = true }).stdout)
end

---The rate of each class's discipline in bytes per second, and of the root's as "root".
local function rates()
  local out = {}
  for _, q in ipairs(tc("qdisc show dev v0")) do
    local rate = (q.options or {}).rate
    out[q.parent or "root"] = type(rate) == "table" and rate.rate or rate
  end
  return out
end

---How many packets the discipline of a class has sent.
local function sent(class)
  for _, q in ipairs(tc("-s qdisc show dev v0")) do
    if q.parent == class then
      return q.packets
    end
  end
end

link.shape("v0", {
  rate = "80mbit",
  to = {
    ["10.0.0.2"] = { rate = "8mbit" },
    ["10.0.0.3"] = { rate = "16mbit", limit = 50 },
    ["fd00::2"] = { rate = "24mbit" },
    ["10.1.0.0/16"] = {},
  },
})
local shape = link.get("v0").shape
check.subset(shape, {
  rate = 80000000,
  to = {
    ["10.0.0.2"] = { rate = 8000000 },
    ["10.0.0.3"] = { rate = 16000000, limit = 50 },
    ["fd00::2"] = { rate = 24000000 },
    ["10.1.0.0/16"] = {},
  },
})
check.match(
  tostring(shape),
  "^rate 80mbit limit 1000 to 10%.0%.0%.2 rate 8mbit limit 1000 to 10%.0%.0%.3 rate 16mbit"
)
local root = tc("qdisc show dev v0 root")[1]
check.equal({ root.kind, root.handle }, { "htb", "6874:" })
local seen = rates()
local found = {}
for _, rate in pairs(seen) do
  table.insert(found, rate)
end
table.sort(found)
check.equal(found, { 1000000, 2000000, 3000000, 10000000 })
check.equal(seen["6874:1"], 10000000, "the rest")

---The rates of the peers whose classes a ping goes through. In that of the rest there may be other packets at any time.
local function through(address)
  local before, out = {}, {}
  for class in pairs(seen) do
    before[class] = sent(class)
  end
  check.equal(ping(address, { count = 1 }).received, 1)
  for class, n in pairs(before) do
    if class ~= "6874:1" and sent(class) > n then
      table.insert(out, seen[class])
    end
  end
  return out
end
check.equal(through("10.0.0.2"), { 1000000 })
check.equal(through("10.0.0.3"), { 2000000 })
check.equal(through("fd00::2"), { 3000000 })
local rest = sent("6874:1")
check.equal(through("10.0.0.4"), {})
check.equal(through("fd00::3"), {})
check.at_least(sent("6874:1"), rest + 2)

-- Peers come and go; those that stay keep their discipline, and what waits in it.
local function handle_at(class)
  for _, q in ipairs(tc("qdisc show dev v0")) do
    if q.parent == class then
      return q.handle
    end
  end
end
local class
for parent, rate in pairs(seen) do
  class = rate == 1000000 and parent or class
end
local before = handle_at(class)
link.shape("v0", { to = { ["10.0.0.2"] = { rate = "9.6mbit" }, ["10.0.0.4"] = { rate = "4mbit" } } })
check.equal(handle_at(class), before)
check.equal(rates()[class], 1200000)
shape = link.get("v0").shape
check.equal({ shape.rate, shape.to["10.0.0.2"].rate, shape.to["10.0.0.4"].rate }, { nil, 9600000, 4000000 })
check.equal({ shape.to["10.0.0.3"], shape.to["fd00::2"] }, {})

-- What is read can be given again.
local function state()
  return proc.exec("tc qdisc show dev v0 | sed 's/[0-9a-f]*: parent/parent/'; tc filter show dev v0").stdout
end
local was = state()
link.shape("v0", assert(link.get("v0").shape))
check.equal(state(), was)

-- One shape for all again, and none.
link.shape("v0", { rate = "8mbit" })
check.differ(tc("qdisc show dev v0 root")[1].kind, "htb")
check.equal(tc("filter show dev v0"), {})
link.shape("v0", { to = { ["10.0.0.2"] = { rate = "8mbit" } } })
link.shape("v0", false)
check.equal(link.get("v0").shape, nil)
check.equal(tc("qdisc show dev v0 root")[1].kind, "noqueue")
check.equal(tc("filter show dev v0"), {})

-- Somebody else's classes stay.
proc.exec("tc qdisc add dev v0 root handle 1: htb", { check = true })
check.equal(link.get("v0").shape, nil)
check.error(function()
  link.shape("v0", { to = { ["10.0.0.2"] = { rate = "8mbit" } } })
end, "exists")
link.shape("v0", false)
check.equal(tc("qdisc show dev v0 root")[1].kind, "htb")
proc.exec("tc qdisc del dev v0 root", { check = true })

-- What a kernel lacks leaves all as it was.
link.shape("v0", { rate = "8mbit" })
if not pcall(link.shape, "v0", { to = { ["10.0.0.2"] = { delay = "1ms" } } }) then
  check.equal(link.get("v0").shape.rate, 8000000)
  check.equal(link.get("v0").shape.to, nil)
end

local function refused(text, opts)
  local e = check.error(function()
    link.shape("v0", opts)
  end, "argument")
  check.equal(e.message, "link.shape: " .. text)
end
local function to(address, options)
  return { to = { [address] = options or { rate = "1mbit" } } }
end
refused('opts.to: "10.0.0.2/24" has host bits set: the network is 10.0.0.0/24', to("10.0.0.2/24"))
refused('opts.to: "x" is not an IP address', to("x"))
refused('opts.to.10.0.0.2: unknown option "rat"; did you mean "rate"?', to("10.0.0.2", { rat = 1 }))
refused("to 10.0.0.2: jitter needs delay", to("10.0.0.2", { jitter = "1ms" }))
refused("to: 10.0.0.2/32 is given twice", { to = { ["10.0.0.2"] = {}, ["10.0.0.2/32"] = {} } })
refused(
  "to is for what the link sends: leave direction out",
  { to = { ["10.0.0.2"] = { rate = "1mbit" } }, direction = "both" }
)

-- Bursts of losses, packets in groups, and different delays for different peers.
-- needs: netem, htb, tc
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = {
    name = "eth0",
    ns = ns1,
    up = true,
    addr = { "10.0.0.2/24", "10.0.0.3/24", "fd00::2/64", "fd00::3/64" },
  },
})
for _, address in ipairs({ "10.0.0.2", "10.0.0.3", "fd00::2", "fd00::3" }) do
  check.reachable(host, address)
end

---The options of the discipline at the root, or of a class, as tc has them.
local function options(parent)
  for _, q in ipairs(json.decode(proc.exec("tc -j qdisc show dev v0", { check = true }).stdout)) do
    if q.parent == parent then
      return q.options
    end
  end
end

---Numbers that are nearly these.
local function near(found, wanted)
  for name, value in pairs(wanted) do
    check.near(found[name], value, 1e-5, tostring(name))
  end
end

test("the model of Gilbert and Elliott", function()
  link.shape("v0", { loss_model = { p = "1%", r = "20%", bad = "70%", good = "0.1%" } })
  near(options()["loss-gemodel"], { p = 0.01, r = 0.2, ["1-h"] = 0.7, ["1-k"] = 0.001 })
  near(link.get("v0").shape.loss_model, { p = 0.01, r = 0.2, bad = 0.7, good = 0.001 })
  check.match(tostring(link.get("v0").shape), "loss gemodel 1%% 20%% 70%% 0.1%%$")
  link.shape("v0", { loss_model = { p = "1%" } })
  near(options()["loss-gemodel"], { p = 0.01, r = 0.99, ["1-h"] = 1, ["1-k"] = 0 })
  link.shape("v0", { loss_model = { p = "100%", r = "0%" } })
  -- The first packet is the one that the bad state begins with.
  check.at_most(ping("10.0.0.2", { count = 5, interval = 0.01, timeout = 0.2 }).received, 1)
end)

test("the model of four states", function()
  link.shape("v0", { loss_model = { p13 = "1%", p31 = "30%", p32 = "20%", p23 = "40%", p14 = "0.5%" } })
  near(options()["loss-state"], { p13 = 0.01, p31 = 0.3, p32 = 0.2, p23 = 0.4, p14 = 0.005 })
  near(link.get("v0").shape.loss_model, { p13 = 0.01, p31 = 0.3, p32 = 0.2, p23 = 0.4, p14 = 0.005 })
  link.shape("v0", { loss = "1%" })
  check.equal(link.get("v0").shape.loss_model, nil)
  check.subset(link.get("v0").shape, { loss = 0.01 })
end)

test("slots", function()
  link.shape("v0", { slot = { min = "5ms", max = "10ms", packets = 3, bytes = 4000 } })
  local slot = options().slot
  near({ slot["min-delay"], slot["max-delay"] }, { 0.005, 0.01 })
  check.equal({ slot.packets, slot.bytes }, { 3, 4000 })
  check.subset(link.get("v0").shape.slot, { min = 0.005, max = 0.01, packets = 3, bytes = 4000 })
  check.equal(ping("10.0.0.2", { count = 1 }).received, 1)
  link.shape("v0", { slot = { min = "5ms" } })
  check.subset(link.get("v0").shape.slot, { min = 0.005, max = 0.005 })
  check.equal({ link.get("v0").shape.slot.packets, link.get("v0").shape.slot.bytes }, {})
  link.shape("v0", { delay = "1ms" })
  check.equal({ options().slot, link.get("v0").shape.slot }, {})
end)

test("each peer has its delay", function()
  link.shape("v0", {
    delay = "10ms",
    to = {
      ["10.0.0.2"] = { delay = "40ms" },
      ["fd00::2"] = { delay = "60ms", loss_model = { p = "0%" } },
      ["fd00::/64"] = {},
    },
  })
  check.near(options("6874:1").delay.delay, 0.01, 1e-6)
  local function fastest(address)
    return ping(address, { count = 3, interval = 0.01 }).rtt.min
  end
  local times = { fastest("10.0.0.2"), fastest("10.0.0.3"), fastest("fd00::2"), fastest("fd00::3") }
  check.at_least(times[1], 0.04)
  check.at_least(times[2], 0.01)
  check.less(times[2], 0.04)
  check.at_least(times[3], 0.06)
  check.less(times[4], 0.01)
  check.equal(link.get("v0").shape.to["fd00::2"].delay, 0.06)
  -- Of a link that is cut, each peer's comes back, too.
  local before = assert(link.get("v0").shape)
  link.shape("v0", false)
  link.shape("v0", before)
  check.equal(link.get("v0").shape, before)
  check.at_least(fastest("10.0.0.2"), 0.04)
end)

test("what waits for a peer stays when another one's shape changes", function()
  link.shape("v0", { to = { ["10.0.0.2"] = { delay = "1s" } } })
  local running <close> = ping.start("10.0.0.2", { count = 3, interval = 0.01, timeout = 10 })
  eventually(function()
    return running:result().sent == 3
  end)
  link.shape(
    "v0",
    { loss = "1%", to = { ["10.0.0.2"] = { delay = "2s" }, ["10.0.0.3"] = { loss = "100%" } } }
  )
  check.equal(running:wait().received, 3)
  check.unreachable(host, "10.0.0.3", { timeout = 0.2 })
end)

test("what makes no sense", function()
  local function refused(text, opts)
    local e = check.error(function()
      link.shape("v0", opts)
    end, "argument")
    check.equal(e.message, "link.shape: " .. text)
  end
  refused("loss and loss_model exclude each other", { loss = "1%", loss_model = { p = "1%" } })
  refused("loss_model needs p (Gilbert-Elliott) or p13 (four states)", { loss_model = { r = "1%" } })
  refused(
    "loss_model: p, r, bad and good are of another model than p13 and on",
    { loss_model = { p = "1%", p13 = "1%" } }
  )
  refused("slot needs min", { slot = { max = "1ms" } })
  refused("slot: max is less than min", { slot = { min = "2ms", max = "1ms" } })
end)

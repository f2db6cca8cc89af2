-- Delay, loss and rate of a link, as tc sees them and as packets do.
-- needs: netem, tc
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
check.reachable(host, "10.0.0.2")

---The discipline at a link's root, as tc has it.
local function root(ns, dev)
  local out = ns.exec({ "tc", "-j", "qdisc", "show", "dev", dev, "root" }).stdout
  return json.decode(out)[1]
end

test("tc sees what was asked for", function()
  link.shape("v0", {
    delay = "50ms",
    jitter = 0.005,
    loss = "1%",
    duplicate = "2%",
    corrupt = "0.5%",
    reorder = "25%",
    rate = "10mbit",
    limit = 77,
  })
  local seen = root(host, "v0")
  check.equal(seen.kind, "netem")
  local options = seen.options
  check.equal(options.limit, 77)
  check.near(options.delay.delay, 0.05, 1e-6)
  check.near(options.delay.jitter, 0.005, 1e-6)
  check.near(options["loss-random"].loss, 0.01, 1e-6)
  check.near(options.duplicate.duplicate, 0.02, 1e-6)
  check.near(options.corrupt.corrupt, 0.005, 1e-6)
  check.near(options.reorder.reorder, 0.25, 1e-6)
  check.equal(options.rate.rate, 1250000)
  local shape = link.get("v0").shape
  check.subset(
    shape,
    { delay = 0.05, jitter = 0.005, loss = 0.01, duplicate = 0.02, rate = 10000000, limit = 77 }
  )
  check.equal(
    tostring(shape),
    "delay 50ms 5ms loss 1% duplicate 2% corrupt 0.5% reorder 25% rate 10mbit limit 77"
  )
  check.equal(ns1.link.get("eth0").shape, nil)
end)

test("what isn't named is not done any more", function()
  link.shape("v0", { loss = "3%" })
  local options = root(host, "v0").options
  check.equal(options.delay, nil)
  check.equal(options.rate, nil)
  check.equal(options.duplicate, nil)
  check.equal(options.reorder, nil)
  check.near(options["loss-random"].loss, 0.03, 1e-6)
end)

test("packets are delayed, each way as asked", function()
  link.shape("v0", { delay = "40ms" })
  check.at_least(ping("10.0.0.2").rtt.min, 0.04)
  link.shape("v0", { delay = "40ms", direction = "both" })
  check.at_least(ping("10.0.0.2").rtt.min, 0.08)
  check.equal(root(ns1, "eth0").kind, "netem")
  link.shape("v0", false)
  check.less(ping("10.0.0.2").rtt.min, 0.04)
  check.differ(root(ns1, "eth0").kind, "netem")
  check.differ(root(host, "v0").kind, "netem")
  link.shape("v0", { delay = "40ms", direction = "in" })
  check.differ(root(host, "v0").kind, "netem")
  check.at_least(ping("10.0.0.2").rtt.min, 0.04)
  link.shape("v0", false)
end)

test("packets are lost", function()
  link.shape("v0", { loss = 1 })
  check.unreachable(host, "10.0.0.2")
  link.shape("v0", { loss = "0%" })
  check.reachable(host, "10.0.0.2")
end)

test("a change keeps what waits", function()
  link.shape("v0", { delay = "1s" })
  local running <close> = ping.start("10.0.0.2", { count = 3, interval = 0.01, timeout = 10 })
  eventually(function()
    return running:result().sent == 3
  end)
  link.shape("v0", { delay = "2s", loss = "100%" })
  check.equal(running:wait().received, 3)
end)

test("data take as long as the rate says", function()
  link.shape("v0", { rate = "8mbit" })
  local server <close> = http.serve("10.0.0.1:80", { ["/"] = ("x"):rep(500000) })
  -- 500,000 bytes at 1,000,000 a second, less what the queue took at first.
  check.at_least(ns1.http.get("http://10.0.0.1/", { timeout = 60 }).time, 0.4)
end)

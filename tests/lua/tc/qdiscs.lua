-- Every discipline and class with its options, both ways between nsh and tc(8).
-- needs: tc, dummy, netem, tbf, hfsc, prio, codel, fq_codel, fq, cake, sfq, red, drr
local same = require("lib.same")

test("disciplines are as tc makes them", function()
  same.qdiscs({
    { { netem = { delay = "50ms", limit = 100 } }, "netem delay 50ms limit 100" },
    {
      { netem = { delay = "50ms", jitter = "5ms", delay_correlation = "25%", limit = 100 } },
      "netem delay 50ms 5ms 25% limit 100",
    },
    {
      { netem = { loss = "1%", loss_correlation = "10%", ecn = true, limit = 100 } },
      "netem loss 1% 10% ecn limit 100",
    },
    {
      { netem = { delay = "10ms", reorder = "5%", reorder_correlation = "50%", gap = 5, limit = 100 } },
      "netem delay 10ms reorder 5% 50% gap 5 limit 100",
    },
    {
      {
        netem = {
          duplicate = "2%",
          duplicate_correlation = "1%",
          corrupt = "3%",
          corrupt_correlation = "4%",
          limit = 100,
        },
      },
      "netem duplicate 2% 1% corrupt 3% 4% limit 100",
    },
    { { netem = { rate = "1mbit", limit = 100 } }, "netem rate 1mbit limit 100" },
    {
      { tbf = { rate = "1mbit", burst = 10000, limit = 50000, peakrate = "2mbit", mtu = 2000 } },
      "tbf rate 1mbit burst 10000 limit 50000 peakrate 2mbit mtu 2000",
      { mtu = 2000, burst = 10000 },
    },
    { { hfsc = { default = "10" } }, "hfsc default 10" },
    { { kind = "prio" }, "prio" },
    {
      { prio = { bands = 4, priomap = { 3, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1 } } },
      "prio bands 4 priomap 3 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1",
    },
    {
      { codel = { limit = 100, target = "10ms", interval = "50ms", ecn = true, ce_threshold = "1ms" } },
      "codel limit 100 target 10ms interval 50ms ecn ce_threshold 1ms",
    },
    {
      {
        fq_codel = {
          limit = 100,
          flows = 64,
          quantum = 300,
          target = "3ms",
          interval = "50ms",
          memory_limit = 1048576,
          ecn = false,
          drop_batch = 3,
        },
      },
      "fq_codel limit 100 flows 64 quantum 300 target 3ms interval 50ms memory_limit 1mb noecn drop_batch 3",
    },
    {
      {
        fq = {
          limit = 100,
          flow_limit = 10,
          buckets = 512,
          quantum = 3000,
          initial_quantum = 6000,
          maxrate = "1mbit",
          pacing = false,
          low_rate_threshold = "1mbit",
          orphan_mask = 511,
          timer_slack = "5us",
        },
      },
      "fq limit 100 flow_limit 10 buckets 512 quantum 3000 initial_quantum 6000 maxrate 1mbit nopacing low_rate_threshold 1mbit orphan_mask 511 timer_slack 5us",
    },
    {
      {
        cake = {
          bandwidth = "10mbit",
          diffserv = "besteffort",
          flowmode = "hosts",
          nat = true,
          wash = true,
          ingress = true,
          ack_filter = "ack-filter",
          split_gso = false,
          rtt = "50ms",
          atm = "atm",
          overhead = 18,
          mpu = 64,
          memlimit = 1048576,
        },
      },
      "cake bandwidth 10mbit besteffort hosts nat wash ingress ack-filter no-split-gso rtt 50ms atm overhead 18 mpu 64 memlimit 1mb",
    },
    {
      { cake = { bandwidth = "50mbit", diffserv = "diffserv4", autorate = true } },
      "cake bandwidth 50mbit diffserv4 autorate-ingress",
    },
    {
      { sfq = { limit = 100, quantum = 2000, perturb = 10, divisor = 512, depth = 50, headdrop = true } },
      "sfq limit 100 quantum 2000 perturb 10 divisor 512 depth 50 headdrop",
    },
    {
      {
        red = {
          limit = 400000,
          min = 30000,
          max = 90000,
          avpkt = 1000,
          burst = 55,
          bandwidth = "10mbit",
          probability = "5%",
          ecn = true,
        },
      },
      "red limit 400000 min 30000 max 90000 avpkt 1000 burst 55 bandwidth 10mbit probability 0.05 ecn",
      { avpkt = false, burst = false, bandwidth = false },
    },
    {
      { red = { limit = 60000, avpkt = 1000, harddrop = true, ecn = true, adaptive = true } },
      "red limit 60000 avpkt 1000 bandwidth 10mbit ecn harddrop adaptive",
      { avpkt = false },
    },
    { { pfifo = { limit = 5 } }, "pfifo limit 5" },
    { { bfifo = { limit = 5000 } }, "bfifo limit 5000" },
    { { kind = "drr" }, "drr" },
  })
end)

test("classes are as tc makes them", function()
  same.classes("hfsc", {
    { { hfsc = { sc = "rate 1mbit", ul = "rate 2mbit" } }, "hfsc sc rate 1mbit ul rate 2mbit" },
    {
      { hfsc = { rt = "m1 5mbit d 10ms m2 1mbit", ls = "1mbit" } },
      "hfsc rt m1 5mbit d 10ms m2 1mbit ls rate 1mbit",
    },
  })
  same.classes("drr", { { { drr = { quantum = 500 } }, "drr quantum 500" }, { { kind = "drr" }, "drr" } })
end)

test("what is wrong is said", function()
  link.add("veth0", { kind = "veth", up = true })
  for _, options in ipairs({
    { netem = { jitter = "1ms" } },
    { netem = { gap = 5 } },
    { prio = { bands = 2, priomap = { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { prio = { priomap = { 1 } } },
    { red = {} },
    { red = { limit = 1000, min = 10, max = 5 } },
    { red = { limit = 100000, burst = 1 } },
    { fq = { buckets = 1000 } },
  }) do
    check.error(function()
      tc.qdisc.add("veth0", options)
    end, "argument")
  end
  tc.qdisc.add("veth0", { kind = "hfsc", handle = "1:" })
  check.error(function()
    tc.class.add("veth0", "1:1", { kind = "hfsc" })
  end, "argument")
  check.error(function()
    tc.class.add("veth0", "1:1", { hfsc = { sc = "m1 1mbit" } })
  end, "argument")
end)

test("what is set but once says so", function()
  local ns = namespace.add("once")
  ns.link.add("d0", { kind = "dummy" })
  ns.tc.qdisc.add("d0", { fq_codel = { flows = 64 } })
  local e = check.error(function()
    ns.tc.qdisc.replace("d0", { fq_codel = { flows = 32 } })
  end, "invalid")
  check.match(e.hint or "", "tc.qdisc.del", { plain = true })
  check.equal(assert(ns.tc.qdisc.get("d0")).fq_codel.flows, 64)
end)

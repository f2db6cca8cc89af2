-- Waiting for ports, connections, counters and namespaces.
local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

---The text of the timeout that `fn` raises.
local function late(fn)
  return check.error(fn, "timeout").message
end

local text = late(function()
  ns1.wait.port(80, { timeout = 0.05 })
end)
check.equal(text, 'wait.port "80" in ns1: not within 0.05 s: nothing listens on tcp port 80')
text = late(function()
  wait.connect("10.0.0.2:80", { timeout = 0.1 })
end)
check(text:find("connection refused", 1, true), text)

do
  local web <close> = ns1.http.serve("10.0.0.2:80", { ["/"] = "hello" })
  check(ns1.wait.port(80) < 1)
  ns1.wait.port("10.0.0.2:80")
  wait.connect("10.0.0.2:80")
  wait.connect("ns1:80", { family = "inet" })
  text = late(function()
    ns1.wait.port("127.0.0.1:80", { timeout = 0 })
  end)
  check(text:find("something listens on 10.0.0.2:80 alone", 1, true), text)
  text = late(function()
    ns1.wait.port(80, { gone = true, timeout = 0 })
  end)
  check(text:find("something listens on 10.0.0.2:80", 1, true), text)
  text = late(function()
    wait.port(80, { timeout = 0 })
  end)
  check(text:find("nothing listens on tcp port 80", 1, true), text)
end
ns1.wait.port(80, { gone = true })

-- A wildcard takes every address; IPv6; UDP.
do
  local all <close> = ns1.tcp.listen(":81")
  ns1.wait.port("10.0.0.2:81")
  ns1.wait.port("[fd00::2]:81")
  wait.connect("[fd00::2]:81")
  local six <close> = ns1.udp.listen("[fd00::2]:53")
  ns1.wait.port("[fd00::2]:53", { proto = "udp" })
  text = late(function()
    ns1.wait.port(53, { timeout = 0 })
  end)
  check(text:find("nothing listens on tcp port 53", 1, true), text)
end

-- Nobody answers.
text = late(function()
  wait.connect("10.0.0.9:80", { timeout = 0.2 })
end)
check(text:find("not within 0.2 s: ", 1, true), text)

-- Counters.
local before = ns1.link.stats("eth0").rx_packets
text = late(function()
  ns1.wait.counter("eth0", { rx_packets = before + 1000, timeout = 0.05 })
end)
check(text:find(("rx_packets is %%d+ of %d$"):format(before + 1000)), text)
text = late(function()
  ns1.wait.counter("eth0", { rx_errors = 1, fresh = true, timeout = 0 })
end)
check(text:find("rx_errors is 0 of 1", 1, true), text)
ping("10.0.0.2", { count = 3, interval = 0.01 })
ns1.wait.counter("eth0", { rx_packets = before + 3, tx_packets = 3 })
local calls = 0
wait.counter(function()
  calls = calls + 1
  return calls
end, { value = 4 })
check.equal(calls, 4)

-- Namespaces.
wait.namespace("ns1")
wait.namespace("ns9", { gone = true })
text = late(function()
  wait.namespace("ns9", { timeout = 0.02 })
end)
check(text:find("there is no namespace ns9", 1, true), text)
text = late(function()
  wait.namespace("ns1", { gone = true, timeout = 0 })
end)
check(text:find("there is a namespace ns1", 1, true), text)

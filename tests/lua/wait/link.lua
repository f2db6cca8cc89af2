-- Waiting for links, with `ip` as the witness of what is there when the wait ends.
-- needs: ip
local ns1 = namespace.add("ns1")
link.add("veth0", { kind = "veth", up = true, peer = { name = "eth0", ns = ns1 } })

local function ip(ns, name)
  return json.decode(ns.proc.exec({ "ip", "-j", "link", "show", "dev", name }, { check = true }).stdout)[1]
end

---The text of the timeout that `fn` raises.
local function late(fn)
  return check.error(fn, "timeout").message
end

local text = late(function()
  wait.link("veth0", { timeout = 0.05 })
end)
check.equal(text, 'wait.link "veth0": not within 0.05 s: veth0 has no carrier: its peer eth0 in ns1 is down')
text = late(function()
  ns1.wait.link("eth0", { timeout = 0 })
end)
check.equal(text, 'wait.link "eth0" in ns1: not within 0 s: eth0 is down')

-- Another program sets it up a moment later.
local other <close> = ns1.spawn("sleep 0.2; ip link set eth0 up")
local took = wait.link("veth0")
check(took > 0.1 and took < 5, took)
check.equal(ip(host, "veth0").operstate, "UP")
ns1.wait.link("eth0")
check.equal(ip(ns1, "eth0").operstate, "UP")
check(wait.link("veth0") < 0.1, "it is so already")

-- Parts of it.
ns1.link.set("eth0", { up = false })
wait.link("veth0", { carrier = false })
wait.link("veth0", { operstate = { "DOWN", "LOWERLAYERDOWN" } })
wait.link("veth0", { up = true })
ns1.wait.link("eth0", { up = false })
text = late(function()
  wait.link("veth0", { up = false, timeout = 0 })
end)
check(text:find("veth0 is up", 1, true), text)
text = late(function()
  wait.link("veth0", { operstate = "UP", timeout = 0 })
end)
check(text:find("the operstate of veth0 is ", 1, true), text)

-- A bridge: its port opens a moment after it came up.
link.add("br0", { kind = "bridge", up = true })
link.set("veth0", { master = "br0" })
text = late(function()
  wait.link("br0", { timeout = 0 })
end)
check(text:find("br0 has no carrier: its port veth0 has none", 1, true), text)
wait.link("veth0", { master = "br0" })
text = late(function()
  wait.link("veth0", { master = "br1", timeout = 0 })
end)
check(text:find("veth0 is a port of br0", 1, true), text)
ns1.link.set("eth0", { up = true })
wait.link("veth0")
wait.link("br0")
check.equal(link.get("veth0").port.state, "forwarding")

-- With the spanning tree protocol a port listens and learns first.
link.set("br0", { bridge = { stp = true } })
ns1.link.set("eth0", { up = false })
wait.link("veth0", { carrier = false })
ns1.link.set("eth0", { up = true })
wait.link("veth0", { carrier = true })
text = late(function()
  wait.link("veth0", { timeout = 0.1 })
end)
check(text:find("veth0 is a port of br0 in state l", 1, true), text)

-- Gone.
text = late(function()
  ns1.wait.link("eth0", { gone = true, timeout = 0.05 })
end)
check(text:find("eth0 is there", 1, true), text)
local deleter <close> = proc.spawn("sleep 0.1; ip link del veth0")
ns1.wait.link("eth0", { gone = true })
check(ns1.proc.exec({ "ip", "link", "show", "dev", "eth0" }).status ~= 0)
ns1.wait.link("eth7", { gone = true })

-- It comes.
local maker <close> =
  ns1.spawn("sleep 0.1; ip link add eth7 type veth; ip link set veth0 up; ip link set eth7 up")
ns1.wait.link("eth7")
check.equal(ip(ns1, "eth7").operstate, "UP")

-- lo has no state to speak of.
ns1.link.set("lo", { up = true })
ns1.wait.link("lo")

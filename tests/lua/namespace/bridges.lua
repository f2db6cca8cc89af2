-- Rules of IP don't see what a bridge forwards, whatever the machine has loaded: in each namespace, however its first
-- bridge comes, and whoever looks.
-- needs: ip
local names = { "bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables" }
if not io.open("/proc/sys/net/bridge/bridge-nf-call-iptables") then
  skip("br_netfilter isn't loaded")
end
local function shown(ns)
  local text = ""
  for _, name in ipairs(names) do
    local read = { "cat", "/proc/sys/net/bridge/" .. name }
    text = text .. ns.exec(read, { check = true }).stdout:gsub("%s", "")
  end
  return text
end

local asked, bridged, other = namespace.add("asked"), namespace.add("bridged"), namespace.add("other")
check.equal(asked.sysctl.get("net.bridge.bridge-nf-call-iptables"), "0")
check.equal(asked.sysctl.list("net.bridge")[1].value, "0")
bridged.link.add("br0", { kind = "bridge" })
-- A script's own look, without a program: in `host` alone.
check.equal(io.open("/proc/sys/net/bridge/bridge-nf-call-iptables"):read("a"), "0\n")
-- The first program of the lab finds all namespaces so, and those that come later.
check.equal(shown(other), "000")
check.equal(shown(asked), "000")
check.equal(shown(bridged), "000")
check.equal(shown(namespace.add("later")), "000")
-- What is set stays.
other.sysctl.set("net.bridge.bridge-nf-call-iptables", 1)
other.link.add("br0", { kind = "bridge" })
check.equal(shown(other), "100")

-- Where no program has run, kernel parameters are read only where nsh set some; what was set is told all the same.
local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
ns1.link.add("eth0", { kind = "veth", up = true, peer = { name = "eth0", ns = ns2, up = true } })

local function told()
  local lines = {}
  for name, space in pairs(lab.state().namespaces) do
    for _, s in ipairs(space.sysctls) do
      table.insert(lines, name .. " " .. s.name .. "=" .. s.value)
    end
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

check.equal(told(), "")
ns1.sysctl.set("net.ipv4.tcp_ecn", 1)
check.equal(told(), "ns1 net.ipv4.tcp_ecn=1")

-- Threads of nsh's own are no programs.
local server <close> = http.serve("127.0.0.1:0", { ["/"] = "hello" })
local capture <close> = ns1.capture.start("eth0")
ns2.link.set("eth0", { addrgenmode = "none" })
check.equal(told(), "ns1 net.ipv4.tcp_ecn=1\nns2 net.ipv6.conf.eth0.addr_gen_mode=1")

-- A script's own namespace is `host`.
local file <close> = assert(io.open("/proc/sys/net/ipv4/tcp_fin_timeout", "w"))
file:write("7")
file:flush()
check(told():find("host net.ipv4.tcp_fin_timeout=7", 1, true))

-- A program may set any of any namespace.
proc.exec({ "true" })
ns2.exec({ "sh", "-c", "echo 5 > /proc/sys/net/ipv4/tcp_syn_retries" }, { check = true })
check(told():find("ns2 net.ipv4.tcp_syn_retries=5", 1, true))

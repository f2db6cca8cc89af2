-- Each kind of error, with its exact text. (`interrupted` ends a script, and is tested with signals.)
local ns1 = namespace.add("ns1", { up = true })
link.add("br0", { kind = "bridge", up = true, addr = "10.0.1.1/24" })
link.add("veth0", {
  kind = "veth",
  up = true,
  master = "br0",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.1.2/24" },
})
route.add("10.66.0.0/16", { type = "unreachable" })
route.add("10.67.0.0/16", { type = "prohibit" })
local server <close> = http.serve("127.0.0.1:80", { ["/"] = "hello" })
local echo <close> = tcp.listen("127.0.0.1:7")

local seen = {}
local function fails(kind, text, f)
  local e = check.error(f, kind)
  check(tostring(e.at):find("kinds%.lua:%d+$"), e.at)
  check.equal(e.message .. (e.hint and "\n  hint: " .. e.hint or ""), text)
  seen[kind] = true
end

fails(
  "argument",
  'link.set: opts.mtu: expected an integer from 68 to 65535, got the string "1500"',
  function()
    link.set("lo", { mtu = "1500" } --[[@as any]])
  end
)
fails(
  "argument",
  [[ping: functions of modules and namespaces are called with a dot, not a colon
  hint: ns1.link.list(), not ns1.link:list(); ns1.ping(...), not ns1:ping(...)]],
  function()
    (ns1 --[[@as any]]):ping("10.0.1.1")
  end
)
fails(
  "invalid",
  [[link.set "lo": invalid argument (EINVAL): The interface netns is immutable
  hint: lo can't be moved: each namespace has its own]],
  function()
    link.set("lo", { ns = ns1 })
  end
)
fails(
  "exists",
  [[namespace.add "ns1": file exists (EEXIST)
  hint: namespace.get("ns1") returns the one that is there; namespace.del removes it]],
  function()
    namespace.add("ns1")
  end
)
fails(
  "not_found",
  [[sysctl.get "net.ipv4.ip_forwad": there is no parameter "net.ipv4.ip_forwad"
  hint: did you mean "net.ipv4.ip_forward"?]],
  function()
    sysctl.get("net.ipv4.ip_forwad")
  end
)
fails(
  "permission",
  [[ping "10.67.0.1": permission denied (EACCES)
  hint: a route or rule of type prohibit covers 10.67.0.1, or it is a broadcast address]],
  function()
    ping("10.67.0.1")
  end
)
fails(
  "unsupported",
  [[http.get "https://127.0.0.1/": url: https is not supported: "https://127.0.0.1/"
  hint: use http, or a process such as curl by proc.exec]],
  function()
    http.get("https://127.0.0.1/")
  end
)
fails("busy", 'link.add "mv0": device or resource busy (EBUSY)', function()
  link.add("mv0", { kind = "macvlan", link = "veth0" })
end)
local packets <close> = capture.start("br0")
fails(
  "read_only",
  [[Capture:save "/etc/x.pcap": read-only file system (EROFS): writing /etc/x.pcap
  hint: the sandbox can write in the working directory, in /tmp, and where --write allows]],
  function()
    packets:save("/etc/x.pcap")
  end
)
fails(
  "network_unreachable",
  [[route.add "10.9.0.0/16" in ns1: network is unreachable (ENETUNREACH): Nexthop has invalid gateway
  hint: no interface of ns1 has an address in the subnet of 10.9.9.9]],
  function()
    ns1.route.add("10.9.0.0/16", { via = "10.9.9.9" })
  end
)
fails(
  "host_unreachable",
  [[tcp.connect "10.66.0.1:1": no route to host (EHOSTUNREACH)
  hint: nobody on the link answers for 10.66.0.1 or for the gateway to it (neigh.list() shows FAILED), a route of type unreachable covers it, or a host on the way said so]],
  function()
    tcp.connect("10.66.0.1:1")
  end
)
fails(
  "connection_refused",
  [[tcp.connect "127.0.0.1:1": connection refused (ECONNREFUSED)
  hint: nothing listens on 127.0.0.1:1 there, or a firewall rejects it]],
  function()
    tcp.connect("127.0.0.1:1")
  end
)
fails(
  "address_in_use",
  [[http.serve "127.0.0.1:80": address already in use (EADDRINUSE): port 80 is taken
  hint: a server of this script has port 80 already; port 0 takes a free one]],
  function()
    http.serve("127.0.0.1:80", { ["/"] = "x" })
  end
)
fails(
  "address_not_available",
  [[tcp.listen "10.3.3.3:80": cannot assign requested address (EADDRNOTAVAIL): 10.3.3.3 is not an address of this namespace
  hint: addr.list() shows the addresses that are there]],
  function()
    tcp.listen("10.3.3.3:80")
  end
)
fails(
  "protocol",
  [[http.get "http://127.0.0.1:7/": the answer is not HTTP (invalid HTTP version parsed): it starts with "GET / HTTP/1.1\r\nHost: 127.0.0.1:7\r\nUser-"]],
  function()
    http.get("http://127.0.0.1:7/")
  end
)
fails("timeout", 'proc.exec "sleep 30": still running after 0.1 s, so it was ended', function()
  proc.exec({ "sleep", "30" }, { timeout = 0.1 })
end)
fails("exit", [[proc.exec "sh -c 'echo oops >&2; exit 3'": exited with status 3: oops]], function()
  proc.exec({ "sh", "-c", "echo oops >&2; exit 3" }, { check = true })
end)
fails("check", "check.equal: the answer: expected 42, got 41", function()
  check.equal(41, 42, "the answer")
end)

-- Of the others the lab gives no simple example: limits of the machine, a link that goes down under a connection; and
-- what ends a script or a test is not for it to catch.
local others = {
  limit = true,
  network_down = true,
  connection_reset = true,
  interrupted = true,
  skipped = true,
  io = true,
}
for kind in
  check
    .error(function()
      check.error(function() end, "no such kind" --[[@as any]])
    end, "argument").message
    :gmatch('"([%l_]+)"[, ]')
do
  check(seen[kind] or others[kind], kind .. " has no test")
end

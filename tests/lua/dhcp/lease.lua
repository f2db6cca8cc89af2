-- A server and clients on a bridge; renewals, ends of leases, and what fails. Other programs are the witnesses.

local h1, h2 = namespace.add("h1"), namespace.add("h2")
link.add("br0", { kind = "bridge", up = true, addr = "10.0.0.1/24" })
for i, ns in ipairs({ h1, h2 }) do
  link.add("veth" .. i, {
    kind = "veth",
    master = "br0",
    up = true,
    peer = { name = "eth0", ns = ns, up = true, mac = "02:00:00:00:00:0" .. i },
  })
end

local function serve(options)
  options = options or {}
  return dhcp.serve("br0", {
    range = options.range or { "10.0.0.100", "10.0.0.101" },
    router = "10.0.0.1",
    dns = { "10.0.0.53", "10.0.0.54" },
    domain = "lab",
    mtu = 1400,
    lease = options.lease,
    hosts = { ["02:00:00:00:00:02"] = "10.0.0.7" },
  })
end

test("a client gets an address and a default route", function()
  local server <close> = serve()
  local lease = h1.dhcp.request("eth0")
  check.subset(lease, {
    address = "10.0.0.100/24",
    ip = "10.0.0.100",
    dev = "eth0",
    router = "10.0.0.1",
    dns = { "10.0.0.53", "10.0.0.54" },
    domain = "lab",
    mtu = 1400,
    lease = 3600,
    server = "10.0.0.1",
  })
  check.equal(tostring(lease), "10.0.0.100/24 dev eth0 via 10.0.0.1 lease 3600 s from 10.0.0.1")
  -- The kernel has it, and only as long as the lease lasts.
  local own = h1.addr.list({ dev = "eth0", family = "inet" })
  check.equal({ #own, own[1]["local"] }, { 1, "10.0.0.100" })
  check(own[1].valid_lft > 3500 and own[1].valid_lft <= 3600)
  check.subset(h1.route.get("8.8.8.8"), { via = "10.0.0.1", src = "10.0.0.100" })
  check.equal(h1.ping("10.0.0.1").received, 1)
  check.subset(server:leases(), { { ip = "10.0.0.100", mac = "02:00:00:00:00:01", hostname = "h1" } })
  -- A slow machine asks more than once.
  local log = server:messages()
  check.equal(tostring(log[1]), "02:00:00:00:00:01 discover 10.0.0.100: offer")
  check.equal(tostring(log[#log]), "02:00:00:00:00:01 request 10.0.0.100: ack")
  -- One that always gets the same; nothing is applied.
  local fixed = h2.dhcp.request("eth0", { apply = false, address = "10.0.0.101", hostname = "printer" })
  check.equal(fixed.address, "10.0.0.7/24")
  check.equal(#h2.addr.list({ dev = "eth0", family = "inet" }), 0)
  -- Renewed, by the address itself; given back, and gone.
  check.equal(h1.dhcp.renew("eth0").address, "10.0.0.100/24")
  log = server:messages()
  check.equal(tostring(log[#log]), "02:00:00:00:00:01 request 10.0.0.100: ack")
  h1.dhcp.release("eth0")
  eventually(function()
    check.equal(#server:leases(), 1)
  end)
  check.equal(#h1.addr.list({ dev = "eth0", family = "inet" }), 0)
  check.equal(#h1.route.list({ family = "inet" }), 0)
  check.error(function()
    h1.dhcp.renew("eth0")
  end, "not_found")
end)

test("an address goes to one client at a time", function()
  local server <close> = serve({ range = { "10.0.0.100", "10.0.0.100" } })
  h1.dhcp.request("eth0", { address = "10.0.0.9" })
  local h3 = namespace.add("h3")
  link.add(
    "veth3",
    { kind = "veth", master = "br0", up = true, peer = { name = "eth0", ns = h3, up = true } }
  )
  check.error(function()
    h3.dhcp.request("eth0", { timeout = 0.3 })
  end, "timeout")
  h1.dhcp.release("eth0")
  eventually(function()
    check.equal(#server:leases(), 0)
  end)
  check.equal(h3.dhcp.request("eth0", { apply = false }).ip, "10.0.0.100")
  namespace.del("h3")
end)

test("busybox's client gets a lease from our server", function()
  if
    proc.exec("busybox udhcpc --help 2>&1").stdout:find("not found")
    or proc.exec("busybox true").status ~= 0
  then
    skip("busybox udhcpc is not installed")
  end
  local server <close> = serve({ lease = 77 })
  local script =
    "#!/bin/sh\n[ $1 = bound ] && set | grep -E '^(ip|mask|router|dns|domain|mtu|lease)=' || exit 0\n"
  local result = h1.proc.exec("busybox udhcpc -f -n -q -t 5 -T 1 -i eth0 -O mtu -s /run/bound", {
    files = { ["/run/bound"] = script },
    timeout = 20,
  })
  check.equal(result.status, 0, result.stderr)
  for _, line in ipairs({
    "ip='10.0.0.100'",
    "mask='24'",
    "router='10.0.0.1'",
    "dns='10.0.0.53 10.0.0.54'",
    "domain='lab'",
    "mtu='1400'",
    "lease='77'",
  }) do
    check(result.stdout:find(line, 1, true), line .. " in " .. result.stdout .. result.stderr)
  end
  check.equal(server:leases()[1].ip, "10.0.0.100")
end)

test("our client gets a lease from busybox's server", function()
  if
    proc.exec("busybox udhcpd --help 2>&1").stdout:find("not found")
    or proc.exec("busybox true").status ~= 0
  then
    skip("busybox udhcpd is not installed")
  end
  local configuration = table.concat({
    "start 10.0.0.200",
    "end 10.0.0.210",
    "interface br0",
    "lease_file /run/leases",
    "pidfile /run/udhcpd.pid",
    "opt router 10.0.0.1",
    "opt dns 10.0.0.53",
    "opt subnet 255.255.255.0",
    "opt lease 120",
    "option domain there",
  }, "\n") .. "\n"
  local server <close> = proc.spawn("touch /run/leases; exec busybox udhcpd -f /run/udhcpd.conf", {
    files = { ["/run/udhcpd.conf"] = configuration },
    ready = { udp = 67 },
  })
  local lease = h2.dhcp.request("eth0", { timeout = 15 })
  check.subset(lease, { router = "10.0.0.1", dns = { "10.0.0.53" }, domain = "there", lease = 120 })
  check.match(lease.address, "^10.0.0.2[01][0-9]/24$")
  check.equal(h2.ping("10.0.0.1").received, 1)
  check.equal(h2.dhcp.renew("eth0").ip, lease.ip)
  h2.dhcp.release("eth0")
end)

test("tcpdump understands what is sent", function()
  if proc.exec("command -v tcpdump").status ~= 0 then
    skip("tcpdump is not installed")
  end
  local server <close> = serve()
  local seen <close> = capture.start("br0")
  h1.dhcp.request("eth0", { apply = false })
  eventually(function()
    check.at_least(#seen:packets(), 4)
  end)
  seen:save("/tmp/dhcp.pcapng")
  local text = proc.exec("tcpdump -nvr /tmp/dhcp.pcapng udp port 67 2>/dev/null").stdout
  for _, word in ipairs({
    "0.0.0.0.68 > 255.255.255.255.67",
    "10.0.0.1.67 > 255.255.255.255.68",
    "DHCP-Message (53), length 1: Discover",
    "DHCP-Message (53), length 1: Offer",
    "DHCP-Message (53), length 1: ACK",
    "Your-IP 10.0.0.100",
    'Domain-Name (15), length 3: "lab"',
    'Hostname (12), length 2: "h1"',
  }) do
    check(text:find(word, 1, true), word .. " in " .. text)
  end
  server:stop()
end)

test("what is wrong is told", function()
  local function message(f, ...)
    local arguments = table.pack(...)
    return tostring(check.error(function()
      f(table.unpack(arguments, 1, arguments.n))
    end))
  end
  check.match(message(dhcp.serve, "br0"), "opts: expected a table of options, got nil")
  check.match(
    message(dhcp.serve, "br0", { range = { "10.0.0.5" } }),
    "expected the first and the last address, got 1"
  )
  check.match(
    message(dhcp.serve, "br0", { range = { "10.0.0.9", "10.0.0.5" } }),
    "the range ends at 10.0.0.5, before"
  )
  check.match(
    message(dhcp.serve, "br0", { range = { "10.0.1.9", "10.0.1.15" } }),
    "10.0.1.9 is not in 10.0.0.0/24"
  )
  check.match(
    message(dhcp.serve, "br0", { range = { "10.0.0.5", "10.0.0.6" }, hosts = { x = "10.0.0.7" } }),
    "hardware address"
  )
  check.match(message(dhcp.serve, "br1", { range = { "10.0.0.5", "10.0.0.6" } }), "br1")
  check.match(
    message(dhcp.serve, "veth1", { range = { "10.0.0.5", "10.0.0.6" } }),
    "has no IPv4 address to serve from"
  )
  check.match(
    message(h1.dhcp.request, "eth0", { timeout = 0.2 }),
    "no server offers an address on eth0 in 0.2 s"
  )
  check.match(message(h1.dhcp.request, "eth0", { adress = "10.0.0.1" }), 'did you mean "address"')
  check.match(message(dhcp.release, "br0"), "br0 has no lease")
  h2.link.set("eth0", { up = false })
  check.match(message(h2.dhcp.request, "eth0"), "eth0 is down")
  local first <close> = serve()
  check.match(message(serve), "port 67")
  -- Rubbish is left alone.
  h1.addr.add("10.0.0.99/24", { dev = "eth0" })
  h1.udp.send("10.0.0.1:67", ("x"):rep(300))
  check.equal(h1.dhcp.request("eth0", { apply = false }).ip, "10.0.0.100")
  check.equal(first:messages()[1].kind, "discover")
end)

-- A server for the lab's names and for others; queries by UDP and TCP; truncation; other servers.

local dns1, h1, h2 = namespace.add("dns1"), namespace.add("h1"), namespace.add("h2")
link.add("br0", { kind = "bridge", up = true, addr = { "10.0.0.1/24", "fd00::1/64" } })
for i, ns in ipairs({ dns1, h1, h2 }) do
  link.add("veth" .. i, {
    kind = "veth",
    master = "br0",
    up = true,
    peer = { name = "eth0", ns = ns, up = true, addr = { "10.0.0.1" .. i .. "/24", "fd00::1" .. i .. "/64" } },
  })
end
local many = {}
for i = 1, 200 do
  many[i] = "10.1.0." .. i
end
local server <close> = dns1.dns.serve({
  domain = "lab",
  zones = { "lab", "example.org" },
  records = {
    ["www.example.org"] = { "10.0.0.80", "fd00::80" },
    ["alias.example.org"] = "5 CNAME WWW.example.org",
    ["example.org"] = { "MX 10 mail.example.org", 'TXT "v=spf1 -all" "x\\y"', "NS ns.example.org" },
    ["_sip._tcp.example.org"] = "SRV 1 2 5060 sip.example.org",
    ["*.wild.example.org"] = "10.0.0.99",
    ["many.example.org"] = many,
    ["outside.org"] = "10.9.9.9",
  },
})

test("the lab's names and the records that it was given", function()
  local function ask(name, kind, options)
    local answer = h1.dns.query(name, { server = dns1, type = kind, table.unpack(options or {}) })
    local data = {}
    for i, record in ipairs(answer.answers) do
      data[i] = record.type .. " " .. record.data
    end
    return answer.rcode .. ": " .. table.concat(data, ", "), answer
  end
  local cases = {
    { "h2", nil, "NOERROR: A 10.0.0.13" },
    { "h2", "AAAA", "NOERROR: AAAA fd00::13" },
    { "H2.Lab.", "A", "NOERROR: A 10.0.0.13" },
    { "10.0.0.13", nil, "NOERROR: PTR h2.lab" },
    { "fd00::13", nil, "NOERROR: PTR h2.lab" },
    { "www.example.org", "ANY", "NOERROR: A 10.0.0.80, AAAA fd00::80" },
    { "alias.example.org", "A", "NOERROR: CNAME WWW.example.org, A 10.0.0.80" },
    { "example.org", "mx", "NOERROR: MX 10 mail.example.org" },
    { "example.org", "TXT", 'NOERROR: TXT "v=spf1 -all" "x\\\\y"' },
    { "example.org", "NS", "NOERROR: NS ns.example.org" },
    { "_sip._tcp.example.org", "SRV", "NOERROR: SRV 1 2 5060 sip.example.org" },
    { "a.wild.example.org", "A", "NOERROR: A 10.0.0.99" },
    { "www.example.org", "MX", "NOERROR: " },
    { "nobody.example.org", "A", "NXDOMAIN: " },
    { "h9.lab", "A", "NXDOMAIN: " },
    { "outside.org", "A", "NOERROR: A 10.9.9.9" },
    { "elsewhere.org", "A", "REFUSED: " },
  }
  for _, case in ipairs(cases) do
    check.equal(ask(case[1], case[2]), case[3], case[1])
  end
  local _, answer = ask("nobody.example.org", "A")
  check.equal(answer.authority[1].name, "example.org")
  check.equal(answer.authority[1].type, "SOA")
  check.equal(answer.flags, { "qr", "aa", "rd" })
  check.equal(answer.server, "10.0.0.11:53")
  check(answer.time > 0 and answer.size > 12 and not answer.tcp)
  local _, alias = ask("alias.example.org", "A")
  local ttls = {}
  for i, record in ipairs(alias.answers) do
    ttls[i] = record.ttl
  end
  check.equal(ttls, { 5, 60 })
  check.equal(alias.addresses, { "10.0.0.80" })
  check.match(
    tostring(alias),
    "^alias.example.org A: NOERROR, qr aa rd, from 10.0.0.11:53\nalias.example.org 5 CNAME"
  )
  -- By IPv6, by an address, and from a source of our choice.
  check.equal(h1.dns.query("h2", { server = "fd00::11" }).addresses, { "10.0.0.13" })
  local chosen = { server = "10.0.0.11:53", from = "10.0.0.12", source_port = 5000 }
  check.equal(h1.dns.query("h2", chosen).addresses, { "10.0.0.13" })
  local log = server:queries()
  local last = log[#log]
  check.equal(
    { last.name, last.type, last.peer, last.peer_ip, last.rcode, last.answers, last.tcp, last.forwarded },
    { "h2", "A", "10.0.0.12:5000", "10.0.0.12", "NOERROR", 1, false, false }
  )
  check.equal(tostring(last), "10.0.0.12:5000 h2 A: NOERROR, 1 answers")
end)

test("hosts that come and addresses that go are known at once", function()
  local h3 = namespace.add("h3")
  link.add(
    "veth9",
    { kind = "veth", master = "br0", up = true, peer = { name = "eth0", ns = h3, up = true } }
  )
  check.equal(h1.dns.query("h3", { server = dns1 }).rcode, "REFUSED")
  h3.addr.add("10.0.0.33/24", { dev = "eth0" })
  check.equal(h1.dns.query("h3.lab", { server = dns1 }).addresses, { "10.0.0.33" })
  namespace.del("h3")
  check.equal(h1.dns.query("h3.lab", { server = dns1 }).rcode, "NXDOMAIN")
end)

test("what is too large for UDP comes by TCP", function()
  local answer = h1.dns.query("many.example.org", { server = dns1 })
  check.equal({ #answer.answers, answer.tcp, answer.rcode }, { 200, true, "NOERROR" })
  local short = h1.dns.query("many.example.org", { server = dns1, tcp = false })
  check.equal({ #short.answers, short.tcp, short.flags }, { 0, false, { "qr", "aa", "tc", "rd" } })
  check.equal(#h1.dns.query("many.example.org", { server = dns1, tcp = false, bufsize = 4096 }).answers, 200)
  check.equal(h1.dns.query("h2", { server = dns1, tcp = true, recurse = false }).flags, { "qr", "aa" })
  local log = server:queries()
  check.equal({ log[#log].tcp, log[#log - 1].tcp }, { true, false })
end)

test("other names are asked of another server", function()
  local front <close> =
    h2.dns.serve({ forward = "dns1", lab = false, records = { ["own.org"] = "10.0.0.5" } })
  local answer = h1.dns.query("www.example.org", { server = h2 })
  check.equal({ answer.addresses, answer.server }, { { "10.0.0.80" }, "10.0.0.13:53" })
  check.equal(h1.dns.query("nobody.example.org", { server = h2, tcp = true }).rcode, "NXDOMAIN")
  check.equal(h1.dns.query("own.org", { server = h2 }).flags, { "qr", "aa", "rd", "ra" })
  local log = front:queries()
  check.equal({ log[1].forwarded, log[2].forwarded, log[3].forwarded }, { true, true, false })
  check.equal({ log[2].rcode, log[2].answers, log[2].tcp }, { "NXDOMAIN", 0, true })
  -- One that isn't there.
  local lost <close> = h2.dns.serve({ address = ":5353", forward = "10.0.0.11:5354", lab = false })
  check.equal(
    h1.dns.query("www.example.org", { server = "h2:5353", timeout = 8, tries = 1 }).rcode,
    "SERVFAIL"
  )
  check.equal(lost:queries()[1].forwarded, false)
end)

test("processes ask it by their resolv.conf", function()
  local has = proc.exec("command -v getent && command -v busybox").status == 0
  if not has then
    skip("getent and busybox are not installed")
  end
  local files = { ["/etc/resolv.conf"] = "nameserver 10.0.0.11\noptions attempts:1 timeout:2\n" }
  local found = h1.proc.exec("getent ahostsv4 alias.example.org", { files = files })
  check.equal(found.status, 0, found.stderr)
  check.match(found.stdout, "^10.0.0.80 +STREAM WWW.example.org")
  check.equal(h1.proc.exec("getent hosts nobody.example.org", { files = files }).status, 2)
  local looked = h1.proc.exec("busybox nslookup -type=mx example.org 10.0.0.11")
  check.match(looked.stdout, "mail exchanger = 10 mail.example.org")
  looked = h1.proc.exec("busybox nslookup -type=srv _sip._tcp.example.org 10.0.0.11")
  check.match(looked.stdout, "service = 1 2 5060 sip.example.org")
  looked = h1.proc.exec("busybox nslookup -type=ptr 13.0.0.10.in-addr.arpa 10.0.0.11")
  check.match(looked.stdout, "name = h2.lab")
end)

test("what is wrong is told", function()
  local function message(f, ...)
    local arguments = table.pack(...)
    return tostring(check.error(function()
      f(table.unpack(arguments, 1, arguments.n))
    end))
  end
  local at = { server = dns1 }
  check.match(message(h1.dns.query, "h2"), "opts")
  check.match(
    message(h1.dns.query, "h2", { server = dns1, type = "AAA" }),
    'opts.type: unknown type of record "AAA"'
  )
  check.match(message(h1.dns.query, "a..b", at), 'malformed name "a..b"')
  check.match(message(h1.dns.query, ("x"):rep(64), at), "63 bytes at most")
  check.match(
    message(h1.dns.query, "h2", { server = "10.0.0.13", timeout = 1 }),
    "nothing listens on 10.0.0.13:53"
  )
  check.match(
    message(h1.dns.serve, { records = { ["a.org"] = "MX mail" } }),
    "MX has a preference and a name"
  )
  check.match(message(h1.dns.serve, { records = { ["a b"] = "10.0.0.1" } }), 'malformed name "a b"')
  check.match(message(h1.dns.serve, { zones = "a..b" }), 'malformed name "a..b"')
  check.match(message(h1.dns.serve, { recrds = {} }), 'did you mean "records"')
  check.match(message(dns1.dns.serve), "port 53")
  -- Rubbish is refused, and not taken for an answer.
  local echo <close> = h2.udp.listen(":53")
  check.match(message(h1.dns.query, "h2", { server = h2, timeout = 1, tries = 1 }), "is no answer")
  local reply = h1.udp.request("10.0.0.11:53", "\0\1\1\0\0\1\0\0\0\0\0\0rubbish")
  check.equal(reply.data:byte(4) & 15, 1)
  check.equal(server:wait({ queries = 1 })[#server:queries()].rcode, "FORMERR")
end)

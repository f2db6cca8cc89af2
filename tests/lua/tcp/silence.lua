-- needs: /usr/bin/python3
-- Who has a port that is taken, and who is silent: nobody on the link has the address.
local c, s = namespace.add("c"), namespace.add("s", { up = true })
c.link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = s, up = true, addr = "10.0.0.2/24" },
})

-- Without lo the kernel keeps to itself that nobody answers.
for _, call in ipairs({ c.tcp.connect, c.http.get }) do
  local to = call == c.http.get and "http://10.0.0.9/" or "10.0.0.9:80"
  local e = check.error(function()
    call(to, { timeout = 4 })
  end, "host_unreachable")
  check.match(e.message, "no route to host %(EHOSTUNREACH%): nobody on eth0 answers for 10%.0%.0%.9$")
  check.match(e.hint or "", "^lo of c is down")
end
local e = check.error(function()
  c.udp.request("10.0.0.9:53", "x", { timeout = 0.2 })
end, "timeout")
check.match(e.hint or "", "^nobody on eth0 answers for 10%.0%.0%.9; ")
-- Who is there and says nothing is another matter.
e = check.error(function()
  c.udp.request("10.0.0.1:53", "x", { timeout = 0.2 })
end)
check.no_match(e.hint or "", "nobody on eth0")

-- The process or the script's own server is named, over TCP and UDP.
local web = s.http.serve("127.0.0.1:8000", { ["/"] = "x" })
for _, listen in ipairs({ s.http.serve, s.tcp.listen }) do
  e = check.error(function()
    listen(":8000", {})
  end, "address_in_use")
  check.equal(e.hint, "a server of this script has port 8000 already; port 0 takes a free one")
end
web:stop()
local again <close> = s.tcp.listen("127.0.0.1:8000")
check(again)
local process <close> = s.spawn({ "python3", "-m", "http.server", "8001" }, { ready = { port = 8001 } })
e = check.error(function()
  s.http.serve(":8001", {})
end, "address_in_use")
check.match(e.hint or "", "^python3[%d.]* %(pid " .. process:pid() .. "%) has port 8001 already")
local names <close> = s.udp.listen(":53")
check(names)
e = check.error(function()
  s.udp.listen("10.0.0.2:53")
end, "address_in_use")
check.equal(e.hint, "a server of this script has port 53 already; port 0 takes a free one")

-- Bad input, and what keeps data from arriving.
-- needs: nft
local ns1 = namespace.add("ns1", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})

local function refused(kind, text, ...)
  local args = table.pack(...)
  local e = check.error(function()
    perf(table.unpack(args, 1, args.n))
  end, kind)
  check.match(e.message, text)
  return e
end

refused("argument", "^perf: dst: expected an address, a name or a namespace, got nil$")
refused("argument", 'unknown option "parallell"; did you mean "parallel"%?', "ns1", { parallell = 2 })
refused("argument", "opts.reverse: both send already", "ns1", { reverse = true, both = true })
refused("argument", "opts.flood: tcp sends", "ns1", { flood = true })
refused("argument", "opts.flood: there is a rate", "ns1", { flood = true, proto = "udp", rate = "1mbit" })
refused("argument", "opts.congestion: udp has none", "ns1", { congestion = "cubic", proto = "udp" })
refused("argument", "opts.size: a datagram has from 20 to 65507", "ns1", { size = 19, proto = "udp" })
refused("argument", "opts.time: expected more than 0", "ns1", { time = 0 })
refused("argument", 'opts.rate: expected a rate such as .*, got "fast"', "ns1", { rate = "fast" })
refused("not_found", "unknown host", "nobody")
local nobody = refused("not_found", "no namespace of the lab.* has 10.0.0.9", "10.0.0.9")
check.match(tostring(nobody.hint), "at =")
refused("not_found", 'congestion control "none"', "ns1", { congestion = "none" })
refused("network_unreachable", "ENETUNREACH", "8.8.8.8", { at = ns1 })
refused("network_unreachable", "ENETUNREACH", "8.8.8.8", { at = ns1, proto = "udp" })
refused("invalid", "EMSGSIZE", "ns1", { proto = "udp", size = 3000, df = true, time = 0.1 })

-- A firewall drops all, or all beyond some bytes.
local function firewall(rule)
  ns1.nft.load(([[
table inet t
delete table inet t
table inet t {
  chain in {
    type filter hook input priority 0;
    %s
  }
}
]]):format(rule))
end

firewall("meta l4proto { tcp, udp } drop")
refused("timeout", "no answer from 10.0.0.2", "ns1", { timeout = 0.2 })
local lost = refused(
  "timeout",
  "no datagram to 10.0.0.2:%d+ reached ns1 in 0.2 s",
  "ns1",
  { proto = "udp", timeout = 0.2 }
)
check.match(tostring(lost.hint), "^why")
firewall("tcp dport 5201 reject with tcp reset")
refused("connection_refused", "ECONNREFUSED", "ns1", { port = 5201 })
firewall("meta l4proto tcp quota over 200 kbytes drop")
local stalled = refused(
  "timeout",
  "%d+ of 9000000 bytes arrived, and nothing more in 0.3 s",
  "ns1",
  { bytes = 9000000, timeout = 0.3 }
)
check.match(tostring(stalled.hint), "why")
-- For a time, nothing that arrives is a result, too.
firewall("meta l4proto tcp quota over 20 kbytes drop")
check.at_most(perf("ns1", { time = 0.3 }).bytes, 20000)
firewall("udp length > 100 drop")
local none = perf("ns1", { proto = "udp", time = 0.1 })
check.equal({ none.received, none.loss, none.lost }, { 0, 1, none.datagrams })
firewall("accept")

-- A port that is taken, and one that is free again.
local server <close> = ns1.tcp.listen("10.0.0.2:5201")
refused("address_in_use", "port 5201", "ns1", { port = 5201 })
server:stop()
check.greater(perf("ns1", { port = 5201, time = 0.1 }).bytes, 0)
check.greater(perf("ns1", { port = 5201, time = 0.1 }).bytes, 0)

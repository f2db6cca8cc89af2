-- Waiting for packets, streams, limits.
-- needs: ping
link.set("lo", { up = true })

local seen <close> = capture.start("lo", { proto = "icmp" })
check.equal(tostring(seen), "capture, running, 0 packets")
check.equal(#seen:packets(), 0)
check.equal(tostring(seen:packets()), "(none)")

local e = check.error(function()
  seen:wait({ timeout = 0.05, type = "echo request" })
end, "timeout")
check.equal(e.message, "Capture:wait: 0 of 1 packets (type=echo request) came; 0 in all")
check.equal(ping("127.0.0.1").received, 1)
check.equal(#seen:wait({ count = 2 }), 2, "those from before count")
e = check.error(function()
  seen:wait({ count = 3, timeout = 0.05 })
end, "timeout")
check(e.message:find("^Capture:wait: 2 of 3 packets came; the last is %S+ host/lo In  IP 127"), e.message)

-- While it waits, something else sends.
seen:clear()
check.equal(seen:count(), 0)
local echo <close> = proc.spawn("read -r _ && exec ping -c 1 -w 5 127.0.0.1", { keep_stdin = true })
check.error(function()
  seen:wait({ timeout = 0.05 })
end, "timeout")
echo:write("\n")
check.equal(#seen:wait({ count = 2, timeout = 10 }), 2)
check.equal(echo:wait({ timeout = 10 }).status, 0)
seen:clear()

-- A stream begins with what is there, and ends at its deadline, or with the capture.
check.equal(ping("127.0.0.1", { count = 3, interval = 0.02 }).received, 3)
local types = {}
for p in seen:stream({ timeout = 0.1, src = "127.0.0.1" }) do
  types[#types + 1] = p.type
end
check.equal(
  types,
  { "echo request", "echo reply", "echo request", "echo reply", "echo request", "echo reply" }
)
local count = 0
for _ in seen:stream({ type = "echo reply" }) do
  count = count + 1
  if count == 3 then
    seen:stop()
  end
end
check.equal(count, 3)

-- Stopped: what was captured stays, and no more comes.
check.equal(tostring(seen), "capture, stopped, 6 packets")
check.equal(ping("127.0.0.1").received, 1)
check.equal(seen:count(), 6)
e = check.error(function()
  seen:wait({ count = 7 })
end, "timeout")
check(e.message:find("6 of 7 packets came, and the capture is stopped", 1, true), e.message)
seen:stop()

-- Limits are counted, not hidden.
local few <close> = capture.start("lo", { proto = "icmp", max_packets = 3 })
local short <close> = capture.start("lo", { proto = "icmp", snaplen = 40 })
check.equal(ping("127.0.0.1", { count = 4, interval = 0.02 }).received, 4)
check.equal(few:count(), 3)
check.equal(few:drops(), 5)
check.equal(short:drops(), 0)
local p = short:packets()[1]
check.equal(p.caplen, 40)
check.equal(p.length, 98)
check.equal(p.type, "echo request")
check.equal(p.payload_length, 56)

-- Large ones are whole.
local large <close> = capture.start("lo", { proto = "icmp", type = "echo request" })
check.equal(ping("127.0.0.1", { size = 60000 }).received, 1)
local whole = large:wait()[1]
check.equal(whole.length, 60042)
check.equal(#whole.bytes, 60042)

-- Wrong arguments.
local function fails(kind, text, ...)
  local args = table.pack(...)
  local failure = check.error(function()
    capture.start(table.unpack(args, 1, args.n))
  end, kind)
  check.equal(failure.message, text)
end
fails("not_found", 'capture.start "nope": no link named "nope" (there is lo)', "nope")
fails(
  "argument",
  'capture.start: opts: unknown option "prot"; did you mean "proto"?',
  "lo",
  { prot = "icmp" }
)
fails(
  "argument",
  'capture.start: opts.proto: unknown protocol "icpm"; did you mean "icmp"?',
  "lo",
  { proto = "icpm" }
)
fails(
  "argument",
  'capture.start: opts.type: unknown kind "echo requst"; did you mean "echo request"?',
  "lo",
  { type = "echo requst" }
)
fails(
  "argument",
  'capture.start: opts.port: expected a range of ports such as "8000-8010", got "9-8"',
  "lo",
  { port = "9-8" }
)
fails(
  "argument",
  "capture.start: opts.namespaces: expected at least one namespace",
  "lo",
  { namespaces = {} }
)
fails("not_found", 'capture.start "eth7": no namespace has eth7', "eth7", { namespaces = "all" })
check.error(function()
  capture.start("lo", { namespaces = { "nsx" } })
end, "not_found")
check.error(function()
  capture.start({ proto = "icmp" } --[[@as any]])
end, "argument")
check.error(function()
  seen:packets({ direction = "sideways" } --[[@as any]])
end, "argument")

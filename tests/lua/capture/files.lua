-- Capture files: read back, written while packets come, in a ring; comments; the order of packets.
link.set("lo", { up = true })

local seen <close> = capture.start("lo", { proto = "icmp" })
check.equal(ping("127.0.0.1", { count = 3, interval = 0.01 }).received, 3)
local function lines(packets)
  local all = {}
  for i, p in ipairs(packets) do
    all[i] = tostring(p)
  end
  return all
end

test("read back", function()
  check.equal(seen:comment("the answer", { type = "echo reply" }).type, "echo reply")
  for _, path in ipairs({ "/tmp/a.pcapng", "/tmp/a.pcap" }) do
    check.equal(seen:save(path), 6)
    local read = capture.read(path)
    check.equal(lines(read), lines(seen:packets()), path)
    check.equal(#capture.read(path, { filter = "icmp[icmptype] = icmp-echo", src = "127.0.0.1" }), 3)
    check.equal(read[6].bytes, seen:packets()[6].bytes)
  end
  local last = capture.read("/tmp/a.pcapng")[6]
  check.equal({ last.comment, last.namespace, last.link }, { "the answer", "host", "lo" })
  check.equal(capture.read("/tmp/a.pcap")[6].comment, nil)
end)

test("other byte orders, link layers, cut and damaged files", function()
  local function write(...)
    local file = assert(io.open("/tmp/b.pcap", "wb"))
    file:write(table.concat({ ... }))
    file:close()
  end
  local bytes = seen:packets()[1].bytes
  local head = string.pack(">I4I2I2i4I4I4I4", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
  local one = string.pack(">I4I4I4I4", 1700000000, 5, #bytes, #bytes + 10) .. bytes
  write(head, one, one:sub(1, 50))
  local read = capture.read("/tmp/b.pcap")
  check.equal(#read, 1, "the second one is cut")
  check.equal({ read[1].caplen, read[1].length, read[1].type }, { #bytes, #bytes + 10, "echo request" })
  check.equal(math.floor(read[1].time * 1e6 + 0.5), 1700000000000005)
  -- As `tcpdump -i any` writes them.
  local cooked = string.pack(">I2I2I4I2I1I1", 0x0800, 0, 3, 1, 4, 6)
    .. "\x02\0\0\0\0\x01\0\0"
    .. bytes:sub(15)
  local sll2 = string.pack(">I4I2I2i4I4I4I4", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 276)
  write(sll2, string.pack(">I4I4I4I4", 1, 5, #cooked, #cooked), cooked)
  read = capture.read("/tmp/b.pcap")
  check.equal(
    { read[1].eth.src, read[1].direction, read[1].type },
    { "02:00:00:00:00:01", "out", "echo request" }
  )

  local function wrong(text, ...)
    write(...)
    local e = check.error(function()
      capture.read("/tmp/b.pcap")
    end, "argument")
    check.equal(e.message, "capture.read: " .. text)
  end
  wrong("the file is too short to be pcap or pcapng", "x")
  wrong("the file is neither pcap nor pcapng", "hello, world")
  wrong("the file is damaged at byte 24", head, string.pack(">I4I4I4I4", 0, 0, 0x7fffffff, 0))
  wrong(
    "packets of link type 105 can't be read",
    string.pack(">I4I2I2i4I4I4I4", 0xa1b2c3d4, 2, 4, 0, 0, 0, 105)
  )
  check.error(function()
    capture.read("/tmp/nosuch.pcap")
  end, "not_found")
end)

test("a ring of files", function()
  local ring <close> =
    capture.start("lo", { proto = "icmp", file = "/tmp/ring.pcapng", size = 1000, files = 3 })
  check.equal(ring:files(), { "/tmp/ring-1.pcapng" })
  check.equal(ping("127.0.0.1", { count = 20, interval = 0.005 }).received, 20)
  local files = ring:files()
  check.equal(#files, 3)
  check.equal(ring:count(), 40)
  local kept = {}
  for _, path in ipairs(files) do
    local file = assert(io.open(path, "rb"))
    check(file:seek("end", 0) <= 1000)
    file:close()
    table.move(lines(capture.read(path)), 1, 100, #kept + 1, kept)
  end
  -- The last ones, without a gap.
  local all = lines(ring:packets())
  check(#kept > 10)
  check.equal(kept, table.move(all, #all - #kept + 1, #all, 1, {}))
  check.equal(io.open("/tmp/ring-1.pcapng"), nil)

  local one <close> = capture.start("lo", { proto = "icmp", file = "/tmp/one.pcapng", max_packets = 2 })
  check.equal(ping("127.0.0.1", { count = 4, interval = 0.005 }).received, 4)
  check.equal({ one:count(), one:drops() }, { 2, 0 }, "the last ones")
  one:stop()
  check.equal(#capture.read(assert(one:files()[1])), 8)
end)

test("wrong arguments", function()
  local function wrong(text, options, kind)
    local e = check.error(function()
      capture.start("lo", options)
    end, kind or "argument")
    check.equal(e.message, "capture.start" .. text)
  end
  wrong(": files needs size, after which another file begins", { file = "/tmp/x.pcapng", files = 2 })
  wrong(": size and files need file, the file's name", { size = 2000 })
  wrong(': the file\'s ending must be .pcapng, got "/tmp/x.pcap"', { file = "/tmp/x.pcap" })
  wrong(
    ' "lo": read-only file system (EROFS): writing /etc/x.pcapng',
    { file = "/etc/x.pcapng" },
    "read_only"
  )
end)

test("one behind the other", function()
  seen:clear()
  check.equal(ping("127.0.0.1", { count = 2, interval = 0.01 }).received, 2)
  check.equal(seen:expect({ type = "echo request" }).icmp.seq, 1)
  check.equal(seen:expect({ type = "echo reply" }).icmp.seq, 1)
  check.equal(seen:expect({ type = "echo reply", timeout = 1 }).icmp.seq, 2)
  -- The request of the second ping came before its reply.
  local e = check.error(function()
    seen:expect({ type = "echo request", timeout = 0.05 })
  end, "timeout")
  check.equal(e.message, "Capture:expect: no packet (type=echo request) came; nothing else came either")
  seen:clear()
  check.equal(ping("127.0.0.1").received, 1)
  e = check.error(function()
    seen:expect({ filter = "tcp", timeout = 0.05 })
  end, "timeout")
  check.match(
    e.message,
    '^Capture:expect: no packet %(filter="tcp"%) came; 2 others came instead: %S+ host/lo In  IP 127.0.0.1 > 127.0.0.1: ICMP echo request, .*echo reply'
  )
  -- What didn't fit before can fit now.
  check.equal(seen:expect({ type = "echo request" }).icmp.seq, 1)
end)

test("many links, one order", function()
  local topology = require("nsh.topology")
  local net <close> = topology(topology.chain(6))
  local all <close> = capture.start(nil, { namespaces = "all", filter = "icmp" })
  local last, seen_of = 0.0, {}
  check.equal(net.h1.ping(net.h2, { count = 100, interval = 0.002 }).received, 100)
  for p in all:stream({ timeout = 0.05 }) do
    check.at_least(p.time, last)
    last = p.time
    seen_of[p.namespace] = (seen_of[p.namespace] or 0) + 1
  end
  check.equal({ seen_of.h1, seen_of.r1, seen_of.r6, seen_of.h2 }, { 200, 400, 400, 200 })
  -- A packet's way, in order.
  all:clear()
  check.equal(net.h1.ping(net.h2).received, 1)
  for _, name in ipairs({ "h1", "r1", "r2", "r3", "r4", "r5", "r6", "h2" }) do
    check.equal(all:expect({ type = "echo request", namespace = name }).src, net:addr("h1"))
  end
end)

-- Tun and tap links, both ways between nsh and ip-tuntap(8), and packets through them.
-- needs: tun, ip
local function run(words)
  return proc.exec(words, { check = true }).stdout
end
local function shown(name)
  local found = json.decode(run({ "ip", "-d", "-j", "link", "show", "dev", name }))[1]
  return found.linkinfo.info_data
end

test("made to stay, by nsh", function()
  tun.add("tap0", { mode = "tap", owner = 0, group = 0 })
  check.subset(
    shown("tap0"),
    { type = "tap", pi = false, vnet_hdr = false, persist = true, multi_queue = false }
  )
  check.match(run({ "ip", "tuntap", "show" }), "tap0: tap persist user 0 group 0")
  tun.add("tun0", { mode = "tun", pi = true, vnet_hdr = true, multi_queue = true })
  check.subset(
    shown("tun0"),
    { type = "tun", pi = true, vnet_hdr = true, persist = true, multi_queue = true }
  )
  check.subset(assert(link.get("tun0")).tun, { mode = "tun", pi = true, persist = true, multi_queue = true })
  tun.del("tap0")
  tun.del("tun0")
  check.equal(link.list({ kind = "tun" }), {})
end)

test("made by ip, opened and deleted by nsh", function()
  run({ "ip", "tuntap", "add", "dev", "tap1", "mode", "tap" })
  local tap = tun.open("tap1")
  check.equal(tap:name(), "tap1")
  check.match(tostring(tap), "tap tap1, open")
  check.error(function()
    tun.open("tap1")
  end, { kind = "busy" })
  tap:close()
  check.match(tostring(tap), "tap tap1, closed")
  check(link.get("tap1"), "it stays")
  tun.del("tap1")
  check.equal(link.get("tap1"), nil)
end)

-- The checksum of the Internet (RFC 1071).
local function checksum(bytes)
  local sum = 0
  for at = 1, #bytes, 2 do
    sum = sum + (bytes:byte(at) << 8) + (bytes:byte(at + 1) or 0)
  end
  while sum > 0xffff do
    sum = (sum & 0xffff) + (sum >> 16)
  end
  return ~sum & 0xffff
end

test("an echo server in Lua", function()
  local ns1 = namespace.add("ns1")
  do
    local far <close> = ns1.tun.open("tun0", { mode = "tun" })
    ns1.link.set("tun0", { up = true })
    ns1.addr.add("10.0.0.1/24", { dev = "tun0" })
    local pings <close> = ns1.ping.start("10.0.0.2", { count = 3, interval = 0.05 })
    local answered = 0
    repeat
      local packet = far:read()
      -- An echo request of IPv4.
      if packet:byte(1) == 0x45 and packet:byte(10) == 1 and packet:byte(21) == 8 then
        local head, rest = packet:sub(1, 12) .. packet:sub(17, 20) .. packet:sub(13, 16), packet:sub(25)
        local reply = string.pack(">BBI2", 0, 0, checksum("\0\0\0\0" .. rest)) .. rest
        far:write(head .. reply)
        answered = answered + 1
      end
    until answered == 3
    check.equal(pings:wait().received, 3)
  end
  check.equal(ns1.link.get("tun0"), nil, "it goes when it is closed")
end)

test("frames of a tap, on a bridge", function()
  bridge.add("br0", { up = true, addr = "10.1.0.1/24" })
  local tap <close> = tun.open("tap2")
  link.set("tap2", { up = true, master = "br0" })
  wait.link("tap2", { carrier = true })
  local request = string.pack(
    ">c6c6I2I2I2BBI2c6I4c6I4",
    "\xff\xff\xff\xff\xff\xff",
    "\x02\0\0\0\0\x09",
    0x0806,
    1,
    0x0800,
    6,
    4,
    1,
    "\x02\0\0\0\0\x09",
    0x0a010009,
    "\0\0\0\0\0\0",
    0x0a010001
  )
  eventually(function()
    tap:write(request)
    local answer = tap:read({ timeout = 0.2 })
    check.equal(answer:sub(13, 14), "\x08\x06")
    check.equal(answer:sub(21, 22), "\0\2", "a reply")
    check.equal(answer:sub(29, 32), "\x0a\x01\0\1")
  end)
  check.equal(fdb.list({ mac = "02:00:00:00:00:09" })[1].dev, "tap2")
end)

test("errors", function()
  local function said(kind, f, ...)
    local args = table.pack(...)
    return tostring(check.error(function()
      f(table.unpack(args, 1, args.n))
    end, { kind = kind }))
  end
  tun.add("tap3", { mode = "tap" })
  check.match(said("exists", tun.add, "tap3", { mode = "tap" }), 'tun.open%("tap3"%) opens')
  check.match(said("argument", tun.open, "tap3", { mode = "tun" }), "tap3 is a tap, not a tun")
  check.match(said("argument", tun.open, "lo"), "lo is a link of no kind, not a tun or tap")
  check.match(said("argument", tun.del, "br0"), "br0 is a bridge, not a tun or tap")
  check.match(said("not_found", tun.del, "tap9"), "no link named")
  check.match(said("argument", tun.add, "tap9", {}), '"mode" is missing')
  check.match(said("argument", tun.add, "tap9", { mode = "tpa" }), 'did you mean "tap"?')
  local tap <close> = tun.open("tap3")
  local function write(bytes)
    return function()
      tap:write(bytes)
    end
  end
  check.match(said("io", write(("x"):rep(60))), "tap3 is down")
  link.set("tap3", { up = true })
  check.match(said("invalid", write("x")), "Ethernet frames of at least 14 bytes")
  tap:close()
  check.match(said("argument", write("x")), "tap3 was closed")
  local quiet <close> = tun.open("tun4", { mode = "tun" })
  check.match(
    said("timeout", function()
      quiet:read({ timeout = 0 })
    end),
    "nothing was sent by tun4 within 0"
  )
end)

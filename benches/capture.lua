-- `capture` beside tcpdump on one link, in turns: how many packets of a flood they see, and how many are lost. Prints medians in
-- Markdown.
--
--     nsh benches/capture.lua [TURNS] [PACKETS]
--
-- The sender is `send`, at rates up to all that it can; each of them writes to a file, as for a long capture. nsh is also
-- measured with what it captures kept in memory, and with a filter that nothing fits: the kernel leaves all out, and the sender is as
-- fast as without a capture. Needs tcpdump, and two processors at least. A busy machine shows in the numbers.
local turns, count = tonumber(arg[1]) or 3, math.tointeger(tonumber(arg[2]) or 500000) --[[@as integer]]

local far = namespace.add("far", { up = true })
link.add("v0", { kind = "veth", up = true, peer = { name = "eth0", ns = far, up = true } })

---@param rate? integer frames a second; all that it can
local function flood(rate)
  return send("v0", {
    eth = { dst = "02:00:00:00:00:02" },
    ip = { src = "10.0.0.1", dst = "10.0.0.2" },
    udp = { dport = 9 },
    size = 18,
    count = count,
    rate = rate,
  })
end

local function captured(options)
  return function(rate)
    options.snaplen = 128
    local seen <close> = far.capture.start("eth0", options)
    local sent = flood(rate)
    local drops = seen:drops()
    return sent, drops
  end
end

local WAYS = {
  {
    "no capture",
    function(rate)
      return flood(rate), 0
    end,
  },
  { "nsh, filter that nothing fits", captured({ filter = "tcp port 81 or host 10.9.9.9" }) },
  { "nsh, to a file", captured({ file = "/tmp/seen.pcapng", filter = "udp" }) },
  { "nsh, in memory", captured({ max_packets = count * 2, max_bytes = 1 << 32, filter = "udp" }) },
  {
    "tcpdump -w",
    function(rate)
      local command = { "tcpdump", "-Z", "root", "-i", "eth0", "-s", "128", "-w", "/tmp/tcpdump.pcap", "udp" }
      local dump <close> = far.proc.spawn(command)
      dump:expect("listening", { stderr = true })
      local sent = flood(rate)
      dump:stop()
      return sent, math.tointeger(tonumber(dump:stderr():match("(%d+) packets dropped by kernel")))
    end,
  },
}

local function median(values)
  table.sort(values)
  return values[#values // 2 + 1]
end

print("| Packets a second | " .. count .. " packets | a second | lost |")
print("| ---: | --- | ---: | ---: |")
for _, rate in ipairs({ 100000, 200000, 500000, 0 }) do
  local speeds, losses = {}, {}
  for _ = 1, turns do
    for i, way in ipairs(WAYS) do
      local sent, lost = way[2](rate > 0 and rate or nil)
      speeds[i], losses[i] = speeds[i] or {}, losses[i] or {}
      table.insert(speeds[i], sent.count / sent.time)
      table.insert(losses[i], lost)
    end
  end
  for i, way in ipairs(WAYS) do
    print(
      ("| %s | %s | %d | %d |"):format(
        rate > 0 and rate or "all",
        way[1],
        median(speeds[i]) // 1,
        median(losses[i])
      )
    )
  end
end

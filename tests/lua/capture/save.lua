-- Capture files, read by tcpdump.
-- needs: tcpdump, root
local ns1 = namespace.add("ns1", { up = true })
link.add("veth1", {
  kind = "veth",
  up = true,
  addr = { "10.0.1.1/24", "fd00:1::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.1.2/24", "fd00:1::2/64" } },
})

local seen <close> = capture.start("veth1", { host = "ns1" })
check.equal(ping("10.0.1.2", { count = 2, interval = 0.02 }).received, 2)
check.equal(ping("fd00:1::2").received, 1)
local _web <close> = ns1.http.serve("10.0.1.2:8080", { ["/"] = "hello" })
check.equal(http.get("http://10.0.1.2:8080/").body, "hello")
check.error(function()
  http.get("http://10.0.1.2:8081/")
end, "connection_refused")
check(seen:count({ proto = "tcp" }) >= 8)

-- tcpdump tells the same story, line by line.
-- (-Z: it doesn't change to a user of its own. An ordinary user's lab has none, and tcpdump insists.)
local function tcpdump(...)
  return proc.exec({ "tcpdump", "-Z", "root", "-n", "-S", "-r", ... }, { check = true }).stdout
end
for _, file in ipairs({ "/tmp/seen.pcap", "/tmp/seen.pcapng" }) do
  local n = seen:save(file)
  local lines = {}
  for i, p in ipairs(seen:packets()) do
    if i <= n then
      lines[i] = tostring(p)
    end
  end
  check.equal(tcpdump(file), table.concat(lines, "\n") .. "\n", file)
end

-- A choice of them.
check.equal(seen:save("/tmp/icmp.pcap", { proto = "icmp", type = "echo request" }), 2)
local _, count = tcpdump("/tmp/icmp.pcap"):gsub("\n", "")
check.equal(count, 2)

-- tcpdump itself, beside ours, sees the same.
local dump <close> = proc.spawn({ "tcpdump", "-Z", "root", "-n", "-S", "-l", "-i", "veth1", "icmp" })
dump:expect("listening", { stderr = true })
local ours <close> = capture.start("veth1", { proto = "icmp" })
check.equal(ping("10.0.1.2", { count = 2, interval = 0.05 }).received, 2)
for _, p in ipairs(ours:packets()) do
  -- The clocks that the two sockets read may differ by a microsecond.
  check.equal(dump:expect("ICMP"):sub(17), tostring(p):sub(17))
end

-- Bad paths.
local function fails(kind, text, path)
  local e = check.error(function()
    seen:save(path)
  end, kind)
  check.equal(e.message, text)
  return e
end
fails("argument", 'Capture:save: the file\'s ending must be .pcap or .pcapng, got "x.txt"', "x.txt")
fails(
  "not_found",
  'Capture:save "no/such/x.pcap": no such file or directory (ENOENT): writing no/such/x.pcap',
  "no/such/x.pcap"
)
local e = fails(
  "read_only",
  'Capture:save "/etc/x.pcap": read-only file system (EROFS): writing /etc/x.pcap',
  "/etc/x.pcap"
)
check(e.hint:find("--write", 1, true))

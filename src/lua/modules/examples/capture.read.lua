link.set("lo", { up = true })
local seen <close> = capture.start("lo")
ping("127.0.0.1")
seen:save("/tmp/seen.pcapng")
for _, p in ipairs(capture.read("/tmp/seen.pcapng", { filter = "icmp[icmptype] = icmp-echo" })) do
  print(p.src, p.type)
end

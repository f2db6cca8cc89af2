local function fails(kind, text, f, ...)
  local ok, e = pcall(f, ...)
  check(not ok, "expected an error with " .. text)
  check.equal(e.kind, kind)
  check(tostring(e):find(text, 1, true), tostring(e))
end

fails("argument", 'did you mean "proto"?', socket.list, { prot = "tcp" })
fails("argument", 'opts.proto: expected "tcp", "udp", "raw"', socket.list, { proto = "sctp" })
fails("argument", "opts.proto[2]: expected", socket.list, { proto = { "tcp", 5 } })
fails("argument", 'opts.state: unknown state of a socket "listenin"', socket.list, { state = "listenin" })
fails("argument", "opts.port: expected an integer from 0 to 65535", socket.list, { port = 65536 })
fails("argument", "opts.ip: ", socket.list, { ip = "10.0.0" })
fails("argument", "expected at most 1 argument", socket.list, {}, {})

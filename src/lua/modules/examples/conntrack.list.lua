for _, c in ipairs(conntrack.list({ proto = "tcp", snat = true })) do
  print(c.orig.source, c.reply.dest)
end

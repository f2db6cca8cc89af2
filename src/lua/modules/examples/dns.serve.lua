local server <close> = dns.serve({
  records = {
    ["www.example.org"] = "10.0.0.1",
    ["example.org"] = { "MX 10 mail.example.org", "TXT v=spf1 -all" },
  },
})
print(dns.query("www.example.org", { server = "127.0.0.1" }).addresses[1])
print(server:queries())

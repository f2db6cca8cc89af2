local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
local web <close> = ns1.http.serve("10.0.0.2:80", { ["/"] = "hello" })
wait.connect("10.0.0.2:80")

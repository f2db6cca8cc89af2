-- The tutorial's network, built by asking: begin with bare namespaces, ask `why` the ping to 8.8.8.8 doesn't work, do what
-- it says, and ask again.

-- The internet: a router, and behind it 8.8.8.8.
local internet = namespace.add("internet", { up = true })
link.add("eth0", {
  kind = "veth",
  up = true,
  addr = "192.168.184.131/24",
  peer = { name = "eth0", ns = internet, up = true, addr = { "192.168.184.2/24", "8.8.8.8/32" } },
})
route.add("default", { via = "192.168.184.2" })

-- What the tutorial plans: a bridge with a subnet, and a namespace with an address in it. Nothing is up or connected.
link.add("br0", { kind = "bridge", addr = "192.168.1.1/24" })
local nms1 = namespace.add("nms1")

--- Asks and repairs until it works; returns the causes that were named.
local function until_it_works(ask)
  local causes = {}
  for _ = 1, 20 do
    local verdict = ask()
    print(verdict, "\n")
    if verdict.ok then
      return causes
    end
    local fault = verdict.faults[1]
    check(fault and fault.fix, "nothing is known that would repair it")
    table.insert(causes, fault.cause)
    load(fault.fix)()
  end
  check(false, "it still doesn't work")
end

local causes = until_it_works(function()
  return nms1.why("8.8.8.8", { from = "192.168.1.10" })
end)
check.equal(causes, { "no_link", "no_address", "no_route", "link_down", "forwarding_off", "nat_missing" })
check.equal(nms1.ping("8.8.8.8").received, 1)

-- The service, published on the host's own address.
local service <close> = nms1.http.serve("192.168.1.10:3000", { ["/"] = "hello\n" })
nat.dnat({ proto = "tcp", dest = "192.168.184.131", dport = 3000, to = "192.168.1.10:3000" })
until_it_works(function()
  return internet.why("192.168.184.131", { port = 3000 })
end)
check.equal(internet.http.get("http://192.168.184.131:3000/").body, "hello\n")

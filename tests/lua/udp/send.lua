-- A UDP server answers what came, and sends from its own port.

local ns1 = namespace.add("ns1", { up = true })
link.add("veth0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64", "10.0.0.3/24" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})

for _, at in ipairs({
  { "0.0.0.0:53", "10.0.0.1:53" },
  { "[::]:54", "[fd00::1]:54" },
  { ":55", "10.0.0.1:55" },
}) do
  local server <close> = udp.listen(at[1], { echo = false })
  local client <close> = ns1.udp.listen(":1000", { echo = false })
  client:send(at[2], "question")
  local came = server:wait()[1]
  check.equal({ came.data, came.peer:match("%d+$") }, { "question", "1000" })
  server:send(came.peer, "answer to " .. came.data, { from = came.to })
  server:send(came.peer, "more")
  local answers = client:wait({ datagrams = 2 })
  check.equal(answers[1].peer, at[2])
  check.equal({ answers[1].data, answers[2].data }, { "answer to question", "more" })
end

-- From an address of its own, as long as it runs, and no more than fits.
local server = udp.listen(":53")
local client <close> = ns1.udp.listen(":1000", { echo = false })
server:send("10.0.0.2:1000", "x", { from = "10.0.0.3" })
check.equal(client:wait()[1].peer, "10.0.0.3:53")
local bad = {
  { "10.0.0.2:1000", ("x"):rep(65508), nil, "invalid" },
  { "10.9.9.9:1000", "x", nil, "network_unreachable" },
  { "ns1:1000", "x", nil, "argument" },
}
for _, case in ipairs(bad) do
  check.error(function()
    server:send(case[1], case[2], case[3])
  end, case[4])
end
server:stop()
check.error(function()
  server:send("10.0.0.2:1000", "x")
end, "argument")

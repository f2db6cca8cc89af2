-- needs: ip
-- Addresses print as `ip -o addr` prints them, but for lifetimes without an end; neighbours as `ip neigh` does.
local other = namespace.add("other")
link.add("v0", { kind = "veth", up = true, peer = { name = "p0", ns = other, up = true } })
link.add("v1", { kind = "veth", peer = { name = "down" } })
link.add("a-longer-name", { kind = "veth", up = true, peer = { name = "p1" } })
wait.link("v0")

local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    line = line:gsub("\\%s*valid_lft forever preferred_lft forever", ""):gsub("\\", "")
    out[#out + 1] = line:gsub("%s+$", ""):gsub("%s+", " "):gsub("_lft %d+sec", "_lft Nsec")
  end
  return out
end

local function same(list, command)
  local text, shown = tostring(list), proc.exec(command, { check = true }).stdout
  if not shown:find("proto kernel_") then
    -- It is older than 6.3.
    text = text:gsub(" proto kernel_%a+", "")
  end
  check.equal(lines(text), lines(shown), command)
end

local n, added = 0, 0
for _, dev in ipairs({ "v0", "v1" }) do
  for family, forms in pairs({
    [4] = {
      "10.%d.0.1/24",
      "10.%d.0.1/24 brd +",
      "10.%d.0.1/24 brd 10.9.9.9 metric 7",
      "10.%d.0.1 peer 10.99.0.1/32",
      "10.%d.0.1/24 scope link label DEV:x",
      "10.%d.0.1/24 scope 77 noprefixroute",
      "10.%d.0.1/24 valid_lft 100 preferred_lft 50",
      "224.0.0.%d/24 autojoin",
    },
    [6] = {
      "fd00:%d::1/64 nodad",
      "fd00:%d::1/128 nodad home",
      "fd00:%d::1/64 optimistic",
      "fd00:%d::1 peer fd99::1/64 nodad",
      "fd00:%d::1/64 valid_lft 100 preferred_lft 0 nodad mngtmpaddr",
      "fd00:%d::1/64 metric 9 noprefixroute nodad",
      "fe80::%d/64 scope link nodad",
      "fd00:%d::1/64 nodad proto 5",
    },
  }) do
    for _, form in ipairs(forms) do
      n = n + 1
      local words = form:format(n):gsub("DEV", dev)
      local done = proc.exec(("ip -%d addr add %s dev %s"):format(family, words, dev))
      added = added + (done.status == 0 and 1 or 0)
    end
  end
end
addr.add("10.200.0.1/24", { dev = "a-longer-name" })
addr.add("10.200.0.2/24", { dev = "a-longer-name" })
check.at_least(added, 24)
-- Whatever the kernel does meanwhile (detection of duplicates) ends.
eventually(function()
  check.no_match(proc.exec("ip addr show up").stdout, "tentative")
end)
eventually(function()
  same(addr.list({ family = "inet" }), "ip -4 -o addr")
  same(addr.list({ family = "inet6" }), "ip -6 -o addr")
end)

for _, words in ipairs({
  "10.1.0.9 lladdr 02:00:00:00:00:09 dev v0",
  "10.1.0.10 lladdr 02:00:00:00:00:09 dev v0 nud stale",
  "10.1.0.11 dev v0 nud permanent lladdr 02:00:00:00:00:0b proto static",
  "10.1.0.12 lladdr 02:00:00:00:00:0c dev v0 nud noarp",
  "fd00:9::9 lladdr 02:00:00:00:00:09 dev v0 router nud reachable",
  "fd00:9::10 lladdr 02:00:00:00:00:09 dev v0 extern_learn",
}) do
  proc.exec("ip neigh replace " .. words, { check = true })
end
eventually(function()
  same(neigh.list({ family = "inet" }), "ip -4 neigh")
  same(neigh.list({ family = "inet6" }), "ip -6 neigh")
end)

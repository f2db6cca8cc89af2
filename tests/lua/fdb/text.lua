-- needs: bridge, ip, vxlan
-- Entries print as `bridge fdb` prints them.
link.add("br0", { kind = "bridge", up = true })
for i = 1, 2 do
  link.add("v" .. i, { kind = "veth", master = "br0", up = true, peer = { name = "p" .. i, up = true } })
end
link.add("vx0", { kind = "vxlan", up = true, vxlan = { id = 10, dstport = 4789 } })
wait.link("v1")
wait.link("v2")

local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    out[#out + 1] = line:gsub("%s+$", ""):gsub("%s+", " ")
  end
  return out
end

local n = 0
for _, words in ipairs({
  "dev v1 master static",
  "dev v1 master dynamic",
  "dev v1 master dynamic extern_learn",
  "dev v2 master static sticky",
  "dev v2 master local",
  "dev br0 self local",
  "dev vx0 dst 10.0.0.2",
  "dev vx0 dst 10.0.0.7 port 4790 vni 7 permanent",
  "dev vx0 dst 10.0.0.3 via v1 static",
  "dev vx0 dst 10.0.0.4 router extern_learn dynamic",
}) do
  n = n + 1
  proc.exec(("bridge fdb add 02:00:00:00:01:%02x %s"):format(n, words), { check = true })
end
proc.exec("bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.5", { check = true })
fdb.append("00:00:00:00:00:00", { dev = "vx0", dst = "10.0.0.6" })
fdb.add("02:00:00:00:02:01", { dev = "v2", type = "dynamic", extern_learn = true })
-- The bridge may learn between two looks.
local shown = ""
eventually(function()
  shown = proc.exec("bridge fdb", { check = true }).stdout
  check.equal(lines(tostring(fdb.list())), lines(shown))
end)
-- What was asked for is what the witness tells.
check.match(shown, "00:00:00:00:00:00 dev vx0 dst 10%.0%.0%.6 self permanent")
check.match(shown, "02:00:00:00:02:01 dev v2 extern_learn master br0")
-- In a bridge an address is behind one port.
fdb.append("02:00:00:00:01:01", { dev = "v2" })
local entries = fdb.list({ mac = "02:00:00:00:01:01" })
check.at_least(#entries, 1)
-- A bridge that knows VLANs has an entry for each VLAN of the port, too.
for _, entry in ipairs(entries) do
  check.equal(entry.dev, "v2")
end

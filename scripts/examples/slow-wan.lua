-- A slow and lossy line between two sites, and what TCP makes of it: how much data comes through, and what the line's delay,
-- rate and loss cost. Needs a kernel with netem.
--
--   nsh scripts/examples/slow-wan.lua
--   nsh test scripts/examples/slow-wan.lua
-- needs: netem

local topology = require("nsh.topology")

local net = topology({
  routers = { "office", "centre" },
  hosts = { "client", "server" },
  links = {
    { "client", "office" },
    { "office", "centre", name = "wan" },
    { "centre", "server" },
  },
})

local SIZE = 200000
net.server.http.serve(net:addr("server") .. ":80", { ["/"] = ("x"):rep(SIZE) })

---Shapes the line, and fetches a file over it: seconds that it took, and bits per second.
local function fetch(line)
  net:shape("office", "centre", line)
  local response = net.client.http.get(("http://%s/"):format(net:addr("server")), { timeout = 60 })
  check.equal(#response.body, SIZE)
  local rate = SIZE * 8 / response.time
  local words = line and tostring(net.office.link.get("to-centre").shape) or "as it is"
  print(("%-55s %6.2f s  %8.2f mbit"):format(words, response.time, rate / 1e6))
  return response.time, rate
end

test("the line delays each packet, forth and back", function()
  net:shape("office", "centre", { delay = "40ms" })
  check.at_least(net.client.ping(net.server, { count = 3 }).rtt.min, 0.08)
end)

test("data come no faster than the line is", function()
  local _, rate = fetch({ rate = "4mbit" })
  -- A part of it is headers: of 1514 bytes 1448 are data.
  check.at_most(rate, 4e6)
  local _, slower = fetch({ rate = "1mbit" })
  check.at_most(slower, 1e6)
end)

test("a long line takes round trips", function()
  -- One to connect, and one or more to fetch: TCP begins with ten segments, and doubles them each time.
  local time = fetch({ delay = "50ms" })
  check.at_least(time, 5 * 0.1)
end)

test("losses cost round trips, too", function()
  local lossy = fetch({ delay = "20ms", loss = "2%", rate = "10mbit" })
  check.at_least(lossy, 4 * 0.04)
  -- As on a radio link: rarely, but then in bursts.
  fetch({ delay = "20ms", loss_model = { p = "0.5%", r = "30%" }, rate = "10mbit" })
end)

test("one direction may be slower", function()
  net:shape("office", "centre", false)
  net:shape("office", "centre", { from = "centre", rate = "2mbit", delay = "30ms" })
  check.at_least(net.client.ping(net.server).rtt.min, 0.03)
  check.equal(net.office.link.get("to-centre").shape, nil)
end)

test("without a shape the line is fast again", function()
  local fast = fetch(false)
  local slow = fetch({ delay = "50ms" })
  check.less(fast, slow)
end)

-- What link.shape was asked for, beside what is measured: rate, delay and loss. Prints tables in Markdown.
--
--     nsh benches/shape.lua rates | delays [SECONDS]
--
-- rates: a flood of UDP datagrams of 1472 bytes (1514 with their headers), counted where they arrive, between two arrivals;
-- and one of TCP: what its data would take in full segments, beside the rate. delays: combinations of rate, delay and loss,
-- by pings; needs netem.
local what, seconds = arg[1], tonumber(arg[2]) or 4

local FRAME = 1514

local far = namespace.add("far", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = far, up = true, addr = "10.0.0.2/24" },
})
check.reachable(host, "10.0.0.2")
-- The datagrams go to an address that nobody has: the far end counts and drops them.
neigh.add("10.0.0.9", { dev = "v0", lladdr = far.link.get("eth0").mac })

local function rx()
  return far.link.stats("eth0").rx_bytes
end

---The time and the count of bytes when something arrives.
local function arrival(limit)
  local before, began = rx(), clock()
  while clock() - began < limit do
    local now = rx()
    if now ~= before then
      return clock(), now
    end
  end
  error("nothing arrives")
end

---Bits per second that arrive in so many seconds, between two arrivals.
local function measured(time)
  local t0, b0 = arrival(5)
  sleep(time)
  local t1, b1 = arrival(5)
  return (b1 - b0) * 8 / (t1 - t0)
end

---Measures a flood of datagrams, once it has lasted for a while.
local function flood(time, before)
  local command = "exec dd if=/dev/zero bs=1472 2>/dev/null >/dev/udp/10.0.0.9/9"
  local running <close> = proc.spawn({ "bash", "-c", command })
  sleep(before)
  return measured(time)
end

---Data per second of one TCP connection, as the bits that its full segments take on the wire.
local function tcp_flood(rate, time)
  local bytes = math.floor(rate / 8 * time * 1448 / FRAME)
  local body = ("x"):rep(math.min(bytes, 48 * 1024 * 1024))
  local server <close> = http.serve("10.0.0.1:80", { ["/"] = body })
  local response = far.http.get("http://10.0.0.1/", { timeout = 120 })
  return #body * 8 * FRAME / 1448 / response.time
end

local RATES = {
  "100kbit",
  "200kbit",
  "300kbit",
  "500kbit",
  "1mbit",
  "2mbit",
  "3mbit",
  "5mbit",
  "10mbit",
  "20mbit",
  "30mbit",
  "50mbit",
  "100mbit",
  "200mbit",
  "300mbit",
  "500mbit",
  "800mbit",
  "1gbit",
}

local function rates()
  print("| rate asked | on the wire | off | data of TCP |")
  print("| ---: | ---: | ---: | ---: |")
  for _, rate in ipairs(RATES) do
    link.shape("v0", { rate = rate })
    local asked = assert(link.get("v0").shape).rate or 0
    -- A few hundred frames at least.
    local time = math.max(seconds, 200 * FRAME * 8 / asked)
    local udp = flood(time, 0.3 + 4 * FRAME * 8 / asked)
    link.shape("v0", { rate = rate })
    local tcp = tcp_flood(asked, 2 * time)
    local row = "| %s | %.3f mbit | %+.2f %% | %.1f %% |"
    print(row:format(rate, udp / 1e6, (udp / asked - 1) * 100, tcp / asked * 100))
  end
end

local function percentile(list, p)
  return list[math.max(1, math.ceil(#list * p))]
end

---Round trip times in seconds, sorted, and how many requests were sent and answered.
local function pings(count, interval, timeout)
  local result = ping("10.0.0.2", { count = count, interval = interval, timeout = timeout })
  local times = {}
  for _, reply in ipairs(result.replies) do
    table.insert(times, reply.rtt)
  end
  table.sort(times)
  return times, result.sent, result.received
end

---The size of an echo request on the wire.
local PING = 98

---The counts between which 99 % of all trials of `n` packets are, each of which is lost with the probability `p`.
local function interval99(n, p)
  if n * p * (1 - p) > 100 then
    local spread = 2.576 * math.sqrt(n * p * (1 - p))
    return math.floor(n * p - spread), math.ceil(n * p + spread)
  end
  local probability, sum, low, k = (1 - p) ^ n, 0.0, nil, 0
  while k <= n do
    sum = sum + probability
    low = low or sum > 0.005 and k or nil
    if sum >= 0.995 then
      break
    end
    probability = probability * (n - k) / (k + 1) * p / (1 - p)
    k = k + 1
  end
  return low or 0, k
end

local DELAYS = { "0ms", "1ms", "5ms", "20ms", "50ms", "100ms", "300ms" }
local LOSSES = { "0%", "0.1%", "1%", "5%", "20%" }

---Measures one combination: how far the median is off what was asked for beyond the bare path's, and what was lost.
local function combination(bare, rate, delay, loss)
  local options = { delay = delay, loss = loss }
  options.rate = rate ~= "none" and rate or nil
  link.shape("v0", options)
  local asked = assert(link.get("v0").shape)
  local serial = asked.rate and PING * 8 / asked.rate or 0
  local delayed = (asked.delay or 0) + serial
  -- Each leaves before the next one comes.
  local interval = math.max(0.004, 1.5 * serial)
  local times, sent, received = pings(math.floor(seconds / interval), interval, 2 * delayed + 0.5)
  return percentile(times, 0.5) - bare - delayed, sent, sent - received
end

---How late a timer of this machine is, in seconds: the median of sleeps of 20 ms.
local function lateness()
  local late = {}
  for i = 1, 50 do
    local began = clock()
    sleep(0.02)
    late[i] = clock() - began - 0.02
  end
  table.sort(late)
  return percentile(late, 0.5)
end

local function delays()
  link.shape("v0", false)
  local times = pings(math.floor(seconds / 0.004), 0.004, 3)
  local bare = percentile(times, 0.5)
  local low, high = percentile(times, 0.05) - bare, percentile(times, 0.95) - bare
  local text = "Bare path: median %.3f ms, 5 %% to 95 %% of the pings %+.3f to %+.3f ms from it"
  print(text:format(bare * 1e3, low * 1e3, high * 1e3))
  print(("A timer is %.3f ms late (median)\n"):format(lateness() * 1e3))
  ---@type table<string, number[]>, table<string, table<string, integer>>
  local off, lost = {}, {}
  for _, rate in ipairs({ "none", "100kbit", "1mbit", "10mbit", "100mbit", "1gbit" }) do
    for _, delay in ipairs(DELAYS) do
      for _, loss in ipairs(LOSSES) do
        local by, sent, gone = combination(bare, rate, delay, loss)
        off[delay] = off[delay] or {}
        table.insert(off[delay], by)
        lost[loss] = lost[loss] or { sent = 0, gone = 0, inside = 0, n = 0 }
        local sum = lost[loss]
        local least, most = interval99(sent, assert(link.get("v0").shape).loss or 0)
        sum.sent, sum.gone, sum.n = sum.sent + sent, sum.gone + gone, sum.n + 1
        sum.inside = sum.inside + (gone >= least and gone <= most and 1 or 0)
      end
    end
  end
  print("| delay asked | combinations | median off | worst | within 0.5 ms |")
  print("| ---: | ---: | ---: | ---: | ---: |")
  for _, delay in ipairs(DELAYS) do
    local list, within, worst = off[delay], 0, 0.0
    table.sort(list)
    for _, by in ipairs(list) do
      within = within + (math.abs(by) <= 0.0005 and 1 or 0)
      worst = math.abs(by) > math.abs(worst) and by or worst
    end
    local median = percentile(list, 0.5)
    local row = "| %s | %d | %+.3f ms | %+.3f ms | %d |"
    print(row:format(delay, #list, median * 1e3, worst * 1e3, within))
  end
  print("\n| loss asked | packets | lost | 99 % interval | combinations inside theirs |")
  print("| ---: | ---: | ---: | ---: | ---: |")
  for _, loss in ipairs(LOSSES) do
    local sum = lost[loss]
    local least, most = interval99(sum.sent, tonumber(loss:match("[%d.]+")) / 100)
    local row = "| %s | %d | %d | %d to %d | %d of %d |"
    print(row:format(loss, sum.sent, sum.gone, least, most, sum.inside, sum.n))
  end
end

local parts = { rates = rates, delays = delays }
local part = parts[what] or error("usage: nsh benches/shape.lua rates|delays [SECONDS]")
part()

-- `perf` beside iperf3, in one lab and in turns. Prints medians in Markdown.
--
--     nsh benches/perf.lua [TURNS] [SECONDS]
--
-- Each work is measured by both, one after the other, for so many SECONDS (3) in so many TURNS (5). Both count the data
-- that arrive. x is how many times as much nsh's is. Needs iperf3. A busy machine shows in the numbers.
local turns, seconds = tonumber(arg[1]) or 5, tonumber(arg[2]) or 3

local far = namespace.add("far", { up = true })
link.add("v0", {
  kind = "veth",
  up = true,
  addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = far, up = true, addr = "10.0.0.2/24" },
})
local server <close> = far.proc.spawn({ "iperf3", "-s" }, { ready = { port = 5201 } })

---@class Work
---@field title string
---@field shape? string the link's rate
---@field nsh nsh.perf.Options
---@field iperf3 string

---@type Work[]
local WORKS = {
  { title = "tcp", nsh = {}, iperf3 = "" },
  { title = "tcp, 4 streams", nsh = { parallel = 4 }, iperf3 = "-P 4" },
  { title = "tcp, reverse", nsh = { reverse = true }, iperf3 = "-R" },
  { title = "tcp on 10 mbit", shape = "10mbit", nsh = {}, iperf3 = "" },
  { title = "tcp on 100 mbit", shape = "100mbit", nsh = {}, iperf3 = "" },
  { title = "udp, 100 mbit asked", nsh = { proto = "udp", rate = "100mbit" }, iperf3 = "-u -b 100M" },
  {
    title = "udp, as fast as possible",
    nsh = { proto = "udp", flood = true, size = 1448 },
    iperf3 = "-u -b 0 -l 1448",
  },
  {
    title = "udp, 20 mbit asked of 10",
    shape = "10mbit",
    nsh = { proto = "udp", rate = "20mbit", size = 1448 },
    iperf3 = "-u -b 20M -l 1448",
  },
}

local function by_iperf3(options)
  local command = ("iperf3 -c 10.0.0.2 -J -t %g -O 0.5 %s"):format(seconds, options)
  local result = proc.exec(command, { check = true, timeout = seconds + 30 })
  local told = json.decode(result.stdout)["end"] --[[@as any]]
  return told.sum_received.bits_per_second
end

local function by_nsh(options)
  options.time, options.omit = seconds, 0.5
  return perf("far", options).rate
end

local function median(list)
  table.sort(list)
  return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
end

print("| work | nsh | iperf3 | x |")
print("| :--- | ---: | ---: | ---: |")
for _, work in ipairs(WORKS) do
  link.shape("v0", work.shape and { rate = work.shape } or false)
  local ours, theirs = {}, {}
  for i = 1, turns do
    ours[i] = by_nsh(work.nsh)
    theirs[i] = by_iperf3(work.iperf3)
  end
  local nsh, iperf3 = median(ours) / 1e6, median(theirs) / 1e6
  local row = "| %s | %.2f mbit | %.2f mbit | %.3f |"
  print(row:format(work.title, nsh, iperf3, nsh / iperf3))
end

-- All servers and pings run on one thread, and end with their handles.

local function threads()
  local file <close> = assert(io.open("/proc/self/status"))
  return tonumber(file:read("a"):match("Threads:%s*(%d+)"))
end

local function descriptors()
  local file <close> = io.popen("ls /proc/$PPID/fd | wc -l")
  return file:read("n")
end

local before = threads()
local open = descriptors()
local servers = {}
for i = 1, 500 do
  servers[i] = http.serve("127.0.0.1:" .. 10000 + i, { ["/"] = "page " .. i })
end
check.equal(threads(), before + 1)
check.equal(http.get("http://127.0.0.1:10001/").body, "page 1")
check.equal(http.get("http://127.0.0.1:10500/").body, "page 500")
check.equal(#servers[500]:requests(), 1)
local pings = {}
for i = 1, 20 do
  servers[#servers + 1] = tcp.listen("127.0.0.1:" .. 20000 + i)
  servers[#servers + 1] = udp.listen("127.0.0.1:" .. 20000 + i)
  pings[i] = ping.start("127.0.0.1", { interval = 0.01 })
end
eventually(function()
  for _, running in ipairs(pings) do
    check.at_least(running:result().received, 3)
  end
end)
check.equal(threads(), before + 1)

for _, server in ipairs(servers) do
  server:stop()
end
for _, running in ipairs(pings) do
  running:stop()
  check.equal(running:running(), false)
end
check.error(function()
  http.get("http://127.0.0.1:10001/")
end, "connection_refused")
servers, pings = {}, {}
collectgarbage()
check(descriptors() <= open + 10, "no descriptor of a stopped server stays open")

-- All servers run on one thread, and end with their handles.

local function threads()
  local file <close> = assert(io.open("/proc/self/status"))
  return tonumber(file:read("a"):match("Threads:%s*(%d+)"))
end

local function descriptors()
  local file <close> = assert(io.popen("ls /proc/$PPID/fd | wc -l"))
  return tonumber(file:read("a"))
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
check.equal(threads(), before + 1)

for _, server in ipairs(servers) do
  server:stop()
end
check.error(function()
  http.get("http://127.0.0.1:10001/")
end, "connection_refused")
servers = {}
collectgarbage()
check(descriptors() <= open + 10, "no descriptor of a stopped server stays open")

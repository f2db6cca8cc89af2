-- Unix, raw and bound sockets of a process.
-- needs: python3, ss
local ns1 = namespace.add("ns1")
ns1.link.set("lo", { up = true })
local code = [[
import socket, sys
a, b = socket.socketpair()
c = socket.socket(socket.AF_UNIX); c.bind("\0abstract"); c.listen(7)
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind("/tmp/path")
r = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_UDP)
t = socket.socket(socket.AF_INET); t.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
t.bind(("127.0.0.1", 90)); t.listen(3)
v = socket.socket(socket.AF_INET6); v.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
v.bind(("::", 91)); v.listen(3)
print("ready", flush=True)
sys.stdin.read()
]]
local python <close> = ns1.spawn({ "python3", "-c", code }, { keep_stdin = true })
python:expect("ready")

local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    out[#out + 1] = line:gsub("%s+", " "):gsub(" $", "")
  end
  table.sort(out)
  return out
end
local function of_python(opts)
  local out = {}
  for _, s in ipairs(ns1.socket.list(opts)) do
    if s.processes[1] and s.processes[1].name:find("^python3") then
      out[#out + 1] = s
    end
  end
  return out
end
local function ours(opts)
  local out = {}
  for i, s in ipairs(of_python(opts)) do
    out[i] = tostring(s)
  end
  return lines(table.concat(out, "\n"))
end
local function ss(flags)
  return lines(ns1.exec("ss -H " .. flags .. " | grep python3").stdout)
end

local tcp_sockets = of_python({ proto = "tcp" })
check.equal(#tcp_sockets, 2)
check.equal({ tcp_sockets[1].local_address, tcp_sockets[1].dev }, { "127.0.0.1%lo:90", "lo" })
check.equal({ tcp_sockets[2].local_address, tcp_sockets[2].v6only }, { "[::]:91", true })
check.equal(tcp_sockets[1].send_q, 3)
check.equal(tcp_sockets[1].processes[1].pid, python:pid())
check.equal(ours({}), ss("-tuanp"))

local unix = of_python({ proto = "unix" })
check.equal(#unix, 4)
check.equal(ours({ proto = "unix" }), ss("-xanp"))

local raw = of_python({ proto = "raw" })
check.equal(#raw, 2)
check.equal({ raw[1].port, raw[2].port }, { 1, 17 })
check.equal(#of_python({ proto = { "raw", "unix" } }), 6)
check.equal(#of_python({ proto = "all" }), 8)
local raw_lines = ours({ proto = "raw" })
for i, line in ipairs(raw_lines) do
  raw_lines[i] = line:gsub("^raw ", "")
end
table.sort(raw_lines)
check.equal(raw_lines, ss("-wanp"))

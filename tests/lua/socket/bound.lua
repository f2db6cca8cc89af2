-- A TCP socket that is only bound takes no connections: it doesn't listen.
-- needs: python3
local ns1 = namespace.add("ns1", { up = true })
local code = [[
import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 82))
print("bound", flush=True)
sys.stdin.readline()
s.listen()
print("listening", flush=True)
sys.stdin.readline()
]]
local python <close> = ns1.spawn({ "python3", "-c", code }, { keep_stdin = true })
python:expect("bound")
check.equal(ns1.socket.list({ port = 82, listening = true }), {})
local e = check.error(function()
  ns1.wait.port(82, { timeout = 0.05 })
end, "timeout")
check(e.message:find("nothing listens on tcp port 82", 1, true), e.message)
ns1.wait.port(82, { gone = true })
python:write("\n")
python:expect("listening")
check.equal(#ns1.socket.list({ port = 82, listening = true }), 1)
ns1.wait.port(82)

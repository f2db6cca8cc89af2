-- Events of MPTCP, beside what `ip mptcp monitor` tells: a connection with two subflows, its end, and its listener's.
-- needs: mptcp, python3, ip
local a, b = namespace.add("a", { up = true }), namespace.add("b", { up = true })
for i = 1, 2 do
  a.link.add("eth" .. i, {
    kind = "veth",
    up = true,
    addr = ("10.0.%d.1/24"):format(i),
    peer = { name = "eth" .. i, ns = b, up = true, addr = ("10.0.%d.2/24"):format(i) },
  })
end
a.mptcp.set_limits({ subflows = 2, add_addr_accepted = 2 })
b.mptcp.set_limits({ subflows = 2, add_addr_accepted = 2 })
-- b tells of its second address, to which a opens a subflow.
b.mptcp.add("10.0.2.2", { signal = true })

local watch <close> = a.events.watch({ objects = "mptcp", namespaces = "all" })
local monitor <close> = a.proc.spawn({ "ip", "mptcp", "monitor" })
local server <close> = b.proc.spawn({
  "python3",
  "-c",
  [[
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5000))
s.listen()
print("listening", flush=True)
c, _ = s.accept()
while c.recv(100): pass
c.close()
]],
})
server:expect("listening")
local client <close> = a.proc.spawn({
  "python3",
  "-c",
  [[
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.connect(("10.0.1.2", 5000))
s.send(b"hello")
print("connected", flush=True)
sys.stdin.readline()
s.close()
]],
}, { keep_stdin = true })
client:expect("connected")

local created = watch:wait({ namespace = a, change = "added" })
while created.mptcp.event ~= "created" do
  created = watch:wait({ namespace = a, change = "added" })
end
check.subset(created.mptcp, { src = "10.0.1.1", dst = "10.0.1.2", dport = 5000 })
local token = created.mptcp.token
local sub = watch:wait({ namespace = a, change = "added" })
while sub.mptcp.event ~= "sub_established" do
  sub = watch:wait({ namespace = a, change = "added" })
end
check.subset(sub.mptcp, { token = token, dst = "10.0.2.2", dport = 5000, backup = false })
check.match(tostring(sub), ("[a] mptcp sub_established token %x 10.0."):format(token), { plain = true })
monitor:expect(("SF_ESTABLISHED%%] token=%08x"):format(token))
client:write("\n")
local closed = watch:wait({ namespace = a, change = "deleted" })
while closed.mptcp.event ~= "closed" do
  closed = watch:wait({ namespace = a, change = "deleted" })
end
check.equal(closed.mptcp.token, token)
monitor:expect(("CLOSED%%] token=%08x"):format(token))

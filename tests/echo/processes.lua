-- What is done by processes; and looking, which changes nothing.
local ns1 = namespace.add("ns1")
ns1.exec("ip link add p0 type veth peer name p1 && ip link set p0 up", { check = true })
ns1.exec(
  { "ip", "-batch", "-" },
  { stdin = 'addr add 10.0.0.1/24 dev p0\nlink set p1 alias "a b"\n', check = true, timeout = 10 }
)
proc.exec('ip link add "$NAME" type bridge', { env = { NAME = "br's" }, check = true })
proc.exec({ "ip", "netns", "add", "by-ip" }, { check = true })
namespace.get("by-ip").link.set("lo", { up = true })
local up <close> = proc.spawn("ip link add late type bridge")
up:wait({ timeout = 5 })
check.equal(#ns1.link.list(), 3)
ns1.ping("10.0.0.1", { count = 1 })
print(route.get("127.0.0.1"))
pcall(link.add, "br's", { kind = "bridge" })
pcall(link.add, "half", { kind = "bridge", master = "nobody" })

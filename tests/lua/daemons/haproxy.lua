-- haproxy takes its ports as root and becomes another user, in a root directory of its own.
-- needs: haproxy

local config = [[
global
  user nobody
  group %s
  chroot /run/empty
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend in
  bind :80
  default_backend out
backend out
  server a 127.0.0.1:8080
]]
local group = proc.exec("id -gn nobody", { check = true }).stdout:gsub("\n", "")

http.serve("127.0.0.1:8080", { ["/"] = "through haproxy" })
proc.private("/run/empty")
proc.spawn({ "haproxy", "-db", "-f", "/tmp/haproxy.cfg" }, {
  files = { ["/tmp/haproxy.cfg"] = config:format(group) },
  ready = { port = 80 },
})
check.equal(http.get("http://127.0.0.1/").body, "through haproxy")
check.equal(#proc.deaths(), 0)

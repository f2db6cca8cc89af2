-- Two keepalived share an address by VRRP; it moves when the one that has it ends. A script of theirs runs as another
-- user.
-- needs: keepalived

local config = [[
global_defs {
  script_user nobody
  enable_script_security
}
vrrp_script alive {
  script "/bin/true"
  interval 1
}
vrrp_instance lab {
  state BACKUP
  interface eth0
  virtual_router_id 7
  priority %d
  advert_int 0.2
  virtual_ipaddress { 10.0.0.100/24 }
  track_script { alive }
}
]]

link.add("br0", { kind = "bridge", up = true, addr = "10.0.0.254/24" })
local routers = {}
for i = 1, 2 do
  local ns = namespace.add("r" .. i)
  link.add("r" .. i, {
    kind = "veth",
    up = true,
    master = "br0",
    peer = { name = "eth0", ns = ns, up = true, addr = "10.0.0." .. i .. "/24" },
  })
  ns.proc.private({ "/etc/keepalived", "/run" })
  routers[i] = ns.spawn({ "keepalived", "--dont-fork", "--log-console", "--vrrp" }, {
    files = { ["/etc/keepalived/keepalived.conf"] = config:format(200 - i) },
    ready = { line = "Entering BACKUP STATE" },
  })
end

local function holds(name)
  namespace.get(name).wait.addr("10.0.0.100/24", { timeout = 20 })
  check.reachable(host, "10.0.0.100")
end

holds("r1")
routers[1]:stop()
holds("r2")

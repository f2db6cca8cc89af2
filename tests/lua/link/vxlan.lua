-- needs: ip, vxlan
local function data(name)
  local out = proc.exec({ "ip", "-d", "-j", "link", "show", name }, { check = true }).stdout
  return json.decode(out)[1].linkinfo.info_data, json.decode(out)[1]
end

link.add("br0", { kind = "bridge", up = true, addr = { "10.0.0.1/24", "fd00::1/64" } })
link.add("vx4", {
  kind = "vxlan",
  up = true,
  link = "br0",
  vxlan = {
    id = 42,
    remote = "10.0.0.2",
    ["local"] = "10.0.0.1",
    dstport = 4789,
    ttl = 8,
    learning = false,
    ageing = 30,
  },
})
local d = data("vx4")
check.equal(d.id, 42)
check.equal(d.remote, "10.0.0.2")
check.equal(d["local"], "10.0.0.1")
check.equal(d.link, "br0")
check.equal(d.port, 4789)
check.equal(d.ttl, 8)
check.equal(d.learning, false)
check.equal(d.ageing, 30)

link.add(
  "vx6",
  { kind = "vxlan", vxlan = { id = 43, remote6 = "fd00::2", local6 = "fd00::1", dstport = 4789 } }
)
d = data("vx6")
check.equal(d.remote6, "fd00::2")
check.equal(d.local6, "fd00::1")

local v = link.get("vx4").vxlan
check.equal(v.id, 42)
check.equal(v.remote, "10.0.0.2")
check.equal(v.dstport, 4789)
check.equal(link.get("vx4").vxlan.link_index, link.get("br0").index)

local e = check.error(function()
  link.add("again", {
    kind = "vxlan",
    link = "br0",
    vxlan = { id = 42, remote = "10.0.0.2", ["local"] = "10.0.0.1", dstport = 4789 },
  })
end, "exists")
check.equal(e.hint, "there is a vxlan with this id and port already")

local kinds = require("lib.kinds")
kinds.same("vxlan", {
  {
    link = "eth0",
    add = { id = 5, remote = "10.0.0.2", dstport = 4789, srcport = "5000-6000", learning = false, gbp = true },
    words = "id 5 remote 10.0.0.2 dstport 4789 srcport 5000 6000 nolearning gbp dev eth0",
    set = {
      {
        { remote = "10.0.0.3", ttl = 7, tos = "inherit" },
        "remote 10.0.0.3 ttl 7 tos inherit",
        { ttl = 7, tos = 1 },
      },
      { { ageing = 30, learning = true, df = "set" }, "ageing 30 learning df set" },
    },
  },
  {
    add = { id = 6, remote = "10.0.0.2", dstport = 4789, ttl_inherit = true },
    words = "id 6 remote 10.0.0.2 dstport 4789 ttl inherit",
  },
  {
    add = { external = true, dstport = 4790, gpe = true, learning = false },
    words = "external dstport 4790 gpe nolearning",
  },
})
check.equal(
  kinds.hint("invalid", link.add, "vx9", { kind = "vxlan", vxlan = { id = 1, gpe = true } }),
  "gpe takes external"
)

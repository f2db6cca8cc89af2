-- From the plan to the kernel. What fails halfway leaves nothing.

local address = require("nsh.topology.address")

local build = {}

---An end as `link.add` takes it.
local function options(e)
  local addrs = {}
  for i, a in ipairs(e.addrs) do
    addrs[i] = address.cidr(a)
  end
  return {
    up = true,
    mtu = e.link.mtu,
    master = e.node.kind == "switch" and "br0" or nil,
    addr = #addrs > 0 and addrs or nil,
  }
end

local function add_node(p, node)
  node.ns = namespace.add(node.name, { up = true })
  local set = node.ns.sysctl.set
  if node.kind == "switch" then
    -- A switch has no addresses of its own, not even link-local ones.
    set("net.ipv6.conf.all.disable_ipv6", 1)
    set("net.ipv6.conf.default.disable_ipv6", 1)
    node.ns.link.add("br0", { kind = "bridge", up = true, bridge = node.options.bridge })
  elseif node.kind == "router" then
    set("net.ipv4.ip_forward", 1)
    -- Answers may take another way, whatever the machine's own setting is.
    set("net.ipv4.conf.all.rp_filter", 0)
    set("net.ipv4.conf.default.rp_filter", 0)
    if p.options.ipv6 ~= false then
      set("net.ipv6.conf.all.forwarding", 1)
    end
  end
  for _, a in ipairs(node.loopbacks) do
    node.ns.addr.add(address.cidr(a), { dev = "lo" })
  end
end

local function add_link(link)
  -- The kernel makes both ends at once; a switch's end comes first, so that it is a port from the start.
  local near, far = link.ends[1], link.ends[2]
  if far.node.kind == "switch" then
    near, far = far, near
  end
  local opts, peer = options(near), options(far)
  opts.kind = "veth"
  opts.peer, peer.name, peer.ns = peer, far.dev, far.node.ns
  near.node.ns.link.add(near.dev, opts)
end

local function make(p)
  for _, node in ipairs(p.nodes) do
    add_node(p, node)
  end
  for _, link in ipairs(p.links) do
    add_link(link)
  end
  for _, node in ipairs(p.nodes) do
    for name, value in pairs(node.options.sysctl or {}) do
      node.ns.sysctl.set(name, value)
    end
    local add = node.ns.route.add
    for _, route in ipairs(node.routes) do
      add(route[1], route[2])
    end
  end
end

---Takes everything away again, but for what the script deleted itself.
function build.remove(p)
  for i = #p.nodes, 1, -1 do
    local node = p.nodes[i]
    if node.ns and rawequal(namespace.get(node.name), node.ns) then
      namespace.del(node.ns)
    end
    node.ns = nil
  end
end

---Makes what is planned, all or nothing.
function build.make(p)
  local ok, e = pcall(make, p)
  if not ok then
    pcall(build.remove, p)
    error(e, 0)
  end
end

return build

-- From the plan to the kernel. What fails halfway leaves nothing.

local address = require("nsh.topology.address")
local cable = require("nsh.topology.cable")

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
    mac = e.mac,
    master = e.node.kind == "switch" and "br0" or nil,
    addr = #addrs > 0 and addrs or nil,
  }
end

local function add_node(p, node)
  -- A switch has no addresses of its own, not even link-local ones.
  local ipv6 = node.kind ~= "switch" and p.options.ipv6 ~= false
  node.ns = namespace.add(node.name, { up = true, ipv6 = ipv6 })
  local set = node.ns.sysctl.set
  if node.kind == "switch" then
    node.ns.link.add("br0", { kind = "bridge", bridge = node.options.bridge })
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
  for _, e in ipairs(link.ends) do
    if e.shape then
      cable.shape(e, e.shape)
    end
  end
end

---What leaves by these ends gets the address of its interface. IPv6 has addresses enough.
local function translate(node)
  for _, e in ipairs(node.ends) do
    if e.outside and not e.translated then
      node.ns.nat.masquerade({ out = e.dev, family = "inet" })
      e.translated = true
    end
  end
end

---Sets a switch's bridge up, when all its ports are there. Before, what each new host says of itself by IPv6 would go out
---of all the other ports, and take most of the time.
local function start(node)
  if node.kind == "switch" then
    node.ns.link.set("br0", { up = true })
  end
end

local function set_sysctls(node)
  for name, value in pairs(node.options.sysctl or {}) do
    node.ns.sysctl.set(name, value)
  end
end

local function make(p)
  for _, node in ipairs(p.nodes) do
    add_node(p, node)
  end
  for _, link in ipairs(p.links) do
    add_link(link)
  end
  for _, node in ipairs(p.nodes) do
    start(node)
    set_sysctls(node)
    if p.options.ipv4 ~= false then
      translate(node)
    end
    local add = node.ns.route.add
    for _, route in ipairs(node.routes) do
      add(route[1], route[2])
    end
  end
end

---What tells a route from others: its destination, and all of its options.
local function text_of(value)
  if type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    table.insert(parts, ("%s=%s"):format(key, text_of(item)))
  end
  table.sort(parts)
  return "{" .. table.concat(parts, " ") .. "}"
end

local function by_text(routes)
  local out = {}
  for _, route in ipairs(routes) do
    out[text_of(route)] = true
  end
  return out
end

---Calls a function of `route`; that it has nothing to do is no failure.
local function unless(kind, f, ...)
  local ok, e = pcall(f, ...)
  if not ok and (type(e) ~= "table" or e.kind ~= kind) then
    error(e, 0)
  end
end

local function change_routes_of(node, before)
  local had, has = by_text(before), by_text(node.routes)
  for _, route in ipairs(before) do
    if not has[text_of(route)] then
      cable.forget(node, route)
      unless("not_found", node.ns.route.del, route[1], route[2])
    end
  end
  for _, route in ipairs(node.routes) do
    if not had[text_of(route)] and not cable.postpone(node, route) then
      unless("exists", node.ns.route.add, route[1], route[2])
    end
  end
end

---Takes the routes away that are no longer right in a changed network, and adds those that are missing.
function build.change_routes(p, new)
  for _, node in ipairs(new.nodes) do
    local old = p.by_name[node.name]
    change_routes_of(node, old and old.routes or {})
  end
end

---Lets the others on a segment forget who had an address before: they would go on sending to the old one for a while.
local function forget_neighbour(e, a)
  for _, there in ipairs(e.link.segment.ends) do
    if there ~= e and there.node.ns then
      unless("not_found", there.node.ns.neigh.del, address.text(a), { dev = there.dev })
    end
  end
end

---Makes what a larger plan has besides: nodes behind those of `p`, and links behind its links.
local function make_new(p, new)
  for _, node in ipairs(new.nodes) do
    if not p.by_name[node.name] then
      add_node(new, node)
    end
  end
  for i = #p.links + 1, #new.links do
    add_link(new.links[i])
    new.links[i].made = true
    for _, e in ipairs(new.links[i].ends) do
      for _, a in ipairs(e.addrs) do
        forget_neighbour(e, a)
      end
    end
  end
  for _, node in ipairs(new.nodes) do
    if not p.by_name[node.name] then
      start(node)
      set_sysctls(node)
    end
    if new.options.ipv4 ~= false then
      translate(node)
    end
  end
  build.change_routes(p, new)
end

---Makes what a larger plan has besides, all or nothing.
function build.extend(p, new)
  local ok, e = pcall(make_new, p, new)
  if ok then
    return
  end
  for i = #p.links + 1, #new.links do
    local near = new.links[i].ends[1]
    if new.links[i].made then
      pcall(near.node.ns.link.del, near.dev)
    end
  end
  for _, node in ipairs(new.nodes) do
    if node.ns and not p.by_name[node.name] then
      pcall(namespace.del, node.ns)
    end
  end
  error(e, 0)
end

---Changes an end's addresses to those of the new plan.
local function change_addresses(before, now)
  local had, has = {}, {}
  for _, a in ipairs(now.addrs) do
    has[address.cidr(a)] = true
  end
  for _, a in ipairs(before.addrs) do
    local text = address.cidr(a)
    had[text] = true
    if not has[text] then
      unless("not_found", now.node.ns.addr.del, text, { dev = now.dev })
    end
  end
  for _, a in ipairs(now.addrs) do
    local text = address.cidr(a)
    if not had[text] then
      now.node.ns.addr.add(text, { dev = now.dev })
      forget_neighbour(now, a)
    end
  end
end

---Pulls the far end of a node's link out of one neighbour, and plugs it into another. `before` and `now` are the node's
---end in the old and in the new plan.
function build.move(before, now)
  local out, into = before.other, now.other
  out.node.ns.link.set(out.dev, { ns = into.node.ns, name = into.dev })
  into.node.ns.link.set(into.dev, { master = into.node.kind == "switch" and "br0" or nil, mac = into.mac })
  -- The kernel takes the queues of a link down that goes to another namespace.
  if out.shape then
    cable.shape(into, out.shape)
  end
  change_addresses({ addrs = {} }, into)
  change_addresses(before, now)
  for _, switch in ipairs(now.link.segment.switches) do
    switch.ns.fdb.flush("br0")
  end
  now.link.shown.up = false
  cable.settle(now.link)
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

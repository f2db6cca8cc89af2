-- Tables of usual topologies.

local _, internal = ...

local generate = {}

local LISTS = { routers = true, hosts = true, switches = true, links = true }

---A size, checked.
local function size(shape, name, value, low)
  if math.type(value) ~= "integer" or value < low or value > 4096 then
    local message = ("%s: expected an integer from %d to 4096, got %s"):format(
      name,
      low,
      internal.describe(value)
    )
    internal.raise("topology." .. shape, "argument", message, nil)
  end
  return value
end

---A table without nodes, with the other fields of the options.
local function begin(shape, opts, own)
  if opts ~= nil and type(opts) ~= "table" then
    internal.raise(
      "topology." .. shape,
      "argument",
      "opts: expected a table, got " .. internal.describe(opts),
      nil
    )
  end
  local spec = { routers = {}, hosts = {}, switches = {}, links = {} }
  for key, value in pairs(opts or {}) do
    if LISTS[key] and not own[key] then
      local hint = ("local plan = topology.%s(...); table.insert(plan.%s, ...)"):format(shape, key)
      internal.raise(
        "topology." .. shape,
        "argument",
        ("opts.%s: change the table that is returned"):format(key),
        hint
      )
    end
    if not own[key] then
      spec[key] = value
    end
  end
  return spec, opts or {}
end

local function link(spec, a, b, options)
  local entry = { a, b }
  for key, value in pairs(options or {}) do
    entry[key] = value
  end
  table.insert(spec.links, entry)
end

---Adds `n` hosts to a node, counted on from `first`.
local function hosts(spec, node, name, n)
  for i = 1, n do
    local host = n == 1 and name or name .. "_" .. i
    table.insert(spec.hosts, host)
    link(spec, node, host)
  end
end

---How many hosts each router or switch gets.
local function per_node(shape, opts)
  return opts.hosts == nil and 1 or size(shape, "opts.hosts", opts.hosts, 0)
end

local function routers(spec, n)
  for i = 1, n do
    table.insert(spec.routers, "r" .. i)
  end
end

local function hosts_of_all(spec, n)
  for _, router in ipairs(spec.routers) do
    hosts(spec, router, (router:gsub("^r", "h")), n)
  end
end

function generate.star(n, opts)
  size("star", "n", n, 1)
  local spec = begin("star", opts, {})
  table.insert(spec.switches, "s1")
  for i = 1, n do
    table.insert(spec.hosts, "h" .. i)
    link(spec, "s1", "h" .. i)
  end
  return spec
end

function generate.linear(n, opts)
  size("linear", "n", n, 1)
  local spec, own = begin("linear", opts, { hosts = true })
  for i = 1, n do
    local switch = "s" .. i
    table.insert(spec.switches, switch)
    if i > 1 then
      link(spec, "s" .. i - 1, switch)
    end
    hosts(spec, switch, "h" .. i, per_node("linear", own))
  end
  return spec
end

function generate.chain(n, opts)
  size("chain", "n", n, 1)
  local spec, own = begin("chain", opts, { hosts = true })
  routers(spec, n)
  for i = 2, n do
    link(spec, "r" .. i - 1, "r" .. i)
  end
  if own.hosts ~= nil then
    hosts_of_all(spec, per_node("chain", own))
  else
    hosts(spec, "r1", "h1", 1)
    hosts(spec, "r" .. n, "h2", 1)
  end
  return spec
end

function generate.ring(n, opts)
  size("ring", "n", n, 3)
  local spec, own = begin("ring", opts, { hosts = true })
  routers(spec, n)
  for i = 1, n do
    link(spec, "r" .. i, "r" .. i % n + 1)
  end
  hosts_of_all(spec, per_node("ring", own))
  return spec
end

function generate.mesh(n, opts)
  size("mesh", "n", n, 2)
  local spec, own = begin("mesh", opts, { hosts = true })
  routers(spec, n)
  for i = 1, n do
    for j = i + 1, n do
      link(spec, "r" .. i, "r" .. j)
    end
  end
  hosts_of_all(spec, per_node("mesh", own))
  return spec
end

function generate.grid(rows, columns, opts)
  size("grid", "rows", rows, 1)
  size("grid", "columns", columns, 1)
  local spec, own = begin("grid", opts, { hosts = true })
  for i = 1, rows do
    for j = 1, columns do
      local here = ("r%d_%d"):format(i, j)
      table.insert(spec.routers, here)
      if j > 1 then
        link(spec, ("r%d_%d"):format(i, j - 1), here)
      end
      if i > 1 then
        link(spec, ("r%d_%d"):format(i - 1, j), here)
      end
    end
  end
  hosts_of_all(spec, per_node("grid", own))
  return spec
end

function generate.tree(depth, fanout, opts)
  size("tree", "depth", depth, 1)
  size("tree", "fanout", fanout, 1)
  if fanout ^ depth > 4096 then
    local message = ("%d^%d hosts are more than 4096"):format(fanout, depth)
    internal.raise("topology.tree", "argument", message, nil)
  end
  local spec, own = begin("tree", opts, { of = true })
  local of = own.of or "switches"
  if of ~= "switches" and of ~= "routers" then
    local message = 'opts.of: expected "switches" or "routers", got ' .. internal.describe(of)
    internal.raise("topology.tree", "argument", message, nil)
  end
  local letter, inner = of == "switches" and "s" or "r", spec[of]
  table.insert(inner, letter .. 1)
  local level = { letter .. 1 }
  for down = 1, depth do
    local below = {}
    for _, parent in ipairs(level) do
      for _ = 1, fanout do
        local leaf = down == depth
        local list = leaf and spec.hosts or inner
        local name = (leaf and "h" or letter) .. #list + 1
        table.insert(list, name)
        table.insert(below, name)
        link(spec, parent, name)
      end
    end
    level = below
  end
  return spec
end

function generate.dumbbell(left, right, opts)
  size("dumbbell", "left", left, 1)
  size("dumbbell", "right", right, 1)
  local spec, own = begin("dumbbell", opts, { bottleneck = true })
  if own.bottleneck ~= nil and type(own.bottleneck) ~= "table" then
    local message = "opts.bottleneck: expected a table, got " .. internal.describe(own.bottleneck)
    internal.raise("topology.dumbbell", "argument", message, nil)
  end
  routers(spec, 2)
  spec.switches = { "s1", "s2" }
  for side, n in ipairs({ left, right }) do
    local switch, letter = "s" .. side, side == 1 and "a" or "b"
    link(spec, "r" .. side, switch)
    for i = 1, n do
      table.insert(spec.hosts, letter .. i)
      link(spec, switch, letter .. i)
    end
  end
  link(spec, "r1", "r2", own.bottleneck)
  return spec
end

return generate

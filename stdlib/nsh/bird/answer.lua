-- What birdc prints, as tables.

local answer = {}

---The lines of an answer, without the first, which greets.
local function lines_of(text)
  local out = {}
  for line in text:gmatch("([^\n]*)\n") do
    table.insert(out, (line:gsub("%s+$", "")))
  end
  if out[1] and out[1]:find("^BIRD .* ready%.$") then
    table.remove(out, 1)
  end
  return out
end

---How far a line is indented; a tab is eight columns.
local function indent(line)
  local n = 0
  for c in line:match("^%s*"):gmatch(".") do
    n = n + (c == "\t" and 8 or 1)
  end
  return n
end

---A word that is a number, as one.
local function value(word)
  return math.tointeger(tonumber(word)) or tonumber(word) or word
end

---Whether a line is the heading of those below it: `Channel ipv4` over deeper ones, `ospf1:` over any.
local function heads(line, below)
  return line:find(":$")
    or below ~= nil and below ~= "" and indent(below) > indent(line) and not line:find(":%s")
end

---`Key: value` lines and headings, as a tree. What is neither is in its array part.
local function tree(lines)
  local open = { { depth = -1, node = {} } }
  for i, line in ipairs(lines) do
    local depth, text = indent(line), line:gsub("^%s+", "")
    -- What a heading such as `ospf1:` is for may stand below it without being deeper, and ends at an empty line.
    while #open > 1 and (open[#open].depth >= depth or line == "") do
      table.remove(open)
    end
    local node = open[#open].node
    local key, rest = text:match("^([^:]+):%s*(.*)$")
    if line ~= "" and heads(line, lines[i + 1]) then
      local child = {}
      node[key or text] = child
      table.insert(open, { depth = line:find(":$") and depth - 0.5 or depth, node = child })
    elseif key then
      node[key] = value(rest)
    elseif line ~= "" then
      table.insert(node, text)
    end
  end
  return open[1].node
end

---`name proto table state since info`, with what `show protocols all` tells of each below.
local function protocols(lines)
  local out, details = {}, {}
  for i, line in ipairs(lines) do
    local name, proto, in_table, state, since, info =
      line:match("^(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s*(.*)$")
    if name and i > 1 then
      details = {}
      in_table = in_table ~= "---" and in_table or nil
      local row = { name = name, proto = proto, table = in_table, state = state, since = since, info = info }
      table.insert(out, { row = row, lines = details })
    elseif i > 1 then
      table.insert(details, line)
    end
  end
  for i, entry in ipairs(out) do
    out[i] = entry.row
    out[i].details = table.concat(entry.lines):find("%S") and tree(entry.lines) or nil
  end
  return out
end

---`protocol router_id priority state dead interface address`
local function neighbors(lines)
  local out, protocol = {}, nil
  for _, line in ipairs(lines) do
    protocol = line:match("^(%S+):$") or protocol
    local id, priority, state, dead, dev, address =
      line:match("^(%S+)%s+(%d+)%s+(%S+)%s+(%S+)%s+(%S+)%s+(%S+)$")
    if id then
      table.insert(out, {
        protocol = protocol,
        router_id = id,
        priority = value(priority),
        state = state,
        dead = value(dead),
        dev = dev,
        address = address,
      })
    end
  end
  return out
end

---A route's first line: what leads there, and who says so.
local function route(line, dst, in_table)
  local rest, kind, protocol, told = line:match("^%S*%s+((%S+) %[(%S+) ([^%]]*)%].*)$")
  if not rest then
    return nil
  end
  local since, from = told:match("^(%S+) from (%S+)$")
  local preference, metric = rest:match("%((%d+)/?([%d-]*)%)")
  return {
    table = in_table,
    dst = dst,
    type = kind,
    protocol = protocol,
    since = since or told,
    from = from,
    primary = rest:find("] * ", 1, true) ~= nil,
    preference = value(preference),
    metric = value(metric ~= "" and metric or nil),
    hops = {},
  }
end

---A next hop, of a line such as `via 10.0.1.2 on to-r2 weight 1`.
local function hop(line)
  local via, dev = line:match("^%s+via (%S+) on (%S+)")
  dev = dev or line:match("^%s+dev (%S+)")
  return dev and { via = via, dev = dev, weight = value(line:match(" weight (%d+)")) }
end

local function routes(lines)
  local out, in_table, dst = {}, nil, nil
  for _, line in ipairs(lines) do
    in_table = line:match("^Table (%S+):$") or in_table
    dst = line:match("^(%x[%x.:]*/%d+)") or dst
    local found, way = route(line, dst, in_table), hop(line)
    local last = out[#out]
    local key, text = line:match("^%s+([%w._]+): (.*)$")
    if found then
      table.insert(out, found)
    elseif last and way then
      table.insert(last.hops, way)
      last.via, last.dev = last.via or way.via, last.dev or way.dev
    elseif last and key then
      last.attributes = last.attributes or {}
      last.attributes[key] = value(text)
    end
  end
  return out
end

---`name up index mtu flags addrs`
local function interfaces(lines)
  local out = {}
  for _, line in ipairs(lines) do
    local name, state, index = line:match("^(%S+) (%a+) %(index=(%d+)")
    local last = out[#out]
    if name then
      table.insert(out, { name = name, up = state == "up", index = value(index), flags = {}, addrs = {} })
    elseif last and line:find("MTU=") then
      last.mtu = value(line:match("MTU=(%d+)"))
      for flag in line:gmatch("%f[%S](%a+)%f[^%a=]") do
        table.insert(last.flags, flag ~= "MTU" and flag or nil)
      end
    elseif last then
      table.insert(last.addrs, line:match("^%s+(%x[%x.:]*/%d+)"))
    end
  end
  return out
end

---`version router_id hostname ...`
local function status(lines)
  local out = {}
  for _, line in ipairs(lines) do
    out.version = out.version or line:match("^BIRD (%S+)$")
    out.router_id = out.router_id or line:match("^Router ID is (%S+)")
    local key, text = line:match("^(%a[%a ]*) is (.+)$")
    local since, when = line:match("^Last (%a+) on (.+)$")
    if since then
      out["last_" .. since] = when
    elseif key and key ~= "Router ID" then
      out[key:lower():gsub(" ", "_")] = text
    end
  end
  return out
end

---What is asked for, and who reads the answer.
local READERS = {
  { "^protocols", protocols },
  { "^ospf neighbors", neighbors },
  { "^route", routes },
  { "^interfaces$", interfaces },
  { "^status$", status },
}

---The answer to `show WHAT` as a table.
function answer.read(what, text)
  for _, reader in ipairs(READERS) do
    if what:find(reader[1]) and not what:find(" count$") then
      return reader[2](lines_of(text))
    end
  end
  return tree(lines_of(text))
end

---The error that an answer is, if it is one.
function answer.failure(text)
  for _, line in ipairs(lines_of(text)) do
    if
      line:find("^No such command")
      or line:find("syntax error")
      or line:find("^There ")
      or line:find("^Unable to")
    then
      return line
    end
  end
end

return answer

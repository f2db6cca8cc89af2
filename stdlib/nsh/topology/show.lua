-- A network as text: who has which address, on which interface, and who is at the other end; and as a graph.

local _, internal = ...

local address = require("nsh.topology.address")

local show = {}

local function count(n, word, many)
  return n == 1 and "1 " .. word or ("%d %s"):format(n, many or word .. "s")
end

---Rows of words as columns.
local function columns(rows)
  local widths, out = {}, {}
  for _, row in ipairs(rows) do
    for i, word in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, #word)
    end
  end
  for _, row in ipairs(rows) do
    local line = {}
    for i, word in ipairs(row) do
      line[i] = word .. (" "):rep(widths[i] - #word)
    end
    table.insert(out, (table.concat(line, "  "):gsub("%s+$", "")))
  end
  return out
end

---What is wrong with a link, as an end of it sees it.
local function trouble(e)
  if not e.link.shown.up then
    return { "cut" }
  end
  return { e.silent and "sends nothing" or nil, e.other.silent and "gets nothing" or nil }
end

---How an end shapes what it sends, in words.
local function shape(e)
  local words = {}
  for _, name in ipairs(internal.SHAPE) do
    local value = (e.shape or {})[name]
    if value and type(value) ~= "table" then
      table.insert(words, ("%s %s"):format(name, value))
    end
  end
  return #words > 0 and table.concat(words, " ") or nil
end

---The rows of a node: its loopbacks, then its interfaces.
local function rows_of(node, rows)
  local first = node.name .. (node.down and " (down)" or "")
  local function add(row)
    table.insert(rows, table.move(row, 1, #row, 2, { first }))
    first = ""
  end
  for _, a in ipairs(node.loopbacks) do
    add({ "lo", "", address.cidr(a) })
  end
  for _, e in ipairs(node.ends) do
    local row = { e.dev, "-- " .. e.other.node.name }
    for _, a in ipairs(e.addrs) do
      table.insert(row, address.cidr(a))
    end
    for _, word in pairs(trouble(e)) do
      table.insert(row, word)
    end
    table.insert(row, shape(e))
    add(row)
  end
  if first ~= "" then
    add({})
  end
end

---A network as `print` shows it.
function show.text(p)
  local rows, kinds = {}, { router = 0, host = 0, switch = 0 }
  for _, node in ipairs(p.nodes) do
    kinds[node.kind] = kinds[node.kind] + 1
    rows_of(node, rows)
  end
  local head = table.concat({
    count(kinds.router, "router"),
    count(kinds.host, "host"),
    count(kinds.switch, "switch", "switches"),
    count(#p.links, "link"),
  }, ", ")
  return head .. (p.closed and " (closed)" or "") .. "\n" .. table.concat(columns(rows), "\n")
end

---A text in quotes, as Graphviz reads it.
local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

---A network in the language of Graphviz.
function show.dot(p)
  local shapes = { router = "ellipse", host = "box", switch = "diamond" }
  local lines = { "graph {" }
  for _, node in ipairs(p.nodes) do
    table.insert(lines, ("  %s [shape=%s];"):format(quoted(node.name), shapes[node.kind]))
  end
  for _, link in ipairs(p.links) do
    local label, style = table.concat(link.shown.subnets, "\\n"), link.shown.up and "" or ", style=dashed"
    local one, two = link.ends[1].node.name, link.ends[2].node.name
    table.insert(lines, ('  %s -- %s [label="%s"%s];'):format(quoted(one), quoted(two), label, style))
  end
  return table.concat(lines, "\n") .. "\n}"
end

return show

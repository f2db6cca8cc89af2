-- Reads the parts of a table, and says where one is wrong: `links[2].mtu: expected ..., got ...`.

local _, internal = ...
local address = require("nsh.topology.address")

local read = {}

---What is being called, for errors.
local operation = "topology"

---Calls a function; what it refuses is told as refused by `op`.
function read.as(op, f, ...)
  operation = op
  local results = table.pack(pcall(f, ...))
  operation = "topology"
  if not results[1] then
    error(results[2], 0)
  end
  return table.unpack(results, 2, results.n)
end

---Refuses a table, before anything is made.
---@param path string the place in the table, such as `links[2].mtu`
---@param message string what is wrong there
---@param hint? string what to try
function read.wrong(path, message, hint)
  internal.raise(operation, "argument", path == "" and message or path .. ": " .. message, hint)
end

local function expected(path, what, value)
  read.wrong(path, ("expected %s, got %s"):format(what, internal.describe(value)))
end

---The most names that a hint lists.
local LISTED = 20

---Says which words there are, as a hint: `the nodes are r1, r2, a, ...`.
local function listed(label, words)
  local some = table.concat(words, ", ", 1, math.min(#words, LISTED))
  return #words > 0 and label .. " " .. some .. (#words > LISTED and ", ..." or "") or nil
end

---Says that a word is none of `words`, with the one that may be meant; else a hint lists them. In short words, such as
---r1 and r2, a letter makes all the difference.
---@return string message, string? hint
function read.none_of(message, word, words, label)
  local near = #word > 3 and internal.similar(word, words)
  if near then
    return ("%s %q; did you mean %q?"):format(message, word, near)
  end
  return ("%s %q"):format(message, word), listed(label, words)
end

---Refuses a word that is none of `words`.
function read.unknown(path, message, word, words, label)
  read.wrong(path, read.none_of(message, word, words, label))
end

---The place of a field.
function read.field(path, key)
  local name = type(key) == "string" and key or "[" .. tostring(key) .. "]"
  if type(key) == "string" and not key:find("^[%a_][%w_]*$") then
    name = ("[%q]"):format(key)
  end
  return (path == "" or name:find("^%[")) and path .. name or path .. "." .. name
end

---A table's keys, in an order that doesn't change from run to run.
function read.keys(value)
  local keys = {}
  for key in pairs(value) do
    table.insert(keys, key)
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then
      return a < b
    end
    return type(a) < type(b)
  end)
  return keys
end

---A table with these fields; `values` of its places 1 and on are the caller's. Returns what the readers made of them.
---@param path string
---@param value any
---@param fields table<any, (fun(path: string, value: any): any)?>
---@param values? integer
function read.record(path, value, fields, values)
  if type(value) ~= "table" then
    expected(path, "a table", value)
  end
  local out = {}
  for _, key in ipairs(read.keys(value)) do
    local field = fields[key]
    if field ~= nil then
      out[key] = field(read.field(path, key), value[key])
    elseif type(key) == "string" then
      local what = path == "opts" and "option" or "key"
      read.unknown(path, "unknown " .. what, key, read.keys(fields), ("the %ss are"):format(what))
    elseif math.type(key) ~= "integer" or key < 1 or key > (values or 0) then
      read.wrong(
        read.field(path, key),
        "nothing more is expected here, got " .. internal.describe(value[key])
      )
    end
  end
  return out
end

---An array; each item is read by `item`.
function read.list(item)
  return function(path, value)
    if type(value) ~= "table" then
      expected(path, "an array", value)
    end
    local out = {}
    for _, key in ipairs(read.keys(value)) do
      if type(key) == "string" then
        local hint = ("write { { %q, ... } } rather than { %s = ... }: the order counts"):format(key, key)
        read.wrong(path, ("expected an array, got a table with the key %q"):format(key), hint)
      elseif key ~= #out + 1 then
        expected(path, "an array with the places 1 and on", key)
      end
      out[key] = item(read.field(path, key), value[key])
    end
    return out
  end
end

---A value of one of Lua's types, as it is.
local function of_type(name, what)
  return function(path, value)
    if type(value) ~= name then
      expected(path, what, value)
    end
    return value
  end
end

read.boolean = of_type("boolean", "a boolean")
read.string = of_type("string", "a string")
read.table = of_type("table", "a table")
---The name of a node, which may be given as its namespace is not there yet.
read.name = of_type("string", "a node's name")

---What a table has at a place, or under a name instead: JSON has no tables with both.
---@return any value, string path
function read.either(path, value, place, name)
  if value[place] ~= nil and value[name] ~= nil then
    read.wrong(read.field(path, name), "is given already, by " .. read.field("", place))
  elseif value[place] == nil and value[name] ~= nil then
    return value[name], read.field(path, name)
  end
  return value[place], read.field(path, place)
end

---A hardware address.
function read.mac(path, value)
  local six = "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$"
  if type(value) ~= "string" or not value:find(six) then
    expected(path, 'a hardware address such as "02:00:00:00:00:01"', value)
  elseif tonumber(value:sub(1, 2), 16) & 1 == 1 then
    read.wrong(path, value .. " is the address of a group, no interface's")
  end
  return value:lower()
end

---Options of `link.shape`, for what one end of a link sends.
function read.shape(path, value)
  local message, hint = internal.wrong_shape(path, value)
  if message then
    internal.raise(operation, "argument", message, hint)
  elseif value.direction ~= nil then
    read.wrong(read.field(path, "direction"), "an end of a link shapes what it sends")
  end
  return value
end

function read.integer(low, high)
  return function(path, value)
    if math.type(value) ~= "integer" or value < low or value > high then
      expected(path, ("an integer from %d to %d"):format(low, high), value)
    end
    return value
  end
end

---A text or several; each is read by `item`, which also gets its place.
local function one_or_more(item)
  local several = read.list(item)
  return function(path, value)
    if type(value) == "table" then
      return several(path, value)
    end
    return { item(path, value) }
  end
end

local function parsed(path, value, what)
  local a = type(value) == "string" and address.parse(value)
  if not a then
    expected(path, what, value)
  end
  a.path = path
  return a
end

---A node's name or several.
read.names = one_or_more(function(path, value)
  return read.name(path, value)
end)

---Addresses such as "10.0.1.1/24" or "fd00::1".
read.addresses = one_or_more(function(path, value)
  return parsed(path, value, 'an address such as "10.0.1.1/24" or "fd00::1"')
end)

---Subnets such as "10.0.1.0/24", without host bits.
read.subnets = one_or_more(function(path, value)
  local what = 'a subnet such as "10.0.1.0/24" or "fd00:1::/64"'
  local subnet = parsed(path, value, what)
  if not subnet.length then
    expected(path, what, value)
  end
  local network = address.network(subnet)
  if not address.equal(network, subnet) then
    read.wrong(path, ("%s is an address; its subnet is %s"):format(value, address.cidr(network)))
  end
  return subnet
end)

---Subnets by family.
function read.several_subnets(path, value)
  local out = {}
  for _, subnet in ipairs(read.subnets(path, value)) do
    out[subnet.family] = out[subnet.family] or {}
    table.insert(out[subnet.family], subnet)
  end
  return out
end

---At most one subnet of each family, by family.
function read.subnet(path, value)
  local out = {}
  for family, list in pairs(read.several_subnets(path, value)) do
    if #list > 1 then
      local both = ("%s and %s"):format(address.cidr(list[1]), address.cidr(list[2]))
      read.wrong(path, both .. " are of the same family; one of each is enough")
    end
    out[family] = list[1]
  end
  return out
end

return read

-- Daemons that are started side by side: all are begun before the first is waited for.

local _, internal = ...
local read = require("nsh.topology.read")

local start = {}

---How often a daemon is asked whether it is ready, in seconds, and for how long.
local INTERVAL, TIMEOUT = 0.02, 20

---The last lines that a process printed.
local function printed(process)
  local text = (process:stdout() .. process:stderr()):gsub("%s+$", "")
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    table.insert(lines, line)
  end
  return table.concat(lines, "\n", math.max(1, #lines - 9))
end

---Waits until a daemon is ready; raises what it printed if it ends, or takes too long.
---@param op string what is being called
---@param what string the daemon and its namespace, as `bird in r1`
---@param process nsh.Process
---@param ready fun(): any
function start.await(op, what, process, ready)
  for _ = 1, TIMEOUT / INTERVAL do
    if ready() then
      return
    end
    local ended, result = pcall(process.wait, process, { timeout = INTERVAL })
    if ended then
      local text = ("%s %s before it was ready:\n%s"):format(what, result.reason, printed(process))
      internal.raise(op, "exit", text, nil)
    elseif type(result) ~= "table" or result.kind ~= "timeout" then
      error(result, 0)
    end
  end
  internal.raise(
    op,
    "timeout",
    ("%s is not ready after %d s:\n%s"):format(what, TIMEOUT, printed(process)),
    nil
  )
end

---The namespaces of a call, each a namespace or its name.
function start.namespaces(op, list)
  if type(list) ~= "table" then
    internal.raise(op, "argument", "expected an array of namespaces, got " .. internal.describe(list), nil)
  end
  local out = {}
  for i, item in ipairs(list) do
    out[i] = type(item) == "string" and namespace.get(item) or item
    if type(out[i]) ~= "userdata" then
      local got = type(item) == "string" and ("there is no namespace %q"):format(item)
        or "expected a namespace or its name, got " .. internal.describe(item)
      internal.raise(op, "argument", got, nil)
    end
  end
  return out
end

---The configuration of each namespace: the one of all, or what a function returns for it.
function start.each_config(op, list, config, make)
  local out = {}
  for i, ns in ipairs(list) do
    local own = config
    if type(config) == "function" then
      own = config(ns, i)
    end
    if type(own) ~= "string" and type(own) ~= "table" then
      local got = "expected a table or a text of configuration, got " .. internal.describe(own)
      internal.raise(op, "argument", got, nil)
    end
    out[i] = type(own) == "string" and own or read.as(op, make, ns, own)
  end
  return out
end

---Stops what was begun, when something fails.
function start.or_stop(processes, f, ...)
  local results = table.pack(pcall(f, ...))
  if not results[1] then
    for _, process in ipairs(processes) do
      pcall(process.stop, process)
    end
    error(results[2], 0)
  end
  return table.unpack(results, 2, results.n)
end

return start

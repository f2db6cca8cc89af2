-- BIRD in the namespaces of a lab: a router from a table or from a text of configuration, and its answers as tables.
--
-- Each router has an /etc/bird and a /run/bird of its own. A table is made a configuration of; `nsh.frr` takes the same
-- one, so that a lab can be run with either.
--
-- needs: bird, birdc

local _, internal = ...
local answer = require("nsh.bird.answer")
local config = require("nsh.bird.config")
local start = require("nsh.router.start")

---@class nsh.bird
local bird = {}

local FILE, SOCKET = "/etc/bird/bird.conf", "/run/bird/bird.ctl"
---Stands behind a configuration, so that errors name the lines of it.
local LOG = "\nlog stderr all;\n"

---A router that runs BIRD. It is stopped at the end of the script, or of its block (`<close>`).
---@class nsh.bird.BirdRouter
---@field ns nsh.Namespace where it runs
---@field process nsh.Process the daemon
local Router = {}

local meta = { __name = "nsh.bird.BirdRouter", __index = Router }

function meta.__tostring(self)
  return "BIRD in " .. self.ns.name
end

local function fail(op, kind, message, hint)
  internal.raise(op, kind, message, hint)
end

---What birdc prints, and whether it got an answer.
local function ask(ns, command)
  local result = ns.exec({ "birdc", "-s", SOCKET, command })
  return result.stdout .. result.stderr, result.status == 0
end

---Whether a daemon answers, and has read its configuration.
local function is_up(ns)
  return ask(ns, "show status"):find("\nDaemon is up and running", 1, true)
end

---Begins a daemon; it isn't ready yet.
local function begin(ns, text)
  ns.proc.private({ "/etc/bird", "/run/bird" })
  local command = { "bird", "-f", "-c", FILE, "-s", SOCKET, "-P", "/run/bird/bird.pid" }
  return ns.spawn(command, { files = { [FILE] = text .. LOG } })
end

local function start_all(op, list, text)
  local processes, out = {}, {}
  start.or_stop(processes, function()
    for i, ns in ipairs(list) do
      processes[i] = begin(ns, text[i])
    end
    for i, ns in ipairs(list) do
      start.await(op, "bird in " .. ns.name, processes[i], function()
        return is_up(ns)
      end)
      out[i] = setmetatable({ ns = ns, process = processes[i] }, meta)
    end
  end)
  return out
end

---Starts BIRD in a namespace, and returns when it answers.
---
---Raises `argument` for what is wrong in the table, `exit` with what BIRD printed for what is wrong in its configuration,
---`not_found` where BIRD is not installed.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---local topology = require("nsh.topology")
---local net = topology(topology.chain(2, { routing = false }))
---for _, ns in ipairs(net.routers) do
---  bird.start(ns, { ospf = { type = "ptp" } })
---end
---eventually(function()
---  check.reachable(net.h1, net.h2)
---end, { timeout = 20 })
---```
---@param ns nsh.Namespace|string where it runs
---@param conf nsh.router.Table|string what it runs: a table, or a text in BIRD's own words
---@return nsh.bird.BirdRouter # the router
function bird.start(ns, conf)
  local list = start.namespaces("bird.start", { ns })
  return start_all("bird.start", list, start.each_config("bird.start", list, conf, config.text))[1]
end

---Starts BIRD in several namespaces side by side, and returns when all of them answer.
---
---Raises as `bird.start` does; none of them is left running then.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---local topology = require("nsh.topology")
---local net = topology(topology.ring(3, { loopbacks = true, routing = false }))
---local routers = bird.start_all(net.routers, function(ns)
---  return { router_id = net:addr(ns), ospf = { type = "ptp" } }
---end)
---eventually(function()
---  check.equal(#routers[1]:show("ospf neighbors"), 4)
---end, { timeout = 20 })
---```
---@param list (nsh.Namespace|string)[] where they run
---@param conf nsh.router.Table|string|fun(ns: nsh.Namespace, i: integer): nsh.router.Table|string what they run, or a function that returns it for each
---@return nsh.bird.BirdRouter[] # the routers, in the same order
function bird.start_all(list, conf)
  list = start.namespaces("bird.start_all", list)
  return start_all("bird.start_all", list, start.each_config("bird.start_all", list, conf, config.text))
end

---The configuration that a table is made into, as a text.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---print(bird.config(host, { router_id = "10.0.0.1", static = { { "10.9.0.0/16", type = "blackhole" } } }))
---```
---@param ns nsh.Namespace|string the namespace, for its links and addresses
---@param conf nsh.router.Table the table
---@return string # the configuration
function bird.config(ns, conf)
  local list = start.namespaces("bird.config", { ns })
  return start.each_config("bird.config", list, conf, config.text)[1]
end

---What birdc answers to a command, as a text.
---
---Raises `exit` with BIRD's own words if it refuses the command.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---local r <close> = bird.start(host, { router_id = "10.0.0.1" })
---print(r:birdc("show status"))
---```
---@param command string the command
---@return string # what it printed
function Router:birdc(command)
  local text, answered = ask(self.ns, command)
  local failure = answer.failure(text)
  if not answered or failure then
    local said = failure or text:gsub("%s+$", "")
    fail("BirdRouter:birdc", "exit", ("%q in %s: %s"):format(command, self.ns.name, said), nil)
  end
  return text
end

---What birdc answers to `show WHAT`, as a table: of `protocols`, `route`, `ospf neighbors` and `interfaces` a list of rows,
---of `status` its fields. Of anything else the lines `key: value`, below their headings.
---
---Raises as `birdc`.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---local r <close> = bird.start(host, { router_id = "10.0.0.1", static = { { "10.9.0.0/16", type = "blackhole" } } })
---check.equal(r:show("status").router_id, "10.0.0.1")
---check.equal(r:show("route")[1].dst, "10.9.0.0/16")
---for _, p in ipairs(r:show("protocols")) do
---  print(p.name, p.proto, p.state)
---end
---```
---@param what string what to show, such as `protocols` or `route for 10.9.1.1`
---@return table # the answer
function Router:show(what)
  return answer.read(what, self:birdc("show " .. what))
end

---Gives it another configuration, which it changes to without a restart.
---
---Raises as `bird.start` does for what is wrong in it; BIRD then goes on as before.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---local r <close> = bird.start(host, { router_id = "10.0.0.1" })
---r:configure({ router_id = "10.0.0.1", static = { { "10.9.0.0/16", type = "blackhole" } } })
---check.equal(#r:show("route"), 1)
---```
---@param conf nsh.router.Table|string the whole configuration
function Router:configure(conf)
  local op = "BirdRouter:configure"
  local text = start.each_config(op, { self.ns }, conf, config.text)[1]
  self.ns.exec({ "true" }, { files = { [FILE] = text .. LOG }, check = true })
  local said = ask(self.ns, "configure")
  if not said:find("\nReconfigur") then
    fail(
      op,
      "exit",
      ("BIRD in %s refuses it: %s"):format(self.ns.name, said:gsub("^[^\n]*\n", ""):gsub("%s+$", "")),
      nil
    )
  end
end

---Stops it, and waits until it has ended.
---
---```lua
----- needs: bird, birdc
---local bird = require("nsh.bird")
---local r = bird.start(host, { router_id = "10.0.0.1" })
---r:stop()
---```
function Router:stop()
  if self.process:running() then
    self.process:stop()
  end
end

meta.__close = Router.stop

for name, method in pairs(Router) do
  internal.document(method, "BirdRouter:" .. name)
end

return bird

-- FRR in the namespaces of a lab: a router from a table or from a text of configuration, and its answers as tables.
--
-- Each router has an /etc/frr and a /run/frr of its own; zebra runs in each, and whatever else its configuration needs. A
-- table is made a configuration of; `nsh.bird` takes the same one, so that a lab can be run with either.
--
-- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh

local _, internal = ...
local config = require("nsh.frr.config")
local start = require("nsh.router.start")

---@class nsh.frr
local frr = {}

---Where distributions install the daemons.
local PLACES = { "/usr/lib/frr/", "/usr/libexec/frr/", "/usr/lib64/frr/", "/usr/sbin/" }
local FILE = "/etc/frr/frr.conf"
---FRR's daemons want the group frrvty, and root in it. In a lab root is the one user that there always is.
local FILES = { ["/etc/group"] = "root:x:0:\nfrrvty:x:0:root\n", ["/etc/frr/vtysh.conf"] = "" }

---A router that runs FRR. It is stopped at the end of the script, or of its block (`<close>`).
---@class nsh.frr.FrrRouter
---@field ns nsh.Namespace where it runs
---@field processes table<string, nsh.Process> its daemons by name: `processes.ospfd`
local Router = {}

local meta = { __name = "nsh.frr.FrrRouter", __index = Router }

function meta.__tostring(self)
  return "FRR in " .. self.ns.name
end

local function exists(path)
  local file = io.open(path)
  if file then
    file:close()
  end
  return file ~= nil
end

---Where a daemon is installed, if it is.
local function find(daemon)
  for _, place in ipairs(PLACES) do
    if exists(place .. daemon) then
      return place .. daemon
    end
  end
end

local function require_daemon(op, daemon)
  local path = find(daemon)
  if not path then
    local places = table.concat(PLACES, ", ")
    internal.raise(
      op,
      "not_found",
      ("there is no %s in %s"):format(daemon, places),
      "install FRR (Debian: frr)"
    )
  end
  return path
end

---The files of a process, with a configuration among them.
local function files_with(text)
  local out = { [FILE] = text }
  for path, content in pairs(FILES) do
    out[path] = content
  end
  return out
end

local function vtysh(ns, ...)
  return ns.exec({ "vtysh", ... }, { files = FILES })
end

---Begins a daemon; it isn't ready yet.
local function begin(op, ns, daemon)
  local command = { require_daemon(op, daemon), "-u", "root", "-g", "root", "--log", "stdout" }
  return ns.spawn(command, { files = FILES })
end

---Begins a daemon in each router that needs it, then waits for all. `wanted` has the daemons of each router.
local function begin_all(op, routers, wanted)
  local begun = {}
  for i, router in ipairs(routers) do
    for _, daemon in ipairs(wanted[i]) do
      router.processes[daemon] = begin(op, router.ns, daemon)
      table.insert(begun, { router = router, daemon = daemon })
    end
  end
  for _, one in ipairs(begun) do
    local ns, daemon = one.router.ns, one.daemon
    start.await(op, ("%s in %s"):format(daemon, ns.name), one.router.processes[daemon], function()
      return vtysh(ns, "-d", daemon, "-c", "show version").status == 0
    end)
  end
end

---Hands each router its configuration, side by side; raises what vtysh says of one that is wrong.
local function load_all(op, routers, texts)
  local loads = {}
  for i, router in ipairs(routers) do
    loads[i] = router.ns.spawn({ "vtysh", "-f", FILE }, { files = files_with(texts[i]) })
  end
  for i, router in ipairs(routers) do
    local result = loads[i]:wait()
    if result.status ~= 0 or result.stderr:find("%S") then
      local said = (result.stderr .. result.stdout):gsub("%s+$", "")
      internal.raise(
        op,
        "exit",
        ("FRR in %s refuses its configuration: %s"):format(router.ns.name, said),
        nil
      )
    end
  end
end

---The daemons that all others need: FRR 10 reads configuration by mgmtd.
local function first_daemons()
  return find("mgmtd") and { "mgmtd", "zebra" } or { "zebra" }
end

local function start_all(op, list, texts)
  local routers, first, others = {}, {}, {}
  for i, ns in ipairs(list) do
    routers[i] = setmetatable({ ns = ns, processes = {} }, meta)
    first[i], others[i] = first_daemons(), config.daemons(texts[i])
    ns.proc.private({ "/etc/frr", "/run/frr", "/var/lib/frr" })
  end
  local ok, e = pcall(function()
    -- A daemon that doesn't find zebra asks again after 10 s.
    begin_all(op, routers, first)
    begin_all(op, routers, others)
    load_all(op, routers, texts)
  end)
  if not ok then
    for _, router in ipairs(routers) do
      pcall(router.stop, router)
    end
    error(e, 0)
  end
  return routers
end

---Starts FRR in a namespace, and returns when all of its daemons answer and have their configuration.
---
---Raises `argument` for what is wrong in the table, `exit` with vtysh's words for what is wrong in a configuration,
---`not_found` where FRR or one of its daemons is not installed.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---local topology = require("nsh.topology")
---local net = topology(topology.chain(2, { routing = false, ipv6 = false }))
---for _, ns in ipairs(net.routers) do
---  frr.start(ns, { ospf = { type = "ptp" } })
---end
---eventually(function()
---  check.reachable(net.h1, net.h2)
---end, { timeout = 20 })
---```
---@param ns nsh.Namespace|string where it runs
---@param conf nsh.router.Table|string what it runs: a table, or a text in FRR's own words
---@return nsh.frr.FrrRouter # the router
function frr.start(ns, conf)
  local list = start.namespaces("frr.start", { ns })
  return start_all("frr.start", list, start.each_config("frr.start", list, conf, config.text))[1]
end

---Starts FRR in several namespaces side by side, and returns when all of them answer.
---
---Raises as `frr.start` does; none of them is left running then.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---local topology = require("nsh.topology")
---local net = topology({ ipv6 = false, routing = false, routers = { "r1", "r2" }, links = { { "r1", "r2" } } })
---local routers = frr.start_all(net.routers, function(ns, i)
---  local peer = net:addr(i == 1 and "r2" or "r1")
---  return { bgp = { as = 65000 + i, neighbors = { { peer, as = 65003 - i } } } }
---end)
---eventually(function()
---  local summary = routers[1]:show("bgp summary")
---  check.equal(summary.ipv4Unicast.peers[net:addr("r2")].state, "Established")
---end, { timeout = 20 })
---```
---@param list (nsh.Namespace|string)[] where they run
---@param conf nsh.router.Table|string|fun(ns: nsh.Namespace, i: integer): nsh.router.Table|string what they run, or a function that returns it for each
---@return nsh.frr.FrrRouter[] # the routers, in the same order
function frr.start_all(list, conf)
  list = start.namespaces("frr.start_all", list)
  return start_all("frr.start_all", list, start.each_config("frr.start_all", list, conf, config.text))
end

---The configuration that a table is made into, as a text.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---print(frr.config(host, { router_id = "10.0.0.1", static = { { "10.9.0.0/16", type = "blackhole" } } }))
---```
---@param ns nsh.Namespace|string the namespace, for its links and addresses
---@param conf nsh.router.Table the table
---@return string # the configuration
function frr.config(ns, conf)
  local list = start.namespaces("frr.config", { ns })
  return start.each_config("frr.config", list, conf, config.text)[1]
end

---What vtysh prints for a command.
---
---Raises `exit` with FRR's own words if it refuses the command.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---local r <close> = frr.start(host, { static = { { "10.9.0.0/16", type = "blackhole" } } })
---print(r:vtysh("show ip route"))
---```
---@param command string the command
---@return string # what it printed
function Router:vtysh(command)
  local result = vtysh(self.ns, "-c", command)
  if result.status ~= 0 then
    local said = (result.stdout .. result.stderr):gsub("%s+$", "")
    internal.raise("FrrRouter:vtysh", "exit", ("%q in %s: %s"):format(command, self.ns.name, said), nil)
  end
  return result.stdout
end

---What vtysh answers to `show WHAT json`, as a table.
---
---Raises as `vtysh`, also for what FRR doesn't tell in JSON.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---local r <close> = frr.start(host, { static = { { "10.9.0.0/16", type = "blackhole" } } })
---eventually(function()
---  check.equal(r:show("ip route")["10.9.0.0/16"][1].protocol, "static")
---end)
---```
---@param what string what to show, such as `ip route` or `bgp summary`
---@return table # the answer
function Router:show(what)
  local command = "show " .. what .. " json"
  local text = self:vtysh(command)
  local ok, value = pcall(json.decode, text)
  if ok and type(value) == "table" then
    return value
  end
  local said = ("%q in %s: the answer is no JSON: %s"):format(command, self.ns.name, text:sub(1, 200))
  return internal.raise("FrrRouter:show", "exit", said, "ask for the text with vtysh")
end

---Adds to its configuration, as `configure terminal` does. Daemons that it needs besides are started.
---
---Raises `exit` with vtysh's words for what is wrong in it.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---local r <close> = frr.start(host, "ip route 10.8.0.0/16 blackhole")
---r:configure("no ip route 10.8.0.0/16 blackhole\nip route 10.9.0.0/16 blackhole")
---```
---@param conf nsh.router.Table|string what to add: a table, or a text in FRR's own words
function Router:configure(conf)
  local op = "FrrRouter:configure"
  local text = start.each_config(op, { self.ns }, conf, config.text)[1]
  local missing = {}
  for _, daemon in ipairs(config.daemons(text)) do
    table.insert(missing, not self.processes[daemon] and daemon or nil)
  end
  begin_all(op, { self }, { missing })
  load_all(op, { self }, { text })
end

---Stops all its daemons, and waits until they have ended.
---
---```lua
----- needs: /usr/lib/frr/zebra, /usr/lib/frr/ospfd, /usr/lib/frr/bgpd, /usr/lib/frr/staticd, vtysh
---local frr = require("nsh.frr")
---local r = frr.start(host, "ip route 10.9.0.0/16 blackhole")
---r:stop()
---```
function Router:stop()
  for _, process in pairs(self.processes) do
    if process:running() then
      process:stop()
    end
  end
end

meta.__close = Router.stop

for name, method in pairs(Router) do
  internal.document(method, "FrrRouter:" .. name)
end

return frr

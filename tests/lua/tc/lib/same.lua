-- Objects of traffic control, made by nsh and by tc: tc must show of both the same, and nsh too.
local same = {}

--- A namespace with two cables: eth0, eth1.
function same.place(name)
  local ns = namespace.add(name, { ipv6 = false })
  ns.link.add("eth0", { kind = "veth", up = true, peer = { name = "far0", up = true } })
  ns.link.add("eth1", { kind = "veth", up = true, peer = { name = "far1", up = true } })
  return ns
end

-- One process for several commands: on an emulated machine they take their time.
local function tc(ns, lines)
  local options = { check = true, stdin = table.concat(lines, "\n") .. "\n" }
  return ns.exec({ "tc", "-d", "-batch", "-" }, options).stdout
end

-- What shows the objects of a link.
local SHOW = {
  qdisc = { "qdisc show dev eth0" },
  class = { "class show dev eth0" },
  filter = { "filter show dev eth0 root", "filter show dev eth0 ingress" },
}

-- What differs by itself. An adaptive red sets its probability anew twice a second.
local MOVES = { "index %d+", "direct_packets_stat %d+", "installed %d+ sec", "used %d+ sec", "police 0x%x+" }
local ADAPTS = "probability [%d.]+%%? "

local function still(text, words)
  for _, pattern in ipairs(MOVES) do
    text = text:gsub(pattern, "")
  end
  return (words:find("adaptive", 1, true) and text:gsub(ADAPTS, "") or text)
end

local function listed(list, words)
  local lines = {}
  for _, one in ipairs(list) do
    table.insert(lines, still(tostring(one), words))
  end
  return lines
end

-- `words` are a command of tc that makes what nsh has made.
local function compare(noun, ours, theirs, words)
  local made = { words }
  local mine, other =
    tc(ours, SHOW[noun]), tc(theirs, table.move(SHOW[noun], 1, #SHOW[noun], #made + 1, made))
  check.equal(still(mine, words), still(other, words), words)
  local filter = { dev = "eth0" }
  check.equal(listed(ours.tc[noun].list(filter), words), listed(theirs.tc[noun].list(filter), words), words)
end

local made = 0

local function both(ours, theirs)
  made = made + 1
  return same.place(ours .. made), same.place(theirs .. made)
end

--- The fields that were given are read back so, unless `seen` says otherwise.
local function check_fields(record, given, seen, words)
  for kind, options in pairs(given) do
    local fields = kind ~= "actions" and type(options) == "table" and options or {}
    for name, value in pairs(fields) do
      local expected = (seen or {})[name]
      local plain = type(value) == "number" or type(value) == "boolean"
      if plain or expected ~= nil then
        -- What is off needn't be reported.
        local found = { record[kind][name] or false }
        check.equal(found, expected == nil and { value } or { expected }, words .. ": " .. name)
      end
    end
  end
end

--- Each case: the options of `tc.qdisc.add`, the words of tc behind `handle 8:`, and what of the options is read back in
--- another way than given.
function same.qdiscs(cases)
  for _, case in ipairs(cases) do
    local given, words, seen = table.unpack(case)
    local ours, theirs = both("q", "p")
    given.handle = "8:"
    ours.tc.qdisc.add("eth0", given)
    compare("qdisc", ours, theirs, "qdisc add dev eth0 root handle 8: " .. words)
    check_fields(ours.tc.qdisc.get("eth0"), given, seen, words)
    local before = still(tostring(ours.tc.qdisc.get("eth0")), words)
    -- Of these the kernel lets nothing be changed, or (fq_codel's `flows`) not all.
    local fixed = " htb drr sfq fq_codel "
    if not fixed:find(" " .. words:match("^%S+") .. " ", 1, true) then
      ours.tc.qdisc.replace("eth0", given)
      check.equal(still(tostring(ours.tc.qdisc.get("eth0")), words), before)
    end
    ours.tc.qdisc.del("eth0")
    check.equal(ours.tc.qdisc.get("eth0").handle, "0:")
    namespace.del(ours.name)
    namespace.del(theirs.name)
  end
end

--- The same of classes of a discipline; the words stand behind `parent 8: classid 8:1`.
function same.classes(qdisc, cases)
  local ours, theirs = both("q", "p")
  for _, ns in ipairs({ ours, theirs }) do
    tc(ns, { "qdisc add dev eth0 root handle 8: " .. qdisc })
  end
  for at, case in ipairs(cases) do
    local given, words, seen = table.unpack(case)
    local id = ("8:%x"):format(at)
    ours.tc.class.add("eth0", id, given)
    local parent = given.parent or "8:"
    compare("class", ours, theirs, ("class add dev eth0 parent %s classid %s %s"):format(parent, id, words))
    local function mine(class)
      return class.classid == id
    end
    for _, class in ipairs(ours.tc.class.list({ dev = "eth0" })) do
      if mine(class) then
        check_fields(class, given, seen, words)
      end
    end
    ours.tc.class.replace("eth0", id, given)
  end
  ours.tc.class.del("eth0", "8:1")
  compare("class", ours, theirs, "class del dev eth0 classid 8:1")
  namespace.del(ours.name)
  namespace.del(theirs.name)
end

--- The same of filters; `parent` is "8:" (with `qdisc` at the root), "ingress" or "egress".
function same.filters(parent, qdisc, cases)
  local ours, theirs = both("q", "p")
  local place = parent == "8:" and "root handle 8: " .. qdisc or "clsact"
  for _, ns in ipairs({ ours, theirs }) do
    tc(ns, { "qdisc add dev eth0 " .. place })
  end
  local where = parent == "8:" and "parent 8:" or parent
  for at, case in ipairs(cases) do
    local given, words, seen = table.unpack(case)
    given.parent, given.pref = parent, at
    ours.tc.filter.add("eth0", given)
    local protocol = words:match("protocol %S+") or ""
    local rest = words:gsub("protocol %S+ ", "", 1)
    compare(
      "filter",
      ours,
      theirs,
      ("filter add dev eth0 %s %s pref %d %s"):format(where, protocol, at, rest)
    )
    local found = ours.tc.filter.list({ dev = "eth0", pref = at })[1]
    check_fields(found, given, seen, words)
    ours.tc.filter.del("eth0", { parent = parent, pref = at, chain = given.chain })
    theirs.tc.filter.del("eth0", { parent = parent, pref = at, chain = given.chain })
    check.equal(#ours.tc.filter.list({ dev = "eth0" }), 0)
  end
  namespace.del(ours.name)
  namespace.del(theirs.name)
end

return same

-- Links of a kind, made and changed by nsh and by ip: each must see of both the same.
local kinds = {}

local function ip(ns, words)
  return ns.exec("ip " .. words, { check = true }).stdout
end

--- What ip shows of the link's kind.
function kinds.shown(ns, name)
  return json.decode(ip(ns, "-d -j link show " .. name))[1].linkinfo.info_data
end

--- A namespace with a cable, whose ends are eth0 and eth1.
local function place(name)
  local ns = namespace.add(name)
  ns.link.add("eth0", { kind = "veth", up = true, peer = { name = "eth1", up = true } })
  return ns
end

local function compare(ours, theirs, field, words, given)
  check.equal(kinds.shown(ours, "x0"), kinds.shown(theirs, "x0"), words)
  local seen = ours.link.get("x0")[field]
  check.equal(seen, theirs.link.get("x0")[field], words)
  for name, value in pairs(given) do
    check.equal(seen[name], value, words .. ": " .. name)
  end
end

--- Each case: `kind`; the options `add` and the words of ip for them; what is then changed by `set`, with its words; what
--- `seen` of the options differs from what was given; `link`, the one below.
function kinds.same(field, cases)
  for at, case in ipairs(cases) do
    local kind = case.kind or field
    local ours, theirs = place("ours" .. at), place("theirs" .. at)
    for _, ns in ipairs({ ours, theirs }) do
      if case.before then
        case.before(ns)
      end
    end
    ours.link.add("x0", { kind = kind, link = case.link, [field] = case.add })
    local below = case.below and ("link %s "):format(case.below) or ""
    ip(theirs, ("link add %sname x0 type %s %s"):format(below, kind, case.words))
    compare(ours, theirs, field, kind .. " " .. case.words, case.seen or case.add or {})
    for _, change in ipairs(case.set or {}) do
      local options, words, seen = table.unpack(change)
      ours.link.set("x0", { [field] = options })
      ip(theirs, ("link set x0 type %s %s"):format(kind, words))
      compare(ours, theirs, field, ("set %s %s"):format(kind, words), seen or options)
    end
    namespace.del(ours.name)
    namespace.del(theirs.name)
  end
end

--- The hint of the error that `link.add` or another function raises.
function kinds.hint(kind, fn, ...)
  local args = table.pack(...)
  return check.error(function()
    fn(table.unpack(args, 1, args.n))
  end, kind).hint
end

return kinds

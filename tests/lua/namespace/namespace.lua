-- needs: ip
local ns1 = namespace.add("ns1")
local ns2 = namespace.add("ns2", { up = true })

check.equal(ns1.name, "ns1")
check.equal(tostring(ns1), "ns1")
check.equal(host.name, "host")
check.equal(namespace.get("ns1"), ns1)
check.equal(namespace.get("nsx"), nil)
check.equal(tostring(namespace.list()), "ns1\nns2")
check.equal(ns1.link.get("lo").up, false)
check.equal(ns2.link.get("lo").up, true)

-- Stock ip sees them, and what it makes is seen.
local function ip(...)
  return proc.exec({ "ip", ... }, { check = true }).stdout
end
local names = {}
for _, ns in ipairs(json.decode(ip("-j", "netns", "list"))) do
  names[ns.name] = true
end
check.equal(names, { ns1 = true, ns2 = true })
check(ip("netns", "exec", "ns2", "ip", "link", "show", "lo"):find("LOOPBACK,UP", 1, true))
ip("netns", "add", "by-ip")
check(namespace.get("by-ip"))
ip("netns", "del", "by-ip")
check.equal(namespace.get("by-ip"), nil)

-- Deleted, its links go with it.
link.add("veth0", { kind = "veth", peer = { name = "eth0", ns = ns1 } })
namespace.del(ns1)
check.equal(namespace.get("ns1"), nil)
check.equal(
  check.error(function()
    ns1.link.list()
  end, "not_found").message,
  "link.list in ns1: the namespace ns1 was deleted"
)
eventually(function()
  return link.get("veth0") == nil
end)

-- A name that was free again is another namespace.
check.equal(namespace.add("ns1").link.get("eth0"), nil)

local function fails(kind, text, f)
  check.equal(check.error(f, kind).message, text)
end
fails("exists", 'namespace.add "ns1": file exists (EEXIST)', function()
  namespace.add("ns1")
end)
fails("not_found", 'namespace.del "nsx": name: no namespace named "nsx" (there is ns1, ns2)', function()
  namespace.del("nsx")
end)
fails(
  "argument",
  'namespace.add: the namespace\'s name must not contain "/" or a NUL byte, got "a/b"',
  function()
    namespace.add("a/b")
  end
)
fails("argument", 'namespace.add: the namespace\'s name must not be empty, got ""', function()
  namespace.add("")
end)
check.error(function()
  namespace.add(("x"):rep(300))
end, "argument")
check.error(function()
  namespace.add("host")
end, "argument")
fails("argument", "namespace.add: name: expected a string, got the integer 5", function()
  namespace.add(5 --[[@as any]])
end)
fails("argument", 'namespace.add: opts: unknown option "upp"; did you mean "up"?', function()
  namespace.add("x", { upp = true })
end)
fails("argument", 'ns2: a namespace has no "lnik"; did you mean "link"?', function()
  (ns2 --[[@as any]]).lnik.list()
end)
fails("argument", 'link has no "lst"; did you mean "list"?', function()
  (ns2 --[[@as any]]).link.lst()
end)
check.equal(#namespace.list(), 2, "a refused namespace leaves nothing")

-- Namespaces that a program made get a name, and keep all that they have when they lose it.
-- needs: ip, unshare
local process <close> = proc.spawn({ "unshare", "--net", "sleep", "60" })
local file = ("/proc/%d/ns/net"):format(process:pid())
local function number(path)
  return proc.exec({ "readlink", path }, { check = true }).stdout
end
eventually(function()
  check.differ(number(file), number("/proc/self/ns/net"))
end)

-- The names of its links, by the witness.
local function links()
  local names = {}
  local out = proc.exec({ "nsenter", "--net=" .. file, "ip", "-j", "link" }, { check = true }).stdout
  for _, l in ipairs(json.decode(out)) do
    names[l.ifname] = true
  end
  return names
end

test("by its process", function()
  local its = namespace.attach("its", { pid = process:pid() })
  check.equal(its.name, "its")
  check.equal(
    proc.exec({ "stat", "-L", "-c", "%i", "/run/netns/its" }).stdout:match("%d+"),
    number(file):match("%d+")
  )
  its.link.add("eth0", {
    kind = "veth",
    up = true,
    addr = "10.0.0.1/24",
    peer = { name = "its0", ns = host, up = true, addr = "10.0.0.2/24" },
  })
  check.equal(links(), { lo = true, eth0 = true })
  check.equal(ping("10.0.0.1", { count = 1 }).received, 1)
  check.equal(namespace.get("its"), its)
  check.match(proc.exec("ip netns list").stdout, "its")
end)

test("only the name goes", function()
  namespace.del("its")
  check.equal(namespace.get("its"), nil)
  check.equal(links(), { lo = true, eth0 = true })
  check.equal(ping("10.0.0.1", { count = 1 }).received, 1)
end)

test("by a file", function()
  local again = namespace.attach("again", { path = file })
  check.subset(again.link.get("eth0"), { name = "eth0" })
  namespace.del(again)
end)

test("errors", function()
  local function said(kind, options)
    return tostring(check.error(function()
      namespace.attach("x", options)
    end, { kind = kind }))
  end
  check.match(said("not_found", { pid = 4194303 }), "there is no process 4194303")
  check.match(said("not_found", { path = "/run/nothing" }), "there is no file /run/nothing")
  check.match(said("argument", { path = "/etc/hosts" }), "/etc/hosts is no network namespace")
  check.match(said("argument", { path = "/proc/self/ns/mnt" }), "is no network namespace")
  check.match(said("argument", { path = "/proc/self/ns/net" }), 'that is the namespace "host"')
  check.match(said("argument", {}), '"pid" or "path" is missing')
  check.match(said("argument", { pid = 1, path = "/" }), "both say")
  namespace.add("taken")
  check.error(function()
    namespace.attach("taken", { pid = process:pid() })
  end, { kind = "exists" })
  -- Nothing stays of what failed.
  check.equal(namespace.get("x"), nil)
  check.equal(proc.exec("ls /run/netns").stdout:match("%S+"), "taken")
end)

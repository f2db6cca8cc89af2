-- A program that made its own network, as containers have.
local process <close> = proc.spawn({ "unshare", "--net", "sleep", "9" })
local before = proc.exec({ "readlink", "/proc/self/ns/net" }).stdout
eventually(function()
  check.differ(proc.exec({ "readlink", ("/proc/%d/ns/net"):format(process:pid()) }).stdout, before)
end)
local its = namespace.attach("its", { pid = process:pid() })
its.link.set("lo", { up = true })
its.link.add("eth0", { kind = "veth", peer = { name = "its0", ns = host } })

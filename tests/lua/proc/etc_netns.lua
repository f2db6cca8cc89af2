-- What lies in /etc/netns/NAME stands over /etc for all processes of the namespace NAME, and for no others.

local ns1, ns2 = namespace.add("ns1"), namespace.add("ns2")
local before = proc.exec("cat /etc/resolv.conf").stdout
local listed = proc.exec("ls -A /etc").stdout
check.match(listed, "netns")
check.equal(proc.exec("ls -A /etc/netns", { check = true }).stdout, "", "the machine's own is not seen")

proc.exec("mkdir /etc/netns/ns1 && echo nameserver 10.0.0.53 >/etc/netns/ns1/resolv.conf", { check = true })
local file <close> = assert(io.open("/etc/netns/ns1/no-such-file", "w"))
file:write("of ns1\n"):flush()

local read = "cat /etc/resolv.conf"
check.equal(ns1.exec(read .. " /etc/no-such-file").stdout, "nameserver 10.0.0.53\nof ns1\n")
local spawned <close> = ns1.spawn("cat /etc/resolv.conf; sleep 1000", { ready = { line = "10.0.0.53" } })
check(spawned:running())
check.equal(ns2.exec(read).stdout, before)
check.equal(proc.exec(read).stdout, before)
check.equal(proc.exec("ls -A /etc").stdout, listed)

-- With files of a process's own over them, and private directories beside them.
check.equal(ns1.exec(read, { files = { ["/etc/resolv.conf"] = "own\n" } }).stdout, "own\n")
ns1.proc.private({ "/etc/daemon", "/run" })
check.equal(ns1.exec(read .. "; ls -A /etc/daemon").stdout, "nameserver 10.0.0.53\n")

-- The rest of /etc is as read-only as before.
check(proc.exec("touch /etc/new || touch /etc/passwd").status ~= 0)
check(#proc.exec("cat /etc/passwd").stdout > 20)

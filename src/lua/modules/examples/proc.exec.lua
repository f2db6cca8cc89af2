local r = proc.exec("echo hello; exit 3")
check.equal(r.stdout, "hello\n")
check.equal(r.status, 3)

local ns1 = namespace.add("ns1")
print(ns1.exec({ "cat", "/proc/net/dev" }, { check = true }))

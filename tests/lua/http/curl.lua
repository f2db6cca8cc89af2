-- needs: curl
-- What curl makes of the server.

local ns1 = namespace.add("ns1", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
local server <close> = ns1.http.serve(":3000", {
  ["/"] = "hello",
  ["/teapot"] = { status = 418, headers = { ["X-A"] = "b" }, body = "short" },
  ["/large"] = ("0123456789"):rep(500000),
})
check.equal(ping(ns1).received, 1)

local function curl(...)
  return proc.exec({ "curl", "--silent", "--max-time", "10", ... }).stdout
end

check.equal(curl("http://10.0.0.2:3000/"), "hello")
check.equal(curl("http://[fd00::2]:3000/"), "hello")
check.equal(curl("http://ns1:3000/"), "hello", "processes know the names as well")
check.equal(
  curl("-o", "/dev/null", "-w", "%{http_code} %{size_download} %header{x-a}", "10.0.0.2:3000/teapot"),
  "418 5 b"
)
check.equal(
  curl("--head", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "10.0.0.2:3000/large"),
  "200 0"
)
check.equal(#curl("10.0.0.2:3000/large"), 5000000)
check.equal(curl("--http1.0", "10.0.0.2:3000/"), "hello")
check.equal(curl("--data", "a=1", "-H", "Transfer-Encoding: chunked", "10.0.0.2:3000/"), "hello")
check.equal(curl("--data", ("x"):rep(2000), "-H", "Expect: 100-continue", "10.0.0.2:3000/"), "hello")

-- Several pages over one connection.
check.equal(curl("10.0.0.2:3000/", "10.0.0.2:3000/", "10.0.0.2:3000/teapot"), "hellohelloshort")
local log = server:requests()
check.equal(#log, 12)
check.equal({ log[12].peer, log[11].peer }, { log[10].peer, log[10].peer })
check(log[10].headers["user-agent"]:find("^curl/"), log[10].headers["user-agent"])
check.equal({ log[8].method, log[8].body }, { "POST", "a=1" })

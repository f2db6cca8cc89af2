-- Requests and fixed answers; what isn't HTTP; redirects; the log.

local ns1 = namespace.add("ns1", { up = true })
link.add("e0", {
  kind = "veth",
  up = true,
  addr = { "10.0.0.1/24", "fd00::1/64" },
  peer = { name = "eth0", ns = ns1, up = true, addr = { "10.0.0.2/24", "fd00::2/64" } },
})
local server <close> = ns1.http.serve(":80", {
  ["/"] = "hello",
  ["/json"] = {
    status = 203,
    headers = { ["Content-Type"] = "application/json", ["X-A"] = "b" },
    body = "{}",
  },
  ["/none"] = { status = 204 },
  ["/moved"] = { status = 302, headers = { Location = "/there?x=1" } },
  ["/there"] = { status = 301, headers = { Location = "http://[fd00::2]/" } },
  ["/round"] = { status = 302, headers = { Location = "round" } },
})
for _, url in ipairs({ "http://10.0.0.2/", "http://[fd00::2]:80/", "http://ns1", "ns1", "HTTP://ns1/?q#f" }) do
  local page = http.get(url)
  check.equal({ page.status, page.reason, page.body }, { 200, "OK", "hello" }, url)
end
local page = http.get(
  "http://10.0.0.2/json",
  { headers = { ["X-Mine"] = "yes" }, from = "10.0.0.1", source_port = 4000 }
)
check.equal(
  { page.status, page.body, page.headers["x-a"], page.headers["content-type"] },
  { 203, "{}", "b", "application/json" }
)
check.equal(
  { page.peer, page.local_address, page.url },
  { "10.0.0.2:80", "10.0.0.1:4000", "http://10.0.0.2:80/json" }
)
check(page.time > 0 and page.time < 1)
check.equal(http.get("http://ns1/none").status, 204)
check.equal(http.get("http://ns1/nothing").status, 404)
check.equal(http.request("http://ns1/", { method = "HEAD" }).headers["content-length"], "5")
check(tostring(page):find("^HTTP/1.1 203 Non Authoritative Information\n.*\n\n{}$"), tostring(page))

-- The log.
local log = server:requests()
check.equal(#log, 9)
check.equal({
  log[6].method,
  log[6].path,
  log[6].peer,
  log[6].peer_ip,
  log[6].status,
  log[6].bytes,
  log[6].headers["x-mine"],
}, { "GET", "/json", "10.0.0.1:4000", "10.0.0.1", 203, 2, "yes" })
check.equal(log[5].path, "/?q")
check.equal(log[2].peer_ip, "fd00::1")
check.equal(log[8].status, 404)
check.equal(tostring(log[6]), '10.0.0.1:4000 "GET /json" 203 2')
http.request("http://ns1/", { body = "a=1" })
log = server:wait({ requests = 10 })
check.equal({ log[10].method, log[10].body }, { "POST", "a=1" })

-- Redirects are followed only when told.
check.equal(http.get("http://ns1/moved").status, 302)
page = http.get("http://ns1/moved", { redirects = 2 })
check.equal({ page.body, page.url }, { "hello", "http://[fd00::2]:80/" })
local e = check.error(function()
  http.get("http://ns1/moved", { redirects = 1 })
end, "protocol")
check.equal(e.message, 'http.get "http://ns1/moved": more than 1 redirects')
check.error(function()
  http.get("http://ns1/round", { redirects = 20 })
end, "protocol")

-- A path for all others.
local any <close> = http.serve("127.0.0.1:0", { ["*"] = "any", ["/a b"] = "space", ["/q?x=1"] = "query" })
local base = "http://" .. any:address()
check.equal(http.get(base .. "/whatever").body, "any")
check.equal(http.get(base .. "/a%20b").body, "space")
check.equal(http.get(base .. "/q?x=1").body, "query")
check.equal(http.get(base .. "/q?x=2").body, "any")

-- Several requests over one connection, garbage, and a peer that isn't HTTP.
local raw <close> = tcp.connect(any:address())
raw:send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /a%20b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
local both = raw:recv({ all = true }) or ""
check.equal(select(2, both:gsub("HTTP/1.1 200 OK", "")), 2)
check(both:find("space$"), both)
for bytes, status in pairs({
  ["\22\3\1\0\1\1"] = 400,
  ["GET / HTTP/1.1\r\n\r\n"] = 400,
  ["GET / HTTP/3\r\n\r\n"] = 400,
  ["GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"] = 400,
  ["GET / HTTP/1.1\r\nX: " .. ("x"):rep(70000)] = 431,
}) do
  local c <close> = tcp.connect(any:address())
  c:send(bytes)
  local line = c:recv({ line = true })
  check(line and line:find("^HTTP/1.1 " .. status), line)
end
check.equal(http.get(base .. "/").body, "any", "it goes on")
local ssh <close> = tcp.listen("127.0.0.1:0", { banner = "SSH-2.0-OpenSSH_9.2\r\n" })
e = check.error(function()
  http.get(ssh:address())
end, "protocol")
check(e.message:find("the answer is not HTTP", 1, true), e.message)
local silent <close> = tcp.listen("127.0.0.1:0", { echo = false })
check.error(function()
  http.get(silent:address(), { timeout = 0.1 })
end, "timeout")
local short <close> = tcp.listen("127.0.0.1:0", { reply = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" })
e = check.error(function()
  http.get(short:address())
end, "protocol")
check(e.message:find("6 bytes of the body missing, after 3", 1, true), e.message)

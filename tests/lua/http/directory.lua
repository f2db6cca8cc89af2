-- A directory as a web site; what lies outside of it stays outside.

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

local made = os.tmpname()
os.remove(made)
assert(os.execute(("mkdir -p '%s/site/sub dir'"):format(made)))
write(made .. "/secret", "secret")
write(made .. "/site/b.txt", "text")
write(made .. "/site/<a>&.html", "<p>")
write(made .. "/site/sub dir/index.html", "index")
write(made .. "/site/large", ("0123456789"):rep(300000))
assert(
  os.execute(
    ("ln -s ../secret '%s/site/out'; ln -s / '%s/site/root'; ln -s b.txt '%s/site/within'"):format(
      made,
      made,
      made
    )
  )
)

local _server <close> = http.serve(":8000", { directory = made .. "/site", ["/fixed"] = "fixed" })
local function get(path)
  return http.get("http://127.0.0.1:8000" .. path)
end

-- As Python's http.server shows it.
check.equal(
  get("/").body,
  [[
<!DOCTYPE HTML>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Directory listing for /</title>
</head>
<body>
<h1>Directory listing for /</h1>
<hr>
<ul>
<li><a href="%3Ca%3E%26.html">&lt;a&gt;&amp;.html</a></li>
<li><a href="b.txt">b.txt</a></li>
<li><a href="large">large</a></li>
<li><a href="out">out@</a></li>
<li><a href="root">root@</a></li>
<li><a href="sub%20dir/">sub dir/</a></li>
<li><a href="within">within@</a></li>
</ul>
<hr>
</body>
</html>
]]
)
check.equal(get("/").headers["content-type"], "text/html; charset=utf-8")
check.equal(
  { get("/b.txt").body, get("/b.txt").headers["content-type"] },
  { "text", "text/plain; charset=utf-8" }
)
check.equal(get("/%3Ca%3E%26.html").body, "<p>")
check.equal(get("/within").body, "text")
check.equal(get("/fixed").body, "fixed")
check.equal(#get("/large").body, 3000000)
check.equal(get("/sub%20dir/").body, "index")
check.equal({ get("/sub%20dir").status, get("/sub%20dir").headers.location }, { 301, "/sub%20dir/" })
check.equal(http.get("http://127.0.0.1:8000/sub%20dir", { redirects = 1 }).body, "index")
local head = http.request("http://127.0.0.1:8000/large", { method = "HEAD" })
check.equal({ head.headers["content-length"], head.body }, { "3000000", "" })
local refused = http.request("http://127.0.0.1:8000/b.txt", { method = "DELETE" })
check.equal({ refused.status, refused.headers.allow }, { 405, "GET, HEAD" })

-- Nothing leads out.
for path, status in pairs({
  ["/../secret"] = 404,
  ["/%2e%2e/secret"] = 404,
  ["/..%2fsecret"] = 404,
  ["/sub%20dir/../../secret"] = 404,
  ["/out"] = 403,
  ["/root"] = 403,
  ["/root/etc/passwd"] = 403,
  ["/%00"] = 400,
  ["/nothing"] = 404,
  ["/b.txt/"] = 404,
}) do
  local c <close> = tcp.connect("127.0.0.1:8000")
  c:send(("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):format(path))
  local answer = c:recv({ all = true }) or ""
  check(answer:find("^HTTP/1.1 " .. status), path .. ": " .. answer)
end
os.execute(("rm -r '%s'"):format(made))

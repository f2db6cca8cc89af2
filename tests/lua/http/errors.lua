-- Bad input.

local function refused(kind, text, f, ...)
  local args = table.pack(...)
  local e = check.error(function()
    f(table.unpack(args, 1, args.n))
  end, kind)
  check.equal(e.message, text)
  return e
end

refused("argument", 'http.get: url: expected a URL such as "http://10.0.0.1:3000/", got nil', http.get)
refused("argument", 'http.get: url: malformed URL "http://": no host', http.get, "http://")
refused(
  "argument",
  'http.get: url: malformed URL "http://:80/": no host or port to connect to',
  http.get,
  "http://:80/"
)
refused(
  "argument",
  'http.get: url: a user in a URL is not supported: "http://a:b@c/"; pass an authorization header',
  http.get,
  "http://a:b@c/"
)
local e = refused(
  "unsupported",
  'http.get "https://10.0.0.1/": url: https is not supported: "https://10.0.0.1/"',
  http.get,
  "https://10.0.0.1/"
)
check.equal(e.hint, "use http, or a process such as curl by proc.exec")
check.error(function()
  http.get("ftp://10.0.0.1/")
end, "unsupported")
refused(
  "argument",
  'http.get: opts: unknown option "redirect"; did you mean "redirects"?',
  http.get,
  "http://a/",
  { redirect = 1 }
)
refused(
  "argument",
  "http.get: opts.headers.X: expected text, got the integer 5",
  http.get,
  "http://a/",
  { headers = { X = 5 } }
)
refused(
  "argument",
  'http.request: malformed method "GE T"',
  http.request,
  "http://127.0.0.1:9/",
  { method = "GE T" }
)
refused(
  "argument",
  'http.request: header "X" contains a line break or a NUL byte',
  http.request,
  "http://127.0.0.1:9/",
  { headers = { X = "a\r\nY: b" } }
)
refused(
  "argument",
  'http.request: malformed header name "X Y"',
  http.request,
  "http://127.0.0.1:9/",
  { headers = { ["X Y"] = "a" } }
)
refused(
  "connection_refused",
  'http.get "http://127.0.0.1:9/": connection refused (ECONNREFUSED)',
  http.get,
  "http://127.0.0.1:9/"
)
check.error(function()
  http.get("http://nobody/")
end, "not_found")
check.error(function()
  http.get("http://8.8.8.8/")
end, "network_unreachable")

refused(
  "argument",
  "http.serve: site: expected a table of answers by path, or with a directory, got nil",
  http.serve,
  ":80"
)
refused(
  "argument",
  'http.serve: site: expected a table of answers by path, or with a directory, got the string "x"',
  http.serve,
  ":80",
  "x"
)
refused(
  "argument",
  'http.serve: address: no port in "10.0.0.1"; write it as "10.0.0.1:80"',
  http.serve,
  "10.0.0.1",
  {}
)
refused(
  "argument",
  'http.serve: site: the path "index.html" must begin with "/", or be "*"',
  http.serve,
  ":80",
  { ["index.html"] = "x" }
)
refused(
  "argument",
  'http.serve: site: unknown option "direcotry"; did you mean "directory"?',
  http.serve,
  ":80",
  { direcotry = "." }
)
refused(
  "argument",
  'http.serve: site: expected answers by path, such as ["/"] = "hello", got the key the integer 1',
  http.serve,
  ":80",
  { "hello" }
)
refused(
  "argument",
  'http.serve: site["/"]: expected a string or a table with status, headers and body, got the integer 5',
  http.serve,
  ":80",
  { ["/"] = 5 }
)
refused(
  "argument",
  'http.serve: site["/"].status: expected an integer from 200 to 599, got the integer 99',
  http.serve,
  ":80",
  { ["/"] = { status = 99 } }
)
refused(
  "argument",
  'http.serve: site["/"]: unknown option "staus"; did you mean "status"?',
  http.serve,
  ":80",
  { ["/"] = { staus = 200 } }
)
refused(
  "argument",
  'http.serve: header "X" contains a line break or a NUL byte',
  http.serve,
  ":80",
  { ["/"] = { headers = { X = "a\nb" } } }
)
refused(
  "not_found",
  'http.serve "/not/here": no such file or directory (ENOENT): opening directory "/not/here"',
  http.serve,
  ":80",
  { directory = "/not/here" }
)
local server <close> = http.serve(":80", {})
e = refused(
  "address_in_use",
  'http.serve "127.0.0.1:80": address already in use (EADDRINUSE): port 80 is taken',
  http.serve,
  "127.0.0.1:80",
  {}
)
check.equal(e.hint, "a server of this script has port 80 already; port 0 takes a free one")
check.equal(http.get("http://127.0.0.1/").status, 404)
e = check.error(function()
  server:wait({ requests = 2, timeout = 0.05 })
end, "timeout")
check.equal(e.message, "HttpServer:wait: 1 of 2 requests came in 0.05 s")

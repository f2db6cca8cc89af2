-- What runs beside the script goes on when the script has lost its handle.
local function serve()
  http.serve("127.0.0.1:80", { ["/"] = "hello" })
  tcp.listen("127.0.0.1:81", { banner = "hello\n" })
  udp.listen("127.0.0.1:82", { reply = "hello" })
end

test("servers go on", function()
  serve()
  collectgarbage()
  collectgarbage()
  check.equal(http.get("http://127.0.0.1/").body, "hello")
  check.equal(tcp.connect("127.0.0.1:81"):recv({ line = true }), "hello")
  check.equal(udp.request("127.0.0.1:82", "x").data, "hello")
end)

test("they end with the test that began them", function()
  check.equal(#socket.list({ listening = true }), 0)
  serve()
end)

test("one that was stopped gives its port free", function()
  for _ = 1, 3 do
    http.serve("127.0.0.1:80", { ["/"] = "hello" }):stop()
    collectgarbage()
  end
  check.equal(#socket.list({ listening = true }), 0)
end)

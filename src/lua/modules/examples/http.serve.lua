local server <close> = http.serve(":8080", { directory = "." })
local page = http.get("http://[::1]:8080/")
check(page.body:find("Directory listing for /", 1, true))
print(server:requests())

-- nginx starts as root and has its workers run as another user, whom it gives the directories that it makes.
-- needs: nginx

local config = [[
user nobody %s;
daemon off;
pid /run/web/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path /run/web/body;
  proxy_temp_path /run/web/proxy;
  fastcgi_temp_path /run/web/fastcgi;
  uwsgi_temp_path /run/web/uwsgi;
  scgi_temp_path /run/web/scgi;
  server { listen 80; location / { return 200 "%s\n"; } }
}
]]
local group = proc.exec("id -gn nobody", { check = true }).stdout:gsub("\n", "")

for _, name in ipairs({ "web1", "web2" }) do
  local ns = namespace.add(name, { up = true })
  ns.proc.private({ "/etc/nginx", "/run/web" })
  ns.spawn({ "nginx", "-e", "stderr", "-c", "/etc/nginx/nginx.conf" }, {
    files = { ["/etc/nginx/nginx.conf"] = config:format(group, name) },
    ready = { port = 80 },
  })
  eventually(function()
    check.equal(ns.http.get("http://127.0.0.1/").body, name .. "\n")
  end)
end
check.equal(#proc.deaths(), 0)

-- ip netns exec in a lab sees what nsh's own processes see in /etc.
-- needs: ip

namespace.add("ns1")
proc.exec(
  "mkdir -p /etc/netns/ns1 && echo nameserver 10.0.0.54 >/etc/netns/ns1/resolv.conf",
  { check = true }
)
if proc.exec("test -e /etc/resolv.conf").status ~= 0 then
  skip("this machine has no /etc/resolv.conf")
end
local seen = proc.exec("ip netns exec ns1 cat /etc/resolv.conf", { check = true }).stdout
check.equal(seen, "nameserver 10.0.0.54\n")

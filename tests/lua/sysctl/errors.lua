local ns1 = namespace.add("ns1")
link.add("v0.1", { kind = "veth" })
local function fails(kind, text, f)
  check.equal(tostring(check.error(f, kind)):gsub("^[^:]*:%d+: ", ""), text)
end

fails(
  "not_found",
  [[sysctl.get "net.ipv4.ip_foward": there is no parameter "net.ipv4.ip_foward"
  hint: did you mean "net.ipv4.ip_forward"?]],
  function()
    sysctl.get("net.ipv4.ip_foward")
  end
)
fails(
  "not_found",
  [[sysctl.set "net.ipv4.conf.eth9.forwarding" in ns1: no link named "eth9" in ns1: there is no parameter "net.ipv4.conf.eth9.forwarding"]],
  function()
    ns1.sysctl.set("net.ipv4.conf.eth9.forwarding", 1)
  end
)
local e = check.error(function()
  sysctl.get("net.ipv4.conf.v0.1.forwarding")
end, "not_found")
check.equal(e.hint, 'for the dot in "v0.1" write "/": net.ipv4.conf.v0/1. ...')
e = check.error(function()
  sysctl.set("net.ipv4.ip_forward", "many")
end, "invalid")
check.equal(e.hint, 'it is "0" now')
e = check.error(function()
  sysctl.set("kernel.hostname", "x")
end, "read_only")
check.equal(e.hint, "in a sandbox only net.* can be set: the rest belongs to the whole machine")
check.error(function()
  sysctl.get("net.ipv4")
end, "argument")
check.error(function()
  sysctl.get("net/../../etc/passwd")
end, "argument")
check.error(function()
  sysctl.get("../etc/passwd")
end, "argument")
check.error(function()
  sysctl.get("")
end, "argument")
check.error(function()
  sysctl.set("net.ipv4.ip_forward", { 1 } --[[@as any]])
end, "argument")
check.error(function()
  sysctl.set("net.ipv4.ip_forward", 1.5 --[[@as any]])
end, "argument")
-- One value for the whole machine: absent or read-only in here.
for _, name in ipairs({ "net.core.rmem_max", "net.ipv4.tcp_mem", "net.netfilter.nf_conntrack_max" }) do
  e = check.error(function()
    ns1.sysctl.set(name, 1000)
  end)
  check(e.kind == "read_only" or e.kind == "not_found", tostring(e))
  check(tostring(e.hint):find("whole machine", 1, true), tostring(e))
end
-- What a module that isn't loaded would have.
for name, needs in pairs({
  ["net.mpls.platform_labels"] = "CONFIG_MPLS_ROUTING: sudo modprobe mpls_router",
  ["net.tipc.named_timeout"] = "CONFIG_TIPC: sudo modprobe tipc",
}) do
  local ok, raised = pcall(sysctl.get, name)
  if not ok then
    check.match(tostring((raised --[[@as nsh.Error]]).hint), needs, { plain = true })
  end
end

-- What a filter of the link drops is told, by the protocol of the frame; its hits are the witness.
-- needs: tc, clsact, act_gact
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth1", up = true } })
proc.exec("tc qdisc add dev veth0 clsact", { check = true })
proc.exec(
  "tc filter add dev veth0 egress protocol 0x88b5 pref 1 u32 match u32 0 0 action drop",
  { check = true }
)
local eth = { dst = "ff:ff:ff:ff:ff:ff", ethertype = 0x88b5 }
local sent = send("veth0", { eth = eth, size = 50, count = 20 })
check.equal({ sent.count, sent.dropped }, { 20, 20 })
check(tostring(sent):find("^20 frames of 64 bytes in .* s, 20 dropped$"), tostring(sent))
-- Another protocol passes: the filter sees the frame's own.
check.equal(send("veth0", { eth = { dst = "ff:ff:ff:ff:ff:ff", ethertype = 0x88b6 }, size = 50 }).dropped, 0)
local filters = json.decode(proc.exec("tc -s -j filter show dev veth0 egress", { check = true }).stdout) --[[@as any]]
local hits
for _, filter in ipairs(filters) do
  local action = (filter.options or {}).actions
  hits = action and action[1].stats.packets or hits
end
check.equal(hits, 20)

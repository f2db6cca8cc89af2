-- What a queueing discipline drops is told; its own count is the witness.
-- needs: tc, tbf
link.add("veth0", { kind = "veth", up = true, addr = "10.0.0.1/24", peer = { name = "veth1", up = true } })
-- Longer frames than the bucket can't ever pass.
proc.exec("tc qdisc add dev veth0 root tbf rate 1mbit burst 500 limit 1000", { check = true })
local sent = send("veth0", { eth = { dst = "ff:ff:ff:ff:ff:ff" }, size = 800, count = 20 })
check.equal({ sent.count, sent.dropped, sent.length }, { 20, 20, 814 })
check(tostring(sent):find("^20 frames of 814 bytes in .* s, 20 dropped$"), tostring(sent))
check.equal(send("veth0", { eth = { dst = "ff:ff:ff:ff:ff:ff" }, size = 80 }).dropped, 0)
local qdiscs = json.decode(proc.exec("tc -s -j qdisc show dev veth0", { check = true }).stdout) --[[@as any]]
check(qdiscs[1].drops >= 20)

-- Loss works on every kernel: by netem, or else by a rule of nf_tables on the link's way out.
-- needs: tc, nft
local ns1 = namespace.add("ns1", { up = true })
for i = 0, 1 do
  link.add("v" .. i, {
    kind = "veth",
    up = true,
    addr = "10.0." .. i .. ".1/24",
    peer = { name = "eth" .. i, ns = ns1, up = true, addr = "10.0." .. i .. ".2/24" },
  })
  check.reachable(host, "10.0." .. i .. ".2")
end

local function root(dev)
  return json.decode(proc.exec({ "tc", "-j", "qdisc", "show", "dev", dev, "root" }).stdout)[1]
end

---The share that a link loses, as tc or nft has it.
local function lost(dev)
  local options = root(dev).options
  if root(dev).kind == "netem" then
    return options["loss-random"] and options["loss-random"].loss
  end
  local index = link.get(dev).index
  for _, object in ipairs(json.decode(proc.exec({ "nft", "-j", "list", "ruleset" }).stdout).nftables) do
    local rule = object.rule
    if rule and rule.chain == "shape-" .. index then
      check.subset(rule, { family = "netdev", table = "nsh" })
      check.equal(rule.expr[1].match.right, dev)
      return rule.expr[2].match.right / 0xffffffff
    end
  end
end

link.shape("v0", { loss = "100%" })
check.equal(lost("v0"), 1)
check.equal(link.get("v0").shape.loss, 1)
check.match(tostring(link.get("v0").shape), "^loss 100%% limit 1000$")
check.unreachable(host, "10.0.0.2", { timeout = 0.2 })
check.arrives(ns1, "10.0.0.1")
check.reachable(host, "10.0.1.2")

-- With a rate, and on both links.
link.shape("v0", { loss = "30%", rate = "100mbit" })
link.shape("v1", { loss = 0.001 })
check.near(lost("v0"), 0.3, 1e-6)
check.near(lost("v1"), 0.001, 1e-6)
check.subset(link.get("v0").shape, { loss = 0.3, rate = 100000000 })
check.equal(link.get("v1").shape.loss, 0.001)
-- Of 500, 6 standard deviations around 350.
check.near(ping("10.0.0.2", { count = 500, interval = 0.001 }).received, 350, 62)

-- What isn't named is not done; what another link does, stays.
link.shape("v0", { rate = "100mbit" })
check.equal(lost("v0"), nil)
check.equal(link.get("v0").shape.loss, nil)
check.near(lost("v1"), 0.001, 1e-6)
link.shape("v0", { loss = "50%" })
link.shape("v0", false)
check.equal(lost("v0"), nil)
check.equal(root("v0").kind, "noqueue")
-- A new link of the same name is another one.
link.shape("v1", { loss = 1 })
local before = link.get("v1").index
link.del("v1")
link.add("v1", {
  kind = "veth",
  up = true,
  addr = "10.0.1.1/24",
  peer = { name = "eth1", ns = ns1, up = true, addr = "10.0.1.2/24" },
})
check.differ(link.get("v1").index, before)
check.equal(link.get("v1").shape, nil)
check.reachable(host, "10.0.1.2")

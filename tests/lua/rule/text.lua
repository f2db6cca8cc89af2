-- needs: ip
-- Rules print as `ip rule` prints them, whatever they have.
link.add("v0", { kind = "veth", up = true, peer = { name = "v1" } })

local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    out[#out + 1] = line:gsub("%s+$", ""):gsub("%s+", " ")
  end
  return out
end

local function same(family, option)
  local command = ("ip %s rule show"):format(option)
  local shown = proc.exec(command, { check = true }).stdout
  check.equal(lines(tostring(rule.list({ family = family }))), lines(shown), command)
end

local added, n = 0, 100
local function try(option, words)
  n = n + 1
  if proc.exec(("ip %s rule add pref %d %s"):format(option, n, words)).status == 0 then
    added = added + 1
  end
end

local selectors = {
  "from %s",
  "from %s to %s",
  "not from %s",
  "iif lo",
  "iif nowhere oif v0",
  "fwmark 7",
  "fwmark 0x10/0xff",
  "fwmark 0/0xf0",
  "tos 0x10",
  "tos 0x04",
  "ipproto tcp dport 80",
  "ipproto 17 sport 1000-2000",
  "ipproto 253",
  "uidrange 1000-1999",
  "from all",
}
local actions = {
  "lookup 100",
  "lookup main suppress_prefixlength 0",
  "lookup 100 suppress_ifgroup 3",
  "goto 32766",
  "goto 9000",
  "nop",
  "blackhole",
  "unreachable",
  "prohibit",
  "l3mdev",
  "lookup local protocol static",
  "lookup 100 protocol 77",
}
for option, address in pairs({ ["-4"] = { "10.0.0.0/8", "10.0.0.1" }, ["-6"] = { "fd00::/16", "fd00::1" } }) do
  for i, selector in ipairs(selectors) do
    for j, action in ipairs(actions) do
      if (i + j) % 3 == 0 or i == 1 or j == 1 then
        try(option, selector:format(address[1], address[2]) .. " " .. action)
      end
    end
  end
end
check.at_least(added, 100)
same("inet", "-4")
same("inet6", "-6")

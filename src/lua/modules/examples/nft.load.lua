-- needs: nft
nft.load([[
  table inet filter {
    chain input {
      type filter hook input priority 0; policy accept;
      tcp dport 23 drop
    }
  }
]])

-- The same rule for UDP, as a table.
local dport = { payload = { protocol = "udp", field = "dport" } }
local expr = { { match = { op = "==", left = dport, right = 23 } }, { drop = {} } }
nft.load({ { add = { rule = { family = "inet", table = "filter", chain = "input", expr = expr } } } })

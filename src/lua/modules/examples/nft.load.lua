-- needs: nft
nft.load([[
  table inet filter {
    chain input {
      type filter hook input priority 0; policy accept;
      tcp dport 23 drop
    }
  }
]])

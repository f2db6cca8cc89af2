-- needs: nft
nat.masquerade({ out = "eth0" })
for _, object in ipairs(nft.objects()) do
  if object.rule then
    print(json.encode(object.rule.expr))
  end
end

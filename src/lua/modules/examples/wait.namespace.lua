-- needs: ip
local program <close> = proc.spawn("ip netns add ns7")
wait.namespace("ns7")
assert(namespace.get("ns7"))

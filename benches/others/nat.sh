# What nat.lua does, by ip and nft.
set -e
ip link set lo up
ip link add br0 type bridge
ip addr add 192.168.1.1/24 dev br0
ip link set br0 up
for i in 0 1; do
    ns=nms$((i + 1))
    ip netns add $ns
    ip -n $ns link set lo up
    ip link add veth$i type veth peer name ceth$i netns $ns
    ip link set veth$i master br0 up
    ip -n $ns addr add 192.168.1.1$i/24 dev ceth$i
    ip -n $ns link set ceth$i up
    ip -n $ns route add default via 192.168.1.1
done
ip netns add internet
ip -n internet link set lo up
ip -n internet addr add 8.8.8.8/32 dev lo
ip link add eth0 type veth peer name eth0 netns internet
ip addr add 192.168.184.131/24 dev eth0
ip link set eth0 up
ip -n internet addr add 192.168.184.2/24 dev eth0
ip -n internet link set eth0 up
ip route add default via 192.168.184.2
echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f - <<'RULES'
table inet nsh {
    chain nat_postrouting {
        type nat hook postrouting priority srcnat
        oifname != "br0" ip saddr 192.168.1.0/24 counter masquerade
    }
    chain nat_prerouting {
        type nat hook prerouting priority dstnat
        ip daddr 192.168.184.131 tcp dport 3000 counter dnat ip to 192.168.1.10:3000
    }
}
RULES

//! The words that people have for things: what a search knows besides the pages themselves.

/// Words that say nothing of what is asked for.
pub const STOP: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "has", "have",
    "how", "i", "in", "is", "it", "its", "let", "me", "my", "not", "nsh", "of", "on", "one", "or", "please",
    "so", "that", "the", "their", "them", "there", "they", "this", "to", "use", "want", "what", "when",
    "where", "which", "will", "with", "you", "your",
];

/// Words for the same.
pub const SYNONYMS: &[&str] = &[
    "add create make new",
    "delete del remove destroy drop",
    "change set modify configure enable disable turn",
    "list show display print see view",
    "host node machine computer namespace netns container",
    "link interface nic card device ethernet eth0",
    "cable wire connect connection veth pair plug",
    "switch bridge hub",
    "address ip ipv4 ipv6 addr",
    "mac hardware lladdr",
    "neighbour neighbor arp ndp neigh",
    "gateway via hop",
    "listen listening open server daemon service",
    "port socket",
    "web http website html page url",
    "run execute start launch spawn",
    "program command process daemon",
    "packet frame traffic",
    "sniff capture tcpdump wireshark pcap dump record",
    "check assert expect verify test claim",
    "reach reachable ping connectivity",
    "wait until retry poll",
    "draw picture diagram map graph topology",
    "convert translate turn import migrate",
    "kernel sysctl parameter tunable",
    "stop kill end",
    "keep stay persist background",
    "difference diff changed compare",
    "safe secure security sandbox trust confine isolate",
];

/// What pages are looked for by, beyond what they say of themselves.
pub const PAGES: &[(&str, &str)] = &[
    ("namespace.add", "create host node machine container"),
    ("link.add", "connect two hosts cable veth vlan vxlan bridge bond tunnel interface"),
    ("link.set", "change mtu mac up down rename move"),
    ("pmtu", "path mtu discovery fragmentation black hole"),
    ("traceroute", "trace hops routers way path"),
    ("arping", "duplicate address conflict dad arp ping who has mac neighbour discovery"),
    ("ping_all", "pingall mininet matrix everybody every pair full mesh"),
    ("dns.serve", "dns server nameserver resolver domain zone bind dnsmasq"),
    ("dns.query", "resolve look up a name dig nslookup host"),
    ("dhcp.serve", "dhcp server dnsmasq udhcpd"),
    ("dhcp.request", "dhcp client lease get an address dhclient udhcpc"),
    ("send", "craft raw packets frames inject scapy mausezahn packet generator gratuitous arp spoof"),
    ("lab.draw", "draw picture diagram map graph svg mermaid dot graphviz"),
    ("perf", "measure throughput bandwidth speed performance benchmark iperf iperf3 netperf jitter"),
    ("link.stats", "counters bytes packets statistics"),
    ("addr.add", "assign give ip address"),
    ("route.add", "default gateway static"),
    ("route.list", "routing table"),
    ("route.get", "which way route packet take lookup trace"),
    ("rule.add", "policy routing source based"),
    ("sysctl.set", "enable ip forwarding router ip_forward rp_filter"),
    ("socket.list", "who listens open ports ss netstat lsof"),
    ("http.serve", "web server website"),
    ("http.get", "download fetch page curl wget"),
    ("tcp.listen", "tcp server"),
    ("udp.send", "send udp datagram"),
    ("nat.dnat", "port forwarding publish expose"),
    ("nat.masquerade", "share internet connection snat"),
    ("firewall.add", "filter rules block drop reject allow iptables"),
    ("firewall.add_set", "ipset blocklist list of addresses"),
    ("firewall.add_map", "vmap verdict map dispatch"),
    ("nft.load", "firewall filter rules block drop iptables"),
    ("counters.list", "nstat netstat statistics snmp retransmits drops"),
    ("capture.start", "sniff packets tcpdump wireshark"),
    ("proc.exec", "run command program"),
    ("proc.spawn", "start daemon background service"),
    ("neigh.list", "arp table cache"),
    ("fdb.list", "mac table switch"),
    (
        "link.shape",
        "add latency delay jitter slow packet loss lose limit bandwidth rate throttle netem impair",
    ),
    ("tc", "traffic control qdisc queue"),
    ("tc.qdisc.add", "queue discipline"),
    ("tc.filter.add", "classify police mirror redirect"),
    ("tun.open", "tap read write packets raw userspace"),
    ("tun.add", "tuntap persistent tap create"),
    ("events.watch", "ip monitor notifications netlink"),
    ("wireguard.set", "vpn tunnel wg keys peers"),
    ("maddr.list", "multicast groups joined membership igmp mld"),
    ("mdb.add", "multicast group igmp mld snooping static join port"),
    ("mdb.routers", "multicast router port"),
    ("ethtool.set", "offload tso gso gro checksum segmentation feature speed duplex queues ring"),
    ("ethtool.stats", "driver nic counters per queue"),
    ("vlan.add", "trunk access port tagged untagged 802.1q"),
    ("bridge", "switch stp"),
    ("check.reachable", "are hosts reachable connectivity"),
    ("eventually", "retry until works"),
    ("lab.difference", "what changed"),
    ("topology", "topology mininet containerlab graph"),
    ("topology.ring", "ring routers"),
    ("nsh doctor", "what can my kernel do support feature"),
    ("conntrack.list", "tracked connections flows"),
];

/// What stands outside the registry: commands of nsh and of its prompt.
pub const TOPICS: &[(&str, &str)] = &[
    (":net", "Draws the lab at the prompt: a picture of its namespaces, links and addresses."),
    (":watch", "Shows an expression again and again at the prompt."),
    (":save", "Writes what was typed at the prompt as a script."),
    (
        "nsh up",
        "Keeps a lab running in the background after its script has ended; nsh ls, exec, attach, down.",
    ),
    ("nsh lab.sh", "Runs a shell script as it is, in a lab: docs/shell.md."),
    (
        "nsh check",
        "Runs a tutorial in Markdown, and compares what its commands print with what it shows: docs/shell.md.",
    ),
    ("nsh translate", "Converts a shell script, or a tutorial in Markdown, to Lua."),
    ("nsh --echo", "Shows the commands of ip, nft and sysctl that do the same as a script."),
    ("nsh doctor", "Tells what this machine and its kernel can do, and what to do about the rest."),
    ("nsh test", "Runs files of tests, side by side, and reports on them."),
    ("nsh init", "Makes a project: a lab, tests of it, a workflow for CI, types and settings for editors."),
];

/// What nsh has no binding for, with what does it today.
pub struct Absent {
    pub words: &'static str,
    pub says: &'static str,
}

pub const ABSENT: &[Absent] = &[
    Absent {
        words: "ospf bgp isis rip dynamic routing protocol daemon frr bird quagga",
        says: "nsh itself speaks no routing protocol. FRR and BIRD do it: require(\"nsh.frr\") and require(\"nsh.bird\") \
               start them (nsh doc nsh.frr), or ns1.spawn(\"bird -f -c bird.conf\"); see scripts/examples/ospf-bird.lua.",
    },
    Absent {
        words: "openvpn ike ikev2 strongswan libreswan key exchange",
        says: "nsh has WireGuard (nsh doc wireguard) and the states of IPsec (nsh doc xfrm), but speaks neither IKE nor \
               OpenVPN. The programs do it: ns1.spawn(\"openvpn --config FILE\").",
    },
    Absent {
        words: "ldp label distribution",
        says: "nsh has routes of MPLS (nsh doc mpls), but distributes no labels. FRR does: ns1.spawn(\"/usr/lib/frr/ldpd\").",
    },
    Absent {
        words: "pim multicast routing protocol",
        says: "nsh routes groups by static routes (nsh doc mroute), joins them (maddr.add, udp.listen with join) and knows where \
               bridges send them (nsh doc mdb), but speaks no PIM. FRR does: ns1.spawn(\"/usr/lib/frr/pimd\").",
    },
    Absent {
        words: "wifi wireless wlan 802.11 hostapd",
        says: "nsh has no wireless links. Where the machine has mac80211_hwsim, its programs run in a lab: ns1.spawn(\"hostapd \
               FILE\").",
    },
    Absent {
        words: "openvswitch ovs openflow sdn controller p4",
        says: "nsh has no binding for Open vSwitch. Under --host its programs do it: proc.exec(\"ovs-vsctl add-br br0\").",
    },
    Absent {
        words: "ssh telnet login remote shell",
        says: "Nothing has to be logged in to: `nsh attach` and `:use ns1` are in a namespace. A real server runs there too: \
               ns1.spawn(\"/usr/sbin/sshd -D\").",
    },
];

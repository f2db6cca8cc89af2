---@meta
-- Written by `nsh types`; don't edit.

---What a failed call raises; `pcall` gives it.
---@class nsh.Error
---@field kind string what sort of failure: "exists", "not_found", ...
---@field message string one line, without the script's position and the hint
---@field op? string the call, such as "route.add"
---@field subject? string what it was tried on
---@field namespace? string the namespace in which it was tried
---@field errno? string the kernel's errno, such as "EEXIST"
---@field detail? string the kernel's extended ack, or what else is known
---@field hint? string what to try
---@field at? string the script's file and line
---@field changed? string[] of a failed check: what changed in the lab since the last passed one, if anything
---@field diff? string of a failed check: both values side by side
---@field traceback? string Lua's traceback, with --trace

---A network namespace: a host of the lab.
---@class nsh.Namespace
---@field name string its name; `host` for the one in which the lab begins
---@field addr nsh.addr
---@field arping nsh.arping
---@field bridge nsh.bridge
---@field capture nsh.capture
---@field conntrack nsh.conntrack
---@field counters nsh.counters
---@field dhcp nsh.dhcp
---@field dns nsh.dns
---@field ethtool nsh.ethtool
---@field events nsh.events
---@field fdb nsh.fdb
---@field firewall nsh.firewall
---@field http nsh.http
---@field link nsh.link
---@field maddr nsh.maddr
---@field mdb nsh.mdb
---@field mpls nsh.mpls
---@field mptcp nsh.mptcp
---@field mroute nsh.mroute
---@field nat nsh.nat
---@field neigh nsh.neigh
---@field nexthop nsh.nexthop
---@field nft nsh.nft
---@field perf nsh.perf
---@field ping nsh.ping
---@field pmtu nsh.pmtu
---@field proc nsh.proc
---@field route nsh.route
---@field rule nsh.rule
---@field send nsh.send
---@field socket nsh.socket
---@field sysctl nsh.sysctl
---@field tc nsh.tc
---@field tcp nsh.tcp
---@field traceroute nsh.traceroute
---@field tun nsh.tun
---@field udp nsh.udp
---@field vlan nsh.vlan
---@field wait nsh.wait
---@field why nsh.why
---@field wireguard nsh.wireguard
---@field xfrm nsh.xfrm
---@field exec fun(command: string|string[], opts?: nsh.proc.ExecOptions): nsh.proc.Result
---@field spawn fun(command: string|string[], opts?: nsh.proc.SpawnOptions): nsh.Process
---@field shell fun(opts?: nsh.proc.ShellOptions): integer?

---@class (exact) nsh.BondOptions
---@field mode? "balance-rr"|"active-backup"|"balance-xor"|"broadcast"|"802.3ad"|"balance-tlb"|"balance-alb" how it divides what it sends; default balance-rr; it can change while the bond is down and has no ports
---@field miimon? number seconds between looks at the carriers of the ports, 0 for none; default 0, of 802.3ad 0.1
---@field updelay? number seconds until a port with a carrier is used; default 0
---@field downdelay? number seconds until a port without a carrier is given up; default 0
---@field use_carrier? boolean miimon asks for the carrier; default true
---@field peer_notify_delay? number seconds between notices to peers; default 0
---@field arp_interval? number seconds between questions to the ARP targets, instead of miimon; default 0, which is none
---@field arp_ip_target? string|string[] who is asked by ARP, up to 16
---@field ns_ip6_target? string|string[] who is asked by neighbour solicitation (Linux 5.18)
---@field arp_validate? "none"|"active"|"backup"|"all"|"filter"|"filter_active"|"filter_backup" which ports have to see answers; default none
---@field arp_all_targets? "any"|"all" how many of the targets have to answer; default any
---@field missed_max? integer how many answers may be missed until a port is down; default 2
---@field xmit_hash_policy? "layer2"|"layer3+4"|"layer2+3"|"encap2+3"|"encap3+4"|"vlan+srcmac" what of a packet chooses its port; default layer2
---@field primary? string the port that is the active one whenever it can
---@field primary_reselect? "always"|"better"|"failure" when the primary becomes the active one again; default always
---@field active_slave? string the port that sends and receives
---@field fail_over_mac? "none"|"active"|"follow" what becomes of the hardware addresses at a failover; default none, all ports have the bond's
---@field resend_igmp? integer IGMP reports after a failover; default 1
---@field num_peer_notif? integer gratuitous ARP and unsolicited NA after a failover; default 1
---@field all_slaves_active? boolean take what comes in by inactive ports; default false
---@field min_links? integer how many ports must be up for the bond to have a carrier; default 0, which is 1
---@field lp_interval? integer seconds between learning packets to switches; default 1
---@field packets_per_slave? integer balance-rr: packets until the next port, 0 for a random one; default 1
---@field lacp_rate? "slow"|"fast" 802.3ad: how often the partner sends, every 30 s or every second; default slow
---@field lacp_active? boolean 802.3ad: send LACP by oneself (Linux 5.15); default true
---@field coupled_control? boolean 802.3ad: collecting and distributing begin together (Linux 6.9); default true
---@field ad_select? "stable"|"bandwidth"|"count"|"actor_port_prio" 802.3ad: what chooses the aggregator; default stable
---@field ad_actor_sys_prio? integer 802.3ad: the system's priority; default 65535; told only to root of the machine
---@field ad_actor_system? string 802.3ad: the system's address; default the bond's; told as the priority is
---@field ad_user_port_key? integer 802.3ad: the upper ten bits of the port's key; default 0; told as the priority is
---@field tlb_dynamic_lb? boolean balance-tlb: move flows by the load of the ports; default true

---@class (exact) nsh.BridgeOptions
---@field stp? boolean the spanning tree protocol; default false. On, a new port forwards only after twice `forward_delay`
---@field ageing? number seconds after which an unseen address is forgotten; default 300
---@field forward_delay? number seconds in each of the states listening and learning; default 15; with STP 2 to 30
---@field hello_time? number seconds between the root's hellos; default 2
---@field max_age? number seconds until an unheard root is taken for dead; default 20
---@field priority? integer its priority in becoming the root, lower is better; default 32768
---@field vlan_filtering? boolean ports belong to VLANs; default false
---@field vlan_protocol? "802.1Q"|"802.1ad" the Ethernet protocol of the VLANs' tags; default 802.1Q
---@field vlan_default_pvid? integer the VLAN of untagged frames of a new port, 0 for none; default 1
---@field vlan_stats_enabled? boolean count packets per VLAN; default false
---@field vlan_stats_per_port? boolean count packets per VLAN and port; default false
---@field group_fwd_mask? integer which of the link-local groups 01:80:c2:00:00:0X are forwarded, as bits; default 0
---@field group_address? string the address that BPDUs are sent to
---@field mcast_snooping? boolean send multicast only to ports that asked for it; default true
---@field mcast_router? "disabled"|"learn"|"permanent"|"temporary" whether the bridge takes multicast as a router does
---@field mcast_query_use_ifaddr? boolean queries come from the bridge's own address
---@field mcast_querier? boolean send IGMP and MLD queries; default false
---@field mcast_hash_elasticity? integer has no effect any more
---@field mcast_hash_max? integer how many multicast groups are kept; default 4096
---@field mcast_last_member_count? integer queries before a group is dropped; default 2
---@field mcast_startup_query_count? integer queries sent at the start; default 2
---@field mcast_last_member_interval? number seconds between queries after a leave; default 1
---@field mcast_membership_interval? number seconds until a group without reports goes; default 260
---@field mcast_querier_interval? number seconds until another querier is taken for gone; default 255
---@field mcast_query_interval? number seconds between queries; default 125
---@field mcast_query_response_interval? number seconds that may pass before a report; default 10
---@field mcast_startup_query_interval? number seconds between queries at the start; default 31.25
---@field mcast_stats_enabled? boolean count IGMP and MLD messages; default false
---@field mcast_igmp_version? integer IGMP's version; default 2
---@field mcast_mld_version? integer MLD's version; default 1
---@field nf_call_iptables? boolean bridged IPv4 frames go through iptables too (br_netfilter)
---@field nf_call_ip6tables? boolean bridged IPv6 frames go through ip6tables too (br_netfilter)
---@field nf_call_arptables? boolean bridged ARP goes through arptables too (br_netfilter)
---@field fdb_max_learned? integer how many addresses may be learned, 0 for no limit (Linux 6.8)
---@field no_linklocal_learn? boolean learn nothing from link-local frames; default false
---@field mcast_vlan_snooping? boolean multicast snooping per VLAN; default false
---@field mst_enabled? boolean multiple spanning trees; default false

---@class (exact) nsh.GeneveChanges
---@field remote? string the remote end, IPv4
---@field remote6? string the remote end, IPv6
---@field ttl? integer the TTL of outer packets, 0 for the system's default
---@field ttl_inherit? boolean the TTL of the packet within; default false
---@field tos? integer|"inherit" the TOS of outer packets; "inherit" for that of the packet within
---@field df? "unset"|"set"|"inherit" the don't-fragment bit of outer IPv4 packets; default unset
---@field flowlabel? integer the flow label of outer IPv6 packets

---@class (exact) nsh.GeneveOptions
---@field id? integer the network identifier (VNI)
---@field remote? string the remote end, IPv4
---@field remote6? string the remote end, IPv6
---@field dstport? integer the UDP port; default 6081
---@field ttl? integer the TTL of outer packets, 0 for the system's default
---@field ttl_inherit? boolean the TTL of the packet within; default false
---@field tos? integer|"inherit" the TOS of outer packets; "inherit" for that of the packet within
---@field df? "unset"|"set"|"inherit" the don't-fragment bit of outer IPv4 packets; default unset
---@field flowlabel? integer the flow label of outer IPv6 packets
---@field external? boolean the tunnel's ends come with each packet; default false
---@field udp_csum? boolean checksums of outer UDP over IPv4; default true
---@field udp_zero_csum6_tx? boolean send outer UDP over IPv6 without checksum; default false
---@field udp_zero_csum6_rx? boolean take outer UDP over IPv6 without checksum; default false
---@field srcport? integer|string the UDP source ports of outer packets, such as "32768-61000" (Linux 6.16)
---@field inner_proto_inherit? boolean the tunnel's packets say their inner protocol, without Ethernet (Linux 5.19); default false

---@class (exact) nsh.GreChanges
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer|"inherit" the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer|"inherit" the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field fwmark? integer the mark by which outer packets are routed
---@field key? integer|string|false the key of packets that come in and go out, or false
---@field ikey? integer|string|false the key of packets that come in, or false
---@field okey? integer|string|false the key of packets that go out, or false
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field ignore_df? boolean fragment packets that say not to; takes `pmtudisc = false`; default false
---@field seq? boolean sequence numbers in both directions; default false
---@field iseq? boolean packets that come in must be in sequence; default false
---@field oseq? boolean packets that go out are numbered; default false
---@field csum? boolean checksums in both directions; default false
---@field icsum? boolean packets that come in must have a checksum; default false
---@field ocsum? boolean packets that go out have a checksum; default false

---@class (exact) nsh.GreOptions
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer|"inherit" the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer|"inherit" the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field fwmark? integer the mark by which outer packets are routed
---@field key? integer|string|false the key of packets that come in and go out, or false
---@field ikey? integer|string|false the key of packets that come in, or false
---@field okey? integer|string|false the key of packets that go out, or false
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field ignore_df? boolean fragment packets that say not to; takes `pmtudisc = false`; default false
---@field seq? boolean sequence numbers in both directions; default false
---@field iseq? boolean packets that come in must be in sequence; default false
---@field oseq? boolean packets that go out are numbered; default false
---@field csum? boolean checksums in both directions; default false
---@field icsum? boolean packets that come in must have a checksum; default false
---@field ocsum? boolean packets that go out have a checksum; default false

---@class (exact) nsh.HsrOptions
---@field slave1? string the one port
---@field slave2? string the other port
---@field interlink? string a port to a network without redundancy (Linux 6.10)
---@field supervision? integer the last byte of the group that supervision frames are sent to; default 0
---@field version? integer of HSR: 0 for that of 2010, 1 for 2012 and later; default 0
---@field protocol? "hsr"|"prp" hsr, a ring, or prp, two networks side by side; default hsr

---@class (exact) nsh.Ip6greChanges
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the hop limit of outer packets, 0 for the system's default; default 64
---@field encaplimit? integer how often a packet may be encapsulated again (RFC 2473); default 4
---@field no_encaplimit? boolean packets have no such limit; default false
---@field tclass? integer the traffic class of outer packets
---@field tclass_inherit? boolean that of the packet within; default false
---@field flowlabel? integer the flow label of outer packets
---@field flowlabel_inherit? boolean that of the packet within; default false
---@field dscp_inherit? boolean packets that come out get the DSCP of the outer ones; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field fwmark_inherit? boolean that of the packet within; default false
---@field allow_localremote? boolean the remote end may be an address of this host; default false
---@field key? integer|string|false the key of packets that come in and go out, or false
---@field ikey? integer|string|false the key of packets that come in, or false
---@field okey? integer|string|false the key of packets that go out, or false
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field seq? boolean sequence numbers in both directions; default false
---@field iseq? boolean packets that come in must be in sequence; default false
---@field oseq? boolean packets that go out are numbered; default false
---@field csum? boolean checksums in both directions; default false
---@field icsum? boolean packets that come in must have a checksum; default false
---@field ocsum? boolean packets that go out have a checksum; default false

---@class (exact) nsh.Ip6greOptions
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the hop limit of outer packets, 0 for the system's default; default 64
---@field encaplimit? integer how often a packet may be encapsulated again (RFC 2473); default 4
---@field no_encaplimit? boolean packets have no such limit; default false
---@field tclass? integer the traffic class of outer packets
---@field tclass_inherit? boolean that of the packet within; default false
---@field flowlabel? integer the flow label of outer packets
---@field flowlabel_inherit? boolean that of the packet within; default false
---@field dscp_inherit? boolean packets that come out get the DSCP of the outer ones; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field fwmark_inherit? boolean that of the packet within; default false
---@field allow_localremote? boolean the remote end may be an address of this host; default false
---@field key? integer|string|false the key of packets that come in and go out, or false
---@field ikey? integer|string|false the key of packets that come in, or false
---@field okey? integer|string|false the key of packets that go out, or false
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field seq? boolean sequence numbers in both directions; default false
---@field iseq? boolean packets that come in must be in sequence; default false
---@field oseq? boolean packets that go out are numbered; default false
---@field csum? boolean checksums in both directions; default false
---@field icsum? boolean packets that come in must have a checksum; default false
---@field ocsum? boolean packets that go out have a checksum; default false

---@class (exact) nsh.Ip6tnlChanges
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the hop limit of outer packets, 0 for the system's default; default 64
---@field encaplimit? integer how often a packet may be encapsulated again (RFC 2473); default 4
---@field no_encaplimit? boolean packets have no such limit; default false
---@field tclass? integer the traffic class of outer packets
---@field tclass_inherit? boolean that of the packet within; default false
---@field flowlabel? integer the flow label of outer packets
---@field flowlabel_inherit? boolean that of the packet within; default false
---@field dscp_inherit? boolean packets that come out get the DSCP of the outer ones; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field fwmark_inherit? boolean that of the packet within; default false
---@field allow_localremote? boolean the remote end may be an address of this host; default false
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field mode? "any"|"ip6ip6"|"ipip6" what it carries; default any

---@class (exact) nsh.Ip6tnlOptions
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the hop limit of outer packets, 0 for the system's default; default 64
---@field encaplimit? integer how often a packet may be encapsulated again (RFC 2473); default 4
---@field no_encaplimit? boolean packets have no such limit; default false
---@field tclass? integer the traffic class of outer packets
---@field tclass_inherit? boolean that of the packet within; default false
---@field flowlabel? integer the flow label of outer packets
---@field flowlabel_inherit? boolean that of the packet within; default false
---@field dscp_inherit? boolean packets that come out get the DSCP of the outer ones; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field fwmark_inherit? boolean that of the packet within; default false
---@field allow_localremote? boolean the remote end may be an address of this host; default false
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field mode? "any"|"ip6ip6"|"ipip6" what it carries; default any

---@class (exact) nsh.IpipChanges
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer|"inherit" the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer|"inherit" the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field fwmark? integer the mark by which outer packets are routed

---@class (exact) nsh.IpipOptions
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer|"inherit" the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer|"inherit" the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field external? boolean the tunnel's ends come with each packet; default false
---@field mode? "any"|"ipip"|"mplsip" what it carries; default any

---@class (exact) nsh.IpvlanOptions
---@field mode? "l2"|"l3"|"l3s" switched (l2) or routed (l3, l3s); default l3
---@field private? boolean ipvlans on the same link don't talk to each other; default false
---@field vepa? boolean they talk by the switch that the link below leads to; default false

---@class (exact) nsh.LossModel
---@field p? number|string Gilbert-Elliott: how often the good state turns bad, by packet
---@field r? number|string how often the bad state turns good; default 100% less `p`
---@field bad? number|string the share that is lost in the bad state (tc's 1-h); default 100%
---@field good? number|string the share that is lost in the good state (tc's 1-k); default none
---@field p13? number|string four states: how often a burst of losses begins
---@field p31? number|string how often such a burst ends; default 100% less `p13`
---@field p32? number|string how often a packet gets through within a burst; default none
---@field p23? number|string how often the burst goes on after that; default 100%
---@field p14? number|string how often a single packet is lost; default none

---@class (exact) nsh.MacsecChanges
---@field encrypt? boolean encrypt, and not only authenticate; default false
---@field protect? boolean protect what is sent; default true
---@field send_sci? boolean the identifier is in each frame; default true
---@field end_station? boolean the bit ES of frames; default false
---@field scb? boolean the bit SCB (single copy broadcast) of frames; default false
---@field replay? boolean frames are taken once only; default false; takes window
---@field window? integer how far they may be out of order; default 0
---@field validate? "disabled"|"check"|"strict" what becomes of frames that are wrong: strict drops them; default strict
---@field encodingsa? integer the secure association that is sent by; default 0
---@field offload? "off"|"phy"|"mac" who does it: the kernel (off), the PHY or the MAC; default off

---@class (exact) nsh.MacsecOptions
---@field sci? string the secure channel's identifier, 16 hexadecimal digits; default the link's address and port
---@field port? integer its last two bytes; default 1
---@field cipher? "gcm-aes-128"|"gcm-aes-256"|"gcm-aes-xpn-128"|"gcm-aes-xpn-256" the cipher; default gcm-aes-128
---@field icvlen? integer bytes of the integrity check value; default 16
---@field encrypt? boolean encrypt, and not only authenticate; default false
---@field protect? boolean protect what is sent; default true
---@field send_sci? boolean the identifier is in each frame; default true
---@field end_station? boolean the bit ES of frames; default false
---@field scb? boolean the bit SCB (single copy broadcast) of frames; default false
---@field replay? boolean frames are taken once only; default false; takes window
---@field window? integer how far they may be out of order; default 0
---@field validate? "disabled"|"check"|"strict" what becomes of frames that are wrong: strict drops them; default strict
---@field encodingsa? integer the secure association that is sent by; default 0
---@field offload? "off"|"phy"|"mac" who does it: the kernel (off), the PHY or the MAC; default off

---@class (exact) nsh.MacvlanOptions
---@field mode? "private"|"vepa"|"bridge"|"passthru"|"source" who talks to whom; default vepa
---@field nopromisc? boolean passthru: the link below doesn't become promiscuous; default false
---@field nodst? boolean source: frames go only to the macvlan that has their source; default false
---@field bc_queue_len? integer broadcasts that may wait; default 1000

---@class (exact) nsh.NetkitChanges
---@field policy? "forward"|"blackhole" what becomes of packets that no program decides on; default forward
---@field peer_policy? "forward"|"blackhole" the policy of the other end

---@class (exact) nsh.NetkitOptions
---@field mode? "l2"|"l3" with Ethernet (l2) or without (l3); default l3
---@field policy? "forward"|"blackhole" what becomes of packets that no program decides on; default forward
---@field scrub? "none"|"default" whether marks of packets are cleared (Linux 6.13); default default
---@field peer_policy? "forward"|"blackhole" the policy of the other end
---@field peer_scrub? "none"|"default" scrub of the other end (Linux 6.13)
---@field headroom? integer bytes in front of packets (Linux 6.14)
---@field tailroom? integer bytes behind packets (Linux 6.14)

---@class (exact) nsh.PortOptions
---@field state? "disabled"|"listening"|"learning"|"forwarding"|"blocking" its state; set by hand only without STP
---@field priority? integer its priority, lower is better; default 32
---@field cost? integer what a path through it costs
---@field hairpin? boolean frames may leave through the port that they came in by; default false
---@field guard? boolean a BPDU that comes in disables the port; default false
---@field root_block? boolean it can't become the root port; default false
---@field fastleave? boolean a leave ends multicast at once; default false
---@field learning? boolean learn the source addresses of frames; default true
---@field flood? boolean frames to unknown addresses leave here too; default true
---@field mcast_flood? boolean multicast to unknown groups leaves here too; default true
---@field bcast_flood? boolean broadcasts leave here; default true
---@field mcast_to_unicast? boolean multicast is sent to each member as unicast; default false
---@field mcast_router? "disabled"|"learn"|"permanent"|"temporary" whether a multicast router is behind the port
---@field mcast_max_groups? integer how many groups may be joined, 0 for no limit
---@field proxy_arp? boolean answer ARP for hosts behind other ports; default false
---@field proxy_arp_wifi? boolean as proxy_arp, by the rules of 802.11; default false
---@field neigh_suppress? boolean answer ARP and ND from the neighbour table; default false
---@field vlan_tunnel? boolean map VLANs to tunnel ids; default false
---@field isolated? boolean it talks only to ports that are not isolated; default false
---@field locked? boolean only addresses with an fdb entry may send (802.1X); default false
---@field mab? boolean MAC authentication bypass on a locked port; default false
---@field group_fwd_mask? integer as the bridge's, for this port

---@class (exact) nsh.ShapeOptions
---@field delay? number|string how long each packet is held back
---@field jitter? number|string how far the delay varies; without `rate`, packets may overtake each other
---@field loss? number|string the share of packets that are lost, at random
---@field duplicate? number|string the share of packets that are sent twice
---@field corrupt? number|string the share of packets in which one bit is changed
---@field reorder? number|string the share of packets that are not delayed, and so overtake others; needs `delay`
---@field rate? integer|string how fast packets are sent
---@field limit? integer how many packets may wait, those that are delayed among them; default 1000, and what `rate` and `delay` keep under way
---@field delay_correlation? number|string how far a delay depends on the one before
---@field loss_correlation? number|string how far a loss depends on the one before
---@field duplicate_correlation? number|string how far a duplicate depends on the one before
---@field corrupt_correlation? number|string how far a changed bit depends on the one before
---@field reorder_correlation? number|string how far reordering depends on the packet before
---@field gap? integer only one packet of so many may overtake others
---@field ecn? boolean packets are marked instead of lost, where both ends know that
---@field loss_model? nsh.LossModel losses that come in bursts, instead of `loss`: `{ p = "1%", r = "10%" }`
---@field slot? nsh.Slot packets leave in groups: `{ min = "800us", max = "1ms" }`

---@class (exact) nsh.SitChanges
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer|"inherit" the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer|"inherit" the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field sixrd_prefix? string the prefix of 6rd (RFC 5969); default 2002::/16, which is 6to4
---@field sixrd_relay_prefix? string what the IPv4 addresses of 6rd have in common

---@class (exact) nsh.SitOptions
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer|"inherit" the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer|"inherit" the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field encap? "none"|"fou"|"gue" in what of UDP the packets are packed; default none
---@field encap_sport? integer|"auto" its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field mode? "any"|"ip6ip"|"ipip"|"mplsip" what it carries; default any
---@field isatap? boolean an ISATAP tunnel (RFC 5214); default false
---@field sixrd_prefix? string the prefix of 6rd (RFC 5969); default 2002::/16, which is 6to4
---@field sixrd_relay_prefix? string what the IPv4 addresses of 6rd have in common

---@class (exact) nsh.Slot
---@field min? number|string how long at least until the next group leaves
---@field max? number|string how long at most; default `min`
---@field packets? integer how many packets a group has at most
---@field bytes? integer how many bytes a group has at most

---@class (exact) nsh.VlanChanges
---@field reorder_hdr? boolean what comes in has no tag any more, also to packet sockets; default true
---@field gvrp? boolean registered by GVRP; default false
---@field loose_binding? boolean it stays up when the link below goes down; default false
---@field mvrp? boolean registered by MVRP; default false
---@field bridge_binding? boolean on a bridge: its state is that of the bridge's ports in this VLAN; default false
---@field ingress_qos_map? string|string[] the priority of packets by that in the tag they came in with, each as "FROM:TO"
---@field egress_qos_map? string|string[] the priority in the tag by that of the packet, each as "FROM:TO"

---@class (exact) nsh.VlanOptions
---@field protocol? "802.1Q"|"802.1ad" the Ethernet protocol of its tags; default 802.1Q
---@field id? integer its id
---@field reorder_hdr? boolean what comes in has no tag any more, also to packet sockets; default true
---@field gvrp? boolean registered by GVRP; default false
---@field loose_binding? boolean it stays up when the link below goes down; default false
---@field mvrp? boolean registered by MVRP; default false
---@field bridge_binding? boolean on a bridge: its state is that of the bridge's ports in this VLAN; default false
---@field ingress_qos_map? string|string[] the priority of packets by that in the tag they came in with, each as "FROM:TO"
---@field egress_qos_map? string|string[] the priority in the tag by that of the packet, each as "FROM:TO"

---@class (exact) nsh.VrfOptions
---@field table? integer the routing table of its ports

---@class (exact) nsh.Vti6Options
---@field local? string the own end
---@field remote? string the remote end
---@field key? integer the key of the policies in both directions, which is a mark; 0 for none
---@field ikey? integer that of packets that come in
---@field okey? integer that of packets that go out
---@field fwmark? integer the mark by which outer packets are routed

---@class (exact) nsh.VtiOptions
---@field local? string the own end
---@field remote? string the remote end
---@field key? integer the key of the policies in both directions, which is a mark; 0 for none
---@field ikey? integer that of packets that come in
---@field okey? integer that of packets that go out
---@field fwmark? integer the mark by which outer packets are routed

---@class (exact) nsh.VxlanChanges
---@field remote? string the remote end or a multicast group, IPv4
---@field remote6? string the remote end or a multicast group, IPv6
---@field local? string the own end, IPv4
---@field local6? string the own end, IPv6
---@field ttl? integer the TTL of outer packets, 0 for the system's default
---@field tos? integer|"inherit" the TOS of outer packets; "inherit" for that of the packet within
---@field df? "unset"|"set"|"inherit" the don't-fragment bit of outer IPv4 packets; default unset
---@field flowlabel? integer the flow label of outer IPv6 packets
---@field learning? boolean learn remote addresses from packets; default true
---@field ageing? integer seconds after which an unseen address is forgotten; default 300
---@field localbypass? boolean packets to an end on this host take the short way (Linux 6.4); default true

---@class (exact) nsh.VxlanOptions
---@field id? integer the network identifier (VNI)
---@field remote? string the remote end or a multicast group, IPv4
---@field remote6? string the remote end or a multicast group, IPv6
---@field local? string the own end, IPv4
---@field local6? string the own end, IPv6
---@field dstport? integer the UDP port, 4789 at IANA; the kernel's own default is 8472
---@field ttl? integer the TTL of outer packets, 0 for the system's default
---@field ttl_inherit? boolean the TTL of the packet within; default false
---@field tos? integer|"inherit" the TOS of outer packets; "inherit" for that of the packet within
---@field df? "unset"|"set"|"inherit" the don't-fragment bit of outer IPv4 packets; default unset
---@field flowlabel? integer the flow label of outer IPv6 packets
---@field learning? boolean learn remote addresses from packets; default true
---@field ageing? integer seconds after which an unseen address is forgotten; default 300
---@field max_addresses? integer how many addresses are kept, 0 for no limit
---@field proxy? boolean answer ARP and ND; default false
---@field rsc? boolean route short circuit; default false
---@field l2miss? boolean tell of unknown hardware addresses by netlink; default false
---@field l3miss? boolean tell of unknown addresses by netlink; default false
---@field udp_csum? boolean checksums of outer UDP over IPv4; default true
---@field udp_zero_csum6_tx? boolean send outer UDP over IPv6 without checksum; default false
---@field udp_zero_csum6_rx? boolean take outer UDP over IPv6 without checksum; default false
---@field srcport? integer|string the UDP source ports of outer packets, such as "32768-61000"; default by net.ipv4.ip_local_port_range
---@field remcsum_tx? boolean remote checksum offload of what is sent; default false
---@field remcsum_rx? boolean remote checksum offload of what comes in; default false
---@field gpe? boolean the generic protocol extension, without Ethernet; default false
---@field localbypass? boolean packets to an end on this host take the short way (Linux 6.4); default true
---@field gbp? boolean the group policy extension; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field vnifilter? boolean only VNIs that are listed; default false

---@class (exact) nsh.XfrmChanges
---@field if_id? integer the id of its states and policies, not 0

---@class (exact) nsh.XfrmOptions
---@field if_id? integer the id of its states and policies, not 0
---@field external? boolean the id comes with each packet (Linux 6.1); default false

---@class (exact) nsh.addr.AddOptions
---@field dev string the link
---@field peer? string the other end of a point-to-point link; when adding, with its prefix length
---@field broadcast? string the broadcast address (IPv4); default none
---@field label? string a label that begins with the link's name (IPv4)
---@field scope? integer|string how far it reaches: global, link, host, site or a number; default host for 127.0.0.0/8, else global
---@field metric? integer the metric of the connected route
---@field valid_lft? integer|"forever" seconds until it goes, or "forever"; default forever
---@field preferred_lft? integer|"forever" seconds until it is deprecated, or "forever"; default forever
---@field dad? boolean run duplicate address detection (IPv6): the address can be used 1 to 2 s later; default false
---@field optimistic? boolean use it during duplicate address detection (RFC 4429); default false
---@field home? boolean a home address of Mobile IPv6; default false
---@field mngtmpaddr? boolean make temporary addresses from it (RFC 4941); default false
---@field noprefixroute? boolean add no connected route; default false
---@field autojoin? boolean join the multicast group that it is; default false
---@field proto? integer|string who added it: kernel_ll, kernel_ra, ... or a number (Linux 5.18)

---@class (exact) nsh.addr.DelOptions
---@field dev? string the link

---@class (exact) nsh.addr.FlushOptions
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field scope? integer|string how far it reaches: global, link, host, site or a number; default host for 127.0.0.0/8, else global
---@field dev? string the link

---@class (exact) nsh.addr.ListOptions
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field scope? integer|string how far it reaches: global, link, host, site or a number; default host for 127.0.0.0/8, else global
---@field dev? string the link

---@class (exact) nsh.arping.Options
---@field dev? string the link to ask on; default the one that packets to the address leave by
---@field from? string the address that asks; default the one that the kernel would send from
---@field dad? boolean duplicate address detection: asks from no address, as a host that wants this one; waits the whole timeout
---@field all? boolean wait the whole timeout for further answers, of others who have the address too; default false
---@field count? integer how often to ask; default 1
---@field interval? number seconds from one question to the next; default 0.2
---@field timeout? number seconds in which the last question must be answered; default 1
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both

---@class (exact) nsh.bridge.AddOptions
---@field ports? string|string[] links that become its ports
---@field up? boolean administratively up; default false
---@field index? integer its index; default the next free one
---@field mtu? integer bytes; the kernel's choice is 1500 for most kinds
---@field mac? string its hardware address; the kernel's choice is random
---@field txqlen? integer the transmit queue's length, in packets
---@field group? integer|string its group, by number or by name in /etc/iproute2/group; default 0
---@field alias? string a text for people, up to 255 bytes; empty for none
---@field promisc? boolean take frames for any address; default false
---@field arp? boolean resolve neighbours; default true
---@field multicast? boolean the MULTICAST flag; default true
---@field allmulticast? boolean take all multicast; default false
---@field addr? string|string[] addresses to add, without DAD (as `nodad`)
---@field queues? integer transmit and receive queues; default 1
---@field stp? boolean the spanning tree protocol; default false. On, a new port forwards only after twice `forward_delay`
---@field ageing? number seconds after which an unseen address is forgotten; default 300
---@field forward_delay? number seconds in each of the states listening and learning; default 15; with STP 2 to 30
---@field hello_time? number seconds between the root's hellos; default 2
---@field max_age? number seconds until an unheard root is taken for dead; default 20
---@field priority? integer its priority in becoming the root, lower is better; default 32768
---@field vlan_filtering? boolean ports belong to VLANs; default false
---@field vlan_protocol? "802.1Q"|"802.1ad" the Ethernet protocol of the VLANs' tags; default 802.1Q
---@field vlan_default_pvid? integer the VLAN of untagged frames of a new port, 0 for none; default 1
---@field vlan_stats_enabled? boolean count packets per VLAN; default false
---@field vlan_stats_per_port? boolean count packets per VLAN and port; default false
---@field group_fwd_mask? integer which of the link-local groups 01:80:c2:00:00:0X are forwarded, as bits; default 0
---@field group_address? string the address that BPDUs are sent to
---@field mcast_snooping? boolean send multicast only to ports that asked for it; default true
---@field mcast_router? "disabled"|"learn"|"permanent"|"temporary" whether the bridge takes multicast as a router does
---@field mcast_query_use_ifaddr? boolean queries come from the bridge's own address
---@field mcast_querier? boolean send IGMP and MLD queries; default false
---@field mcast_hash_elasticity? integer has no effect any more
---@field mcast_hash_max? integer how many multicast groups are kept; default 4096
---@field mcast_last_member_count? integer queries before a group is dropped; default 2
---@field mcast_startup_query_count? integer queries sent at the start; default 2
---@field mcast_last_member_interval? number seconds between queries after a leave; default 1
---@field mcast_membership_interval? number seconds until a group without reports goes; default 260
---@field mcast_querier_interval? number seconds until another querier is taken for gone; default 255
---@field mcast_query_interval? number seconds between queries; default 125
---@field mcast_query_response_interval? number seconds that may pass before a report; default 10
---@field mcast_startup_query_interval? number seconds between queries at the start; default 31.25
---@field mcast_stats_enabled? boolean count IGMP and MLD messages; default false
---@field mcast_igmp_version? integer IGMP's version; default 2
---@field mcast_mld_version? integer MLD's version; default 1
---@field nf_call_iptables? boolean bridged IPv4 frames go through iptables too (br_netfilter)
---@field nf_call_ip6tables? boolean bridged IPv6 frames go through ip6tables too (br_netfilter)
---@field nf_call_arptables? boolean bridged ARP goes through arptables too (br_netfilter)
---@field fdb_max_learned? integer how many addresses may be learned, 0 for no limit (Linux 6.8)
---@field no_linklocal_learn? boolean learn nothing from link-local frames; default false
---@field mcast_vlan_snooping? boolean multicast snooping per VLAN; default false
---@field mst_enabled? boolean multiple spanning trees; default false

---@class (exact) nsh.capture.ExpectOptions
---@field timeout? number how long to wait; default 5 seconds
---@field proto? string|string[] arp, ip (IPv4), ip6, icmp, icmp6, tcp, udp, stp, lldp, gre, ospf, dns, dhcp, bgp, vxlan, mpls, ...; or several of them
---@field type? string the packet's kind: "echo request", "time exceeded", "neighbor solicitation", "request" (of ARP), "query" (of DNS), "offer" (of DHCP), "hello" (of OSPF), or TCP's flags such as "S."
---@field host? string from or to this address, or any address of this namespace
---@field net? string from or to an address of this prefix
---@field src? string from this address or prefix
---@field dst? string to this address or prefix
---@field port? integer|string from or to this TCP or UDP port, or range
---@field sport? integer|string from this TCP or UDP port, or range
---@field dport? integer|string to this TCP or UDP port, or range
---@field id? integer the identifier of ICMP echo messages
---@field direction? "in"|"out" received (in) or sent (out) by the link on which it is seen
---@field link? string seen on this link
---@field namespace? nsh.Namespace|string seen in this namespace
---@field filter? string in tcpdump's language (pcap-filter(7)), such as "icmp or tcp port 80 and not host ns1"

---@class (exact) nsh.capture.Filter
---@field proto? string|string[] arp, ip (IPv4), ip6, icmp, icmp6, tcp, udp, stp, lldp, gre, ospf, dns, dhcp, bgp, vxlan, mpls, ...; or several of them
---@field type? string the packet's kind: "echo request", "time exceeded", "neighbor solicitation", "request" (of ARP), "query" (of DNS), "offer" (of DHCP), "hello" (of OSPF), or TCP's flags such as "S."
---@field host? string from or to this address, or any address of this namespace
---@field net? string from or to an address of this prefix
---@field src? string from this address or prefix
---@field dst? string to this address or prefix
---@field port? integer|string from or to this TCP or UDP port, or range
---@field sport? integer|string from this TCP or UDP port, or range
---@field dport? integer|string to this TCP or UDP port, or range
---@field id? integer the identifier of ICMP echo messages
---@field direction? "in"|"out" received (in) or sent (out) by the link on which it is seen
---@field link? string seen on this link
---@field namespace? nsh.Namespace|string seen in this namespace
---@field filter? string in tcpdump's language (pcap-filter(7)), such as "icmp or tcp port 80 and not host ns1"

---@class (exact) nsh.capture.StartOptions
---@field proto? string|string[] arp, ip (IPv4), ip6, icmp, icmp6, tcp, udp, stp, lldp, gre, ospf, dns, dhcp, bgp, vxlan, mpls, ...; or several of them
---@field type? string the packet's kind: "echo request", "time exceeded", "neighbor solicitation", "request" (of ARP), "query" (of DNS), "offer" (of DHCP), "hello" (of OSPF), or TCP's flags such as "S."
---@field host? string from or to this address, or any address of this namespace
---@field net? string from or to an address of this prefix
---@field src? string from this address or prefix
---@field dst? string to this address or prefix
---@field port? integer|string from or to this TCP or UDP port, or range
---@field sport? integer|string from this TCP or UDP port, or range
---@field dport? integer|string to this TCP or UDP port, or range
---@field id? integer the identifier of ICMP echo messages
---@field direction? "in"|"out" received (in) or sent (out) by the link on which it is seen
---@field link? string seen on this link
---@field namespace? nsh.Namespace|string seen in this namespace
---@field filter? string in tcpdump's language (pcap-filter(7)), such as "icmp or tcp port 80 and not host ns1"
---@field namespaces? "all"|(nsh.Namespace|string)[] capture in these namespaces, or in "all" that there are now, instead of the one called on
---@field snaplen? integer how many bytes of each packet to keep; default 262144, all
---@field promisc? boolean let the link receive what is for others too; default false
---@field max_packets? integer how many packets to keep, later ones count as drops; default 100000
---@field max_bytes? integer how many bytes of packets to keep; default 256 MiB
---@field file? string a .pcapng file to write the packets to while they come; then the last ones are kept, and none counts as a drop
---@field size? integer begin another file before one has more bytes: NAME-1.pcapng, NAME-2.pcapng, ...
---@field files? integer how many of those to keep, the last ones; default all

---@class (exact) nsh.capture.StreamOptions
---@field timeout? number seconds for all of it; default no limit
---@field proto? string|string[] arp, ip (IPv4), ip6, icmp, icmp6, tcp, udp, stp, lldp, gre, ospf, dns, dhcp, bgp, vxlan, mpls, ...; or several of them
---@field type? string the packet's kind: "echo request", "time exceeded", "neighbor solicitation", "request" (of ARP), "query" (of DNS), "offer" (of DHCP), "hello" (of OSPF), or TCP's flags such as "S."
---@field host? string from or to this address, or any address of this namespace
---@field net? string from or to an address of this prefix
---@field src? string from this address or prefix
---@field dst? string to this address or prefix
---@field port? integer|string from or to this TCP or UDP port, or range
---@field sport? integer|string from this TCP or UDP port, or range
---@field dport? integer|string to this TCP or UDP port, or range
---@field id? integer the identifier of ICMP echo messages
---@field direction? "in"|"out" received (in) or sent (out) by the link on which it is seen
---@field link? string seen on this link
---@field namespace? nsh.Namespace|string seen in this namespace
---@field filter? string in tcpdump's language (pcap-filter(7)), such as "icmp or tcp port 80 and not host ns1"

---@class (exact) nsh.capture.WaitOptions
---@field timeout? number how long to wait; default 5 seconds
---@field count? integer how many; default 1
---@field proto? string|string[] arp, ip (IPv4), ip6, icmp, icmp6, tcp, udp, stp, lldp, gre, ospf, dns, dhcp, bgp, vxlan, mpls, ...; or several of them
---@field type? string the packet's kind: "echo request", "time exceeded", "neighbor solicitation", "request" (of ARP), "query" (of DNS), "offer" (of DHCP), "hello" (of OSPF), or TCP's flags such as "S."
---@field host? string from or to this address, or any address of this namespace
---@field net? string from or to an address of this prefix
---@field src? string from this address or prefix
---@field dst? string to this address or prefix
---@field port? integer|string from or to this TCP or UDP port, or range
---@field sport? integer|string from this TCP or UDP port, or range
---@field dport? integer|string to this TCP or UDP port, or range
---@field id? integer the identifier of ICMP echo messages
---@field direction? "in"|"out" received (in) or sent (out) by the link on which it is seen
---@field link? string seen on this link
---@field namespace? nsh.Namespace|string seen in this namespace
---@field filter? string in tcpdump's language (pcap-filter(7)), such as "icmp or tcp port 80 and not host ns1"

---@class (exact) nsh.check.ArrivesOptions
---@field at? nsh.Namespace|string the namespace to which they must get; default the one that has the address. Behind DNAT it is another
---@field count? integer how many requests to send; one that gets through will do; default 1
---@field timeout? number seconds in which one must get through; default 3
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link or VRF that packets must leave by
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.ErrorOptions
---@field kind? "argument"|"invalid"|"exists"|"not_found"|"permission"|"unsupported"|"busy"|"read_only"|"limit"|"network_unreachable"|"host_unreachable"|"network_down"|"connection_refused"|"connection_reset"|"address_in_use"|"address_not_available"|"timeout"|"check"|"exit"|"protocol"|"io" the kind that it must have; any if left out
---@field match? string a Lua pattern that must be found in its message
---@field plain? boolean `match` is plain text; default false
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.LostOptions
---@field at? nsh.Namespace|string the namespace to which they must get; default the one that has the address. Behind DNAT it is another
---@field count? integer how many requests to send; one that gets through will do; default 1
---@field timeout? number seconds in which none may get through; default 1
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link or VRF that packets must leave by
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.MatchOptions
---@field plain? boolean the pattern is plain text, in which no character is special; default false
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.NearOptions
---@field abs? number how far it may be off
---@field rel? number how far it may be off, as a part of the wanted number: 0.05 for 5 %
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.NoMatchOptions
---@field plain? boolean the pattern is plain text, in which no character is special; default false
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.NoRouteOptions
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the packet's source address
---@field iif? string the link on which the packet came in: asks for forwarding
---@field oif? string the link through which it must leave
---@field mark? integer its firewall mark
---@field tos? integer its TOS
---@field uid? integer the user who sends it
---@field ipproto? integer|string the protocol above IP
---@field sport? integer its source port
---@field dport? integer its destination port
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.ReachableOptions
---@field count? integer how many requests to send; one that gets through will do; default 1
---@field timeout? number seconds in which one must get through; default 3
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link or VRF that packets must leave by
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.RouteOptions
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the packet's source address
---@field iif? string the link on which the packet came in: asks for forwarding
---@field oif? string the link through which it must leave
---@field mark? integer its firewall mark
---@field tos? integer its TOS
---@field uid? integer the user who sends it
---@field ipproto? integer|string the protocol above IP
---@field sport? integer its source port
---@field dport? integer its destination port
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field src? string the source address of packets from here
---@field table? integer|string the routing table; default main
---@field direct? boolean true: it must need no gateway; false: it must take one
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.SubsetOptions
---@field unordered? boolean the items of an array may stand anywhere in the other, each in a place of its own; default false: where they stand in the wanted one
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.check.UnreachableOptions
---@field count? integer how many requests to send; one that gets through will do; default 1
---@field timeout? number seconds in which none may get through; default 1
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link or VRF that packets must leave by
---@field message? string what is claimed, put in front of a failure

---@class (exact) nsh.conntrack.DelOptions
---@field proto? integer|string the protocol, by its name or number
---@field source? string the address or prefix that it was begun from; "!" in front is all others
---@field dest? string the address or prefix that it was begun to
---@field sport? integer|string|(integer|string)[] the ports that it was begun from
---@field dport? integer|string|(integer|string)[] the ports that it was begun to
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field state? "NONE"|"SYN_SENT"|"SYN_RECV"|"ESTABLISHED"|"FIN_WAIT"|"CLOSE_WAIT"|"LAST_ACK"|"TIME_WAIT"|"CLOSE"|"SYN_SENT2"|"CLOSED"|"COOKIE_WAIT"|"COOKIE_ECHOED"|"SHUTDOWN_SENT"|"SHUTDOWN_RECD"|"SHUTDOWN_ACK_SENT"|"HEARTBEAT_SENT" ESTABLISHED and so on, for TCP and SCTP
---@field mark? integer its mark
---@field zone? integer its zone, 0 for most
---@field replied? boolean an answer was seen
---@field assured? boolean it went on for long enough not to be dropped early
---@field snat? boolean whether its source was translated
---@field dnat? boolean whether its destination was translated
---@field offloaded? boolean whether its packets go past the chains, by a flow table

---@class (exact) nsh.conntrack.ListOptions
---@field proto? integer|string the protocol, by its name or number
---@field source? string the address or prefix that it was begun from; "!" in front is all others
---@field dest? string the address or prefix that it was begun to
---@field sport? integer|string|(integer|string)[] the ports that it was begun from
---@field dport? integer|string|(integer|string)[] the ports that it was begun to
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field state? "NONE"|"SYN_SENT"|"SYN_RECV"|"ESTABLISHED"|"FIN_WAIT"|"CLOSE_WAIT"|"LAST_ACK"|"TIME_WAIT"|"CLOSE"|"SYN_SENT2"|"CLOSED"|"COOKIE_WAIT"|"COOKIE_ECHOED"|"SHUTDOWN_SENT"|"SHUTDOWN_RECD"|"SHUTDOWN_ACK_SENT"|"HEARTBEAT_SENT" ESTABLISHED and so on, for TCP and SCTP
---@field mark? integer its mark
---@field zone? integer its zone, 0 for most
---@field replied? boolean an answer was seen
---@field assured? boolean it went on for long enough not to be dropped early
---@field snat? boolean whether its source was translated
---@field dnat? boolean whether its destination was translated
---@field offloaded? boolean whether its packets go past the chains, by a flow table

---@class (exact) nsh.dhcp.RenewOptions
---@field timeout? number seconds to wait at most; default 10

---@class (exact) nsh.dhcp.RequestOptions
---@field address? string the address that it would like
---@field hostname? string the name that it tells; default that of the namespace
---@field apply? boolean give the link the address, and add the default route; default true
---@field metric? integer the metric of the default route; default 0
---@field timeout? number seconds to wait at most; default 10

---@class (exact) nsh.dhcp.ServeOptions
---@field range string[] the first and the last address to give
---@field router? string|string[] the routers that clients are told, the first one preferred; default none
---@field dns? string|string[] the DNS servers that clients are told; default none
---@field domain? string the domain that clients are told
---@field mtu? integer the MTU that clients are told
---@field lease? integer seconds that clients may keep their address; default 3600
---@field hosts? table<string, string> addresses by hardware address, for clients that always get the same: outside of the range, too

---@class (exact) nsh.dhcp.WaitOptions
---@field messages? integer so many messages in all; default 1
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.dns.QueryOptions
---@field server string|nsh.Namespace the server to ask: an address, a name or a namespace, with a port or without
---@field type? string the type of records: A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ANY, ...; default A, and PTR for an address
---@field family? "inet"|"inet6" ask by IPv4 (inet) or IPv6 (inet6), where the server's name has both
---@field tcp? boolean true: ask by TCP; false: by UDP alone; default by UDP, and again by TCP if the answer is truncated
---@field recurse? boolean whether the server is to ask others; default true
---@field bufsize? integer bytes that an answer by UDP may have; default 1232
---@field timeout? number seconds to wait for the answer to each try; default 2
---@field tries? integer how often to ask by UDP until an answer comes; default 2
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.dns.ServeOptions
---@field address? string where to listen, by UDP and TCP; default ":53", all addresses
---@field records? table<string, string|string[]> records by name: addresses, or as zone files have them, such as "MX 10 mail.example.org". The name "*.example.org" stands for all below that have none
---@field zones? string|string[] the domains that it answers for: what it doesn't know below one doesn't exist (NXDOMAIN), others are refused. Default: all names, with `forward` only those that it knows
---@field lab? boolean answer with the addresses of the lab's namespaces, by their names and back; default true
---@field domain? string where the lab's names stand besides: ns1 as "ns1.DOMAIN", too
---@field ttl? integer seconds that an answer may be kept; default 60
---@field forward? string the server that is asked for other names, by UDP, such as "10.0.0.53" or "ns2:5353"
---@field dev? string the link or VRF to bind to: what comes by another is not seen

---@class (exact) nsh.dns.WaitOptions
---@field queries? integer so many queries in all; default 1
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.ethtool.ChannelOptions
---@field rx? integer queues that only receive
---@field tx? integer queues that only send
---@field other? integer for anything else, such as link interrupts
---@field combined? integer queues that receive and send

---@class (exact) nsh.ethtool.CoalesceOptions
---@field adaptive_rx? boolean the driver chooses for received packets
---@field adaptive_tx? boolean the driver chooses for sent packets
---@field rx_usecs? integer microseconds after a packet came
---@field rx_frames? integer so many packets came
---@field rx_usecs_irq? integer `rx_usecs` while an interrupt is served
---@field rx_frames_irq? integer `rx_frames` while an interrupt is served
---@field tx_usecs? integer microseconds after a packet was sent
---@field tx_frames? integer so many packets were sent
---@field tx_usecs_irq? integer `tx_usecs` while an interrupt is served
---@field tx_frames_irq? integer `tx_frames` while an interrupt is served
---@field stats_block_usecs? integer microseconds between updates of the statistics
---@field pkt_rate_low? integer packets a second below which the options `_low` count
---@field rx_usecs_low? integer `rx_usecs` at a low rate
---@field rx_frames_low? integer `rx_frames` at a low rate
---@field tx_usecs_low? integer `tx_usecs` at a low rate
---@field tx_frames_low? integer `tx_frames` at a low rate
---@field pkt_rate_high? integer packets a second above which the options `_high` count
---@field rx_usecs_high? integer `rx_usecs` at a high rate
---@field rx_frames_high? integer `rx_frames` at a high rate
---@field tx_usecs_high? integer `tx_usecs` at a high rate
---@field tx_frames_high? integer `tx_frames` at a high rate
---@field sample_interval? integer seconds between looks at the rate
---@field cqe_mode_tx? boolean times count from completion events, for sent packets
---@field cqe_mode_rx? boolean times count from completion events, for received packets

---@class (exact) nsh.ethtool.PauseOptions
---@field autoneg? boolean whether both ends agree on them
---@field rx? boolean it heeds those that it receives
---@field tx? boolean it sends them

---@class (exact) nsh.ethtool.RingOptions
---@field rx? integer packets that the ring for receiving holds
---@field rx_mini? integer the same for small frames
---@field rx_jumbo? integer the same for jumbo frames
---@field tx? integer packets that the ring for sending holds
---@field rx_buf_len? integer bytes of a receive buffer
---@field cqe_size? integer bytes of a completion event
---@field tx_push? boolean descriptors are pushed to the device
---@field rx_push? boolean the same for receiving

---@class (exact) nsh.ethtool.SetOptions
---@field features? table<string, boolean> what to switch on and off, by the kernel's names or by ethtool's words for groups: rx, tx, sg, tso, ufo, gso, gro, lro, rxvlan, txvlan, ntuple, rxhash
---@field channels? nsh.ethtool.ChannelOptions numbers of queues
---@field rings? nsh.ethtool.RingOptions sizes of the rings
---@field coalesce? nsh.ethtool.CoalesceOptions when the device interrupts
---@field pause? nsh.ethtool.PauseOptions pause frames
---@field speed? integer megabits a second
---@field duplex? "half"|"full" whether it sends and receives at the same time
---@field autoneg? boolean whether both ends agree on them
---@field lanes? integer how many lanes the cable has

---@class (exact) nsh.events.StreamOptions
---@field timeout? number seconds for all of it; default no limit
---@field object? "link"|"address"|"route"|"rule"|"neigh"|"netconf"|"nsid"|"mdb"|"nft"|"conntrack"|"mptcp"|"port"|"lost" only of this object
---@field change? "added"|"set"|"deleted" only of this change
---@field dev? string only of this link
---@field namespace? nsh.Namespace|string only in this namespace

---@class (exact) nsh.events.WaitOptions
---@field timeout? number how long to wait; default 5 seconds
---@field object? "link"|"address"|"route"|"rule"|"neigh"|"netconf"|"nsid"|"mdb"|"nft"|"conntrack"|"mptcp"|"port"|"lost" only of this object
---@field change? "added"|"set"|"deleted" only of this change
---@field dev? string only of this link
---@field namespace? nsh.Namespace|string only in this namespace

---@class (exact) nsh.events.WatchOptions
---@field objects? "link"|"address"|"route"|"rule"|"neigh"|"netconf"|"nsid"|"mdb"|"nft"|"conntrack"|"mptcp"|("link"|"address"|"route"|"rule"|"neigh"|"netconf"|"nsid"|"mdb"|"nft"|"conntrack"|"mptcp")[] link (with ports of bridges), address, route, rule, neigh, nft, netconf (forwarding, rp_filter, ...), nsid, mdb, conntrack, mptcp; one or several; default all but the last five
---@field namespaces? "all"|(nsh.Namespace|string)[] listen in these namespaces, or in "all" that there are and that come, instead of the one called on

---@class (exact) nsh.eventually.Options
---@field timeout? number seconds to go on trying; default 5
---@field interval? number seconds between two tries; default 0.05
---@field message? string what is waited for, told when it does not come

---@class (exact) nsh.fdb.AddOptions
---@field dev string the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports
---@field type? "local"|"permanent"|"static"|"dynamic" static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; default static in a bridge's database, local in the link's own
---@field dst? string the remote end that has the address, of a vxlan
---@field vlan? integer only for this VLAN
---@field port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field extern_learn? boolean as if a control plane had learned it: it doesn't age; default false
---@field master? boolean in the database of the bridge that `dev` is a port of, rather than in the link's own; default true for a port, unless `dst` is given
---@field sticky? boolean learning doesn't move it to another port; default false

---@class (exact) nsh.fdb.AppendOptions
---@field dev string the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports
---@field type? "local"|"permanent"|"static"|"dynamic" static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; default static in a bridge's database, local in the link's own
---@field dst? string the remote end that has the address, of a vxlan
---@field vlan? integer only for this VLAN
---@field port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field extern_learn? boolean as if a control plane had learned it: it doesn't age; default false
---@field master? boolean in the database of the bridge that `dev` is a port of, rather than in the link's own; default true for a port, unless `dst` is given
---@field sticky? boolean learning doesn't move it to another port; default false

---@class (exact) nsh.fdb.DelOptions
---@field dev string the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports
---@field type? "local"|"permanent"|"static"|"dynamic" static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; default static in a bridge's database, local in the link's own
---@field dst? string the remote end that has the address, of a vxlan
---@field vlan? integer only for this VLAN
---@field port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field extern_learn? boolean as if a control plane had learned it: it doesn't age; default false
---@field master? boolean in the database of the bridge that `dev` is a port of, rather than in the link's own; default true for a port, unless `dst` is given
---@field sticky? boolean learning doesn't move it to another port; default false

---@class (exact) nsh.fdb.ListOptions
---@field mac? string the hardware address
---@field dev? string the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports
---@field type? "local"|"permanent"|"static"|"dynamic" static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; default static in a bridge's database, local in the link's own
---@field vlan? integer only for this VLAN

---@class (exact) nsh.fdb.ReplaceOptions
---@field dev string the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports
---@field type? "local"|"permanent"|"static"|"dynamic" static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; default static in a bridge's database, local in the link's own
---@field dst? string the remote end that has the address, of a vxlan
---@field vlan? integer only for this VLAN
---@field port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field extern_learn? boolean as if a control plane had learned it: it doesn't age; default false
---@field master? boolean in the database of the bridge that `dev` is a port of, rather than in the link's own; default true for a port, unless `dst` is given
---@field sticky? boolean learning doesn't move it to another port; default false

---@class (exact) nsh.firewall.AddFlowtableOptions
---@field devices string|string[] the links between which its connections go; both directions need theirs
---@field priority? integer among what looks at packets where they come in; default 0
---@field counter? boolean count what goes by it, as conntrack.list shows
---@field offload? boolean let the links' hardware forward

---@class (exact) nsh.firewall.AddMapOptions
---@field type "ipv4_addr"|"ipv6_addr"|"inet_proto"|"inet_service"|"icmp_type"|"icmpv6_type"|"ifname"|"mark"|"uid" what it holds, in nft's words; addresses and inet_service (ports) may be ranges
---@field timeout? number how many seconds elements stay; 0: only those go that are given a time
---@field to "verdict"|"mark"|"ipv4_addr"|"ipv6_addr"|"inet_service"|"ipv4_addr . inet_service"|"ipv6_addr . inet_service" what it has for each: a verdict (such as "accept" or "jump CHAIN"), a mark, an address, a port, or both ("10.0.0.1:80")
---@field elements? table<integer|string, integer|string> what is in it at first

---@class (exact) nsh.firewall.AddOptions
---@field chain string the chain: input (to this namespace), forward (through it), output (from it), prerouting, postrouting, raw_prerouting and raw_output (both before connection tracking), or one made by firewall.add_chain
---@field action string accept, drop, reject, continue (with the next rule), return (to the calling chain), "jump CHAIN", "goto CHAIN", notrack (in raw_prerouting and raw_output), or "source vmap @NAME": what the map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid), and continue where it has nothing; or "flow add @NAME" in forward: the connection's later packets go past the chains
---@field iif? string|string[] the interface by which packets come in; "!br0" is every other, "veth*" all that begin so
---@field out? string|string[] the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field family? "inet"|"inet6" the only family of the packets; addresses and types of ICMP mean theirs anyway
---@field source? string|string[] the sources: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field dest? string|string[] the destinations: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field proto? integer|string|(integer|string)[] the protocols of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field icmp? integer|string|(integer|string)[] types of ICMP, by nft's names or numbers
---@field icmpv6? integer|string|(integer|string)[] types of ICMPv6, by nft's names or numbers
---@field state? string|string[] what the packet is to its connection: new, established, related, invalid or untracked
---@field mark? integer|string the packet's mark, or with "/" those bits of it
---@field ct_mark? integer|string the mark of its connection, or with "/" those bits of it
---@field uid? integer|string|(integer|string)[] the user whose socket sends; for output and postrouting
---@field limit? string match while no more than this comes ("5/second", "100 kbytes/minute"), or with "over" in front what exceeds it
---@field burst? integer how much may come at once before the limit counts; packets (default 5), or bytes where the limit has them
---@field counter? boolean count what matches; default true
---@field log? string|true write a line that begins so to the kernel's log, which namespaces do only with the sysctl net.netfilter.nf_log_all_netns of the machine
---@field log_level? "emerg"|"alert"|"crit"|"err"|"warn"|"notice"|"info"|"debug" the line's level; default warn
---@field log_group? integer hand it to the listener of this group of nflog instead
---@field set_mark? integer|string give the packet this mark, or what a map has for it ("source map @NAME")
---@field set_ct_mark? integer give its connection this mark, which conntrack.list shows
---@field set_zone? integer track it in this zone: the same addresses and ports in another one are another connection; for raw_prerouting and raw_output
---@field reason? "port-unreachable"|"host-unreachable"|"no-route"|"admin-prohibited"|"tcp-reset"|"net-unreachable"|"prot-unreachable"|"net-prohibited"|"host-prohibited"|"addr-unreachable"|"policy-fail"|"reject-route" what a refused sender is told; tcp-reset needs proto "tcp"; default port-unreachable
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field insert? boolean before the chain's other rules; default is behind them
---@field before? nsh.FirewallRule|integer put it before this rule of the chain
---@field after? nsh.FirewallRule|integer put it behind this rule of the chain

---@class (exact) nsh.firewall.AddSetOptions
---@field type "ipv4_addr"|"ipv6_addr"|"inet_proto"|"inet_service"|"icmp_type"|"icmpv6_type"|"ifname"|"mark"|"uid" what it holds, in nft's words; addresses and inet_service (ports) may be ranges
---@field timeout? number how many seconds elements stay; 0: only those go that are given a time
---@field elements? (integer|string)[] what is in it at first

---@class (exact) nsh.firewall.ApplyOptions
---@field policy? table<string, "accept"|"drop"> what becomes of packets that no rule of a chain decides about; default accept
---@field chains? string[] chains to jump to
---@field sets? table<string, nsh.firewall.SetOptions> sets, by name
---@field maps? table<string, nsh.firewall.MapOptions> maps, by name
---@field flowtables? table<string, nsh.firewall.FlowtableOptions> flow tables, by name
---@field rules? nsh.firewall.RuleOptions[] the rules, in order

---@class (exact) nsh.firewall.ChainsOptions
---@field table? string the chains of this table, or of "all"; default nsh's own

---@class (exact) nsh.firewall.ElementOptions
---@field timeout? number how many seconds they stay; for one with timeouts

---@class (exact) nsh.firewall.FlowtableOptions
---@field devices string|string[] the links between which its connections go; both directions need theirs
---@field priority? integer among what looks at packets where they come in; default 0
---@field counter? boolean count what goes by it, as conntrack.list shows
---@field offload? boolean let the links' hardware forward

---@class (exact) nsh.firewall.FlushOptions
---@field chain? string only the rules of this chain, which stays with its policy

---@class (exact) nsh.firewall.ListOptions
---@field table? string the rules of this table, or of "all"; default nsh's own
---@field chain? string the chain: input (to this namespace), forward (through it), output (from it), prerouting, postrouting, raw_prerouting and raw_output (both before connection tracking), or one made by firewall.add_chain
---@field iif? string|string[] the interface by which packets come in; "!br0" is every other, "veth*" all that begin so
---@field out? string|string[] the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field family? "inet"|"inet6" the only family of the packets; addresses and types of ICMP mean theirs anyway
---@field source? string|string[] the sources: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field dest? string|string[] the destinations: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field proto? integer|string|(integer|string)[] the protocols of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field icmp? integer|string|(integer|string)[] types of ICMP, by nft's names or numbers
---@field icmpv6? integer|string|(integer|string)[] types of ICMPv6, by nft's names or numbers
---@field state? string|string[] what the packet is to its connection: new, established, related, invalid or untracked
---@field mark? integer|string the packet's mark, or with "/" those bits of it
---@field ct_mark? integer|string the mark of its connection, or with "/" those bits of it
---@field uid? integer|string|(integer|string)[] the user whose socket sends; for output and postrouting
---@field limit? string match while no more than this comes ("5/second", "100 kbytes/minute"), or with "over" in front what exceeds it
---@field burst? integer how much may come at once before the limit counts; packets (default 5), or bytes where the limit has them
---@field counter? boolean count what matches; default true
---@field log? string|true write a line that begins so to the kernel's log, which namespaces do only with the sysctl net.netfilter.nf_log_all_netns of the machine
---@field log_level? "emerg"|"alert"|"crit"|"err"|"warn"|"notice"|"info"|"debug" the line's level; default warn
---@field log_group? integer hand it to the listener of this group of nflog instead
---@field set_mark? integer|string give the packet this mark, or what a map has for it ("source map @NAME")
---@field set_ct_mark? integer give its connection this mark, which conntrack.list shows
---@field set_zone? integer track it in this zone: the same addresses and ports in another one are another connection; for raw_prerouting and raw_output
---@field action? string accept, drop, reject, continue (with the next rule), return (to the calling chain), "jump CHAIN", "goto CHAIN", notrack (in raw_prerouting and raw_output), or "source vmap @NAME": what the map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid), and continue where it has nothing; or "flow add @NAME" in forward: the connection's later packets go past the chains
---@field reason? "port-unreachable"|"host-unreachable"|"no-route"|"admin-prohibited"|"tcp-reset"|"net-unreachable"|"prot-unreachable"|"net-prohibited"|"host-prohibited"|"addr-unreachable"|"policy-fail"|"reject-route" what a refused sender is told; tcp-reset needs proto "tcp"; default port-unreachable
---@field comment? string a remark of at most 128 bytes, shown by nft too

---@class (exact) nsh.firewall.MapOptions
---@field type "ipv4_addr"|"ipv6_addr"|"inet_proto"|"inet_service"|"icmp_type"|"icmpv6_type"|"ifname"|"mark"|"uid" what it holds, in nft's words; addresses and inet_service (ports) may be ranges
---@field timeout? number how many seconds elements stay; 0: only those go that are given a time
---@field to "verdict"|"mark"|"ipv4_addr"|"ipv6_addr"|"inet_service"|"ipv4_addr . inet_service"|"ipv6_addr . inet_service" what it has for each: a verdict (such as "accept" or "jump CHAIN"), a mark, an address, a port, or both ("10.0.0.1:80")
---@field elements? table<integer|string, integer|string> what is in it at first

---@class (exact) nsh.firewall.RuleOptions
---@field chain string the chain: input (to this namespace), forward (through it), output (from it), prerouting, postrouting, raw_prerouting and raw_output (both before connection tracking), or one made by firewall.add_chain
---@field action string accept, drop, reject, continue (with the next rule), return (to the calling chain), "jump CHAIN", "goto CHAIN", notrack (in raw_prerouting and raw_output), or "source vmap @NAME": what the map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid), and continue where it has nothing; or "flow add @NAME" in forward: the connection's later packets go past the chains
---@field iif? string|string[] the interface by which packets come in; "!br0" is every other, "veth*" all that begin so
---@field out? string|string[] the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field family? "inet"|"inet6" the only family of the packets; addresses and types of ICMP mean theirs anyway
---@field source? string|string[] the sources: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field dest? string|string[] the destinations: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field proto? integer|string|(integer|string)[] the protocols of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field icmp? integer|string|(integer|string)[] types of ICMP, by nft's names or numbers
---@field icmpv6? integer|string|(integer|string)[] types of ICMPv6, by nft's names or numbers
---@field state? string|string[] what the packet is to its connection: new, established, related, invalid or untracked
---@field mark? integer|string the packet's mark, or with "/" those bits of it
---@field ct_mark? integer|string the mark of its connection, or with "/" those bits of it
---@field uid? integer|string|(integer|string)[] the user whose socket sends; for output and postrouting
---@field limit? string match while no more than this comes ("5/second", "100 kbytes/minute"), or with "over" in front what exceeds it
---@field burst? integer how much may come at once before the limit counts; packets (default 5), or bytes where the limit has them
---@field counter? boolean count what matches; default true
---@field log? string|true write a line that begins so to the kernel's log, which namespaces do only with the sysctl net.netfilter.nf_log_all_netns of the machine
---@field log_level? "emerg"|"alert"|"crit"|"err"|"warn"|"notice"|"info"|"debug" the line's level; default warn
---@field log_group? integer hand it to the listener of this group of nflog instead
---@field set_mark? integer|string give the packet this mark, or what a map has for it ("source map @NAME")
---@field set_ct_mark? integer give its connection this mark, which conntrack.list shows
---@field set_zone? integer track it in this zone: the same addresses and ports in another one are another connection; for raw_prerouting and raw_output
---@field reason? "port-unreachable"|"host-unreachable"|"no-route"|"admin-prohibited"|"tcp-reset"|"net-unreachable"|"prot-unreachable"|"net-prohibited"|"host-prohibited"|"addr-unreachable"|"policy-fail"|"reject-route" what a refused sender is told; tcp-reset needs proto "tcp"; default port-unreachable
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field insert? boolean before the chain's other rules; default is behind them

---@class (exact) nsh.firewall.SetOptions
---@field type "ipv4_addr"|"ipv6_addr"|"inet_proto"|"inet_service"|"icmp_type"|"icmpv6_type"|"ifname"|"mark"|"uid" what it holds, in nft's words; addresses and inet_service (ports) may be ranges
---@field timeout? number how many seconds elements stay; 0: only those go that are given a time
---@field elements? (integer|string)[] what is in it at first

---@class (exact) nsh.group.Options
---@field timeout? number how long it may take, in seconds; a test that takes longer is ended and has failed
---@field skip? string|boolean why it is not to run; true gives no reason
---@field xfail? string|boolean why it is expected to fail: then failing is passing, and passing is failing
---@field needs? string|string[] what it needs, in the words of a file's `-- needs:`: programs, kernel features that `nsh doctor` names, `root` or `user`; without it the test is skipped, with the reason

---@class (exact) nsh.http.Answer
---@field status? integer the status; default 200
---@field headers? table<string, string> headers; Content-Type is text/plain unless given
---@field body? string the body; default empty

---@class (exact) nsh.http.GetOptions
---@field headers? table<string, string> headers, besides or in place of the usual ones
---@field timeout? number seconds for all of it; default 10
---@field redirects? integer how many redirects to follow; default 0
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.http.RequestOptions
---@field method? string such as "HEAD"; default POST with a body, else GET
---@field body? string what to send
---@field headers? table<string, string> headers, besides or in place of the usual ones
---@field timeout? number seconds for all of it; default 10
---@field redirects? integer how many redirects to follow; default 0
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.http.ServeOptions
---@field dev? string the link or VRF to bind to: what comes by another is not seen

---@class (exact) nsh.http.Site
---@field [string] string|nsh.http.Answer by path, such as ["/"] = "hello": a string, or status, headers and body. The path "*" stands for all others. With a query, only that query is answered so
---@field directory? string a directory to serve to GET and HEAD: its files, index.html, and lists of what is there. What lies outside of it is refused, symbolic links that lead there too

---@class (exact) nsh.http.WaitOptions
---@field requests? integer so many requests in all; default 1
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.json.EncodeOptions
---@field pretty? boolean over several lines, indented by two; default false

---@class (exact) nsh.lab.DrawOptions
---@field form? "svg"|"dot"|"mermaid"|"text" svg, dot, mermaid or text; default as the file's ending says, or text

---@class (exact) nsh.link.AddOptions
---@field kind string veth, bridge, dummy, ifb, macvlan, vxlan, vlan, vrf, wireguard, ...: what the kernel has; nsh doctor tells
---@field peer? nsh.link.PeerOptions the other end of a veth pair
---@field link? string the link below, of a vlan, macvlan, tunnel, ...
---@field up? boolean administratively up; default false
---@field index? integer its index; default the next free one
---@field mtu? integer bytes; the kernel's choice is 1500 for most kinds
---@field mac? string its hardware address; the kernel's choice is random
---@field txqlen? integer the transmit queue's length, in packets
---@field group? integer|string its group, by number or by name in /etc/iproute2/group; default 0
---@field alias? string a text for people, up to 255 bytes; empty for none
---@field promisc? boolean take frames for any address; default false
---@field arp? boolean resolve neighbours; default true
---@field multicast? boolean the MULTICAST flag; default true
---@field allmulticast? boolean take all multicast; default false
---@field addr? string|string[] addresses to add, without DAD (as `nodad`)
---@field queues? integer transmit and receive queues; default 1
---@field master? string the bridge or VRF of the same namespace that it becomes a port of
---@field port? nsh.PortOptions options as a port of `master`, if that is a bridge
---@field bridge? nsh.BridgeOptions options of a bridge
---@field vlan? nsh.VlanOptions options of a VLAN
---@field macvlan? nsh.MacvlanOptions options of a macvlan or macvtap
---@field ipvlan? nsh.IpvlanOptions options of an ipvlan or ipvtap
---@field netkit? nsh.NetkitOptions options of a netkit pair
---@field bond? nsh.BondOptions options of a bond
---@field hsr? nsh.HsrOptions options of an HSR or PRP link
---@field macsec? nsh.MacsecOptions options of a MACsec link
---@field vrf? nsh.VrfOptions options of a VRF
---@field vxlan? nsh.VxlanOptions options of a VXLAN tunnel
---@field geneve? nsh.GeneveOptions options of a GENEVE tunnel
---@field gre? nsh.GreOptions options of a GRE tunnel over IPv4
---@field ip6gre? nsh.Ip6greOptions options of a GRE tunnel over IPv6
---@field ipip? nsh.IpipOptions options of an ipip tunnel
---@field sit? nsh.SitOptions options of a sit tunnel
---@field ip6tnl? nsh.Ip6tnlOptions options of an ip6tnl tunnel
---@field vti? nsh.VtiOptions options of a VTI tunnel over IPv4
---@field vti6? nsh.Vti6Options options of a VTI tunnel over IPv6
---@field xfrm? nsh.XfrmOptions options of an interface of IPsec

---@class (exact) nsh.link.ListOptions
---@field kind? string only links of this kind
---@field master? string only the ports of this link
---@field up? boolean administratively up; default false
---@field index? integer its index; default the next free one
---@field mtu? integer bytes; the kernel's choice is 1500 for most kinds
---@field mac? string its hardware address; the kernel's choice is random
---@field txqlen? integer the transmit queue's length, in packets
---@field group? integer|string its group, by number or by name in /etc/iproute2/group; default 0
---@field alias? string a text for people, up to 255 bytes; empty for none
---@field promisc? boolean take frames for any address; default false
---@field arp? boolean resolve neighbours; default true
---@field multicast? boolean the MULTICAST flag; default true
---@field allmulticast? boolean take all multicast; default false
---@field carrier? boolean something is at the other end; of a dummy or tun link it can be set
---@field protodown? boolean a protocol keeps the carrier down
---@field mode? "default"|"dormant" the operstate of a link that comes up: up (DEFAULT), or dormant first (DORMANT)
---@field addrgenmode? "eui64"|"none"|"stable_secret"|"random" how it makes its IPv6 link-local address

---@class (exact) nsh.link.PeerOptions
---@field name? string its name; default the kernel's choice, veth0 and on
---@field ns? nsh.Namespace|string the namespace in which it is made; default the link's own
---@field up? boolean administratively up; default false
---@field index? integer its index; default the next free one
---@field mtu? integer bytes; the kernel's choice is 1500 for most kinds
---@field mac? string its hardware address; the kernel's choice is random
---@field txqlen? integer the transmit queue's length, in packets
---@field group? integer|string its group, by number or by name in /etc/iproute2/group; default 0
---@field alias? string a text for people, up to 255 bytes; empty for none
---@field promisc? boolean take frames for any address; default false
---@field arp? boolean resolve neighbours; default true
---@field multicast? boolean the MULTICAST flag; default true
---@field allmulticast? boolean take all multicast; default false
---@field addr? string|string[] addresses to add, without DAD (as `nodad`)
---@field queues? integer transmit and receive queues; default 1
---@field master? string the bridge or VRF of the same namespace that it becomes a port of
---@field port? nsh.PortOptions options as a port of `master`, if that is a bridge

---@class (exact) nsh.link.SetOptions
---@field up? boolean administratively up; default false
---@field mtu? integer bytes; the kernel's choice is 1500 for most kinds
---@field mac? string its hardware address; the kernel's choice is random
---@field txqlen? integer the transmit queue's length, in packets
---@field group? integer|string its group, by number or by name in /etc/iproute2/group; default 0
---@field alias? string a text for people, up to 255 bytes; empty for none
---@field promisc? boolean take frames for any address; default false
---@field arp? boolean resolve neighbours; default true
---@field multicast? boolean the MULTICAST flag; default true
---@field allmulticast? boolean take all multicast; default false
---@field carrier? boolean something is at the other end; of a dummy or tun link it can be set
---@field protodown? boolean a protocol keeps the carrier down
---@field mode? "default"|"dormant" the operstate of a link that comes up: up (DEFAULT), or dormant first (DORMANT)
---@field addrgenmode? "eui64"|"none"|"stable_secret"|"random" how it makes its IPv6 link-local address
---@field name? string a new name
---@field master? string|false the bridge or VRF that it becomes a port of; false: of none
---@field ns? nsh.Namespace|string the namespace that it moves to; it goes down and loses its addresses
---@field port? nsh.PortOptions options as a port of a bridge
---@field altname? string|string[] alternative names to add
---@field altname_del? string|string[] alternative names to delete
---@field link? string another link below, of a tunnel
---@field bridge? nsh.BridgeOptions options of a bridge
---@field vlan? nsh.VlanChanges options of a VLAN
---@field macvlan? nsh.MacvlanOptions options of a macvlan or macvtap
---@field ipvlan? nsh.IpvlanOptions options of an ipvlan or ipvtap
---@field netkit? nsh.NetkitChanges options of a netkit pair
---@field bond? nsh.BondOptions options of a bond
---@field macsec? nsh.MacsecChanges options of a MACsec link
---@field vxlan? nsh.VxlanChanges options of a VXLAN tunnel
---@field geneve? nsh.GeneveChanges options of a GENEVE tunnel
---@field gre? nsh.GreChanges options of a GRE tunnel over IPv4
---@field ip6gre? nsh.Ip6greChanges options of a GRE tunnel over IPv6
---@field ipip? nsh.IpipChanges options of an ipip tunnel
---@field sit? nsh.SitChanges options of a sit tunnel
---@field ip6tnl? nsh.Ip6tnlChanges options of an ip6tnl tunnel
---@field vti? nsh.VtiOptions options of a VTI tunnel over IPv4
---@field vti6? nsh.Vti6Options options of a VTI tunnel over IPv6
---@field xfrm? nsh.XfrmChanges options of an interface of IPsec

---@class (exact) nsh.link.ShapeOptions
---@field delay? number|string how long each packet is held back
---@field jitter? number|string how far the delay varies; without `rate`, packets may overtake each other
---@field loss? number|string the share of packets that are lost, at random
---@field duplicate? number|string the share of packets that are sent twice
---@field corrupt? number|string the share of packets in which one bit is changed
---@field reorder? number|string the share of packets that are not delayed, and so overtake others; needs `delay`
---@field rate? integer|string how fast packets are sent
---@field direction? "out"|"in"|"both" what is shaped: what the link sends (out), what it receives (in: its other end shapes it, or an ifb where that is in no namespace of the lab), or both; default out
---@field limit? integer how many packets may wait, those that are delayed among them; default 1000, and what `rate` and `delay` keep under way
---@field delay_correlation? number|string how far a delay depends on the one before
---@field loss_correlation? number|string how far a loss depends on the one before
---@field duplicate_correlation? number|string how far a duplicate depends on the one before
---@field corrupt_correlation? number|string how far a changed bit depends on the one before
---@field reorder_correlation? number|string how far reordering depends on the packet before
---@field gap? integer only one packet of so many may overtake others
---@field ecn? boolean packets are marked instead of lost, where both ends know that
---@field loss_model? nsh.LossModel losses that come in bursts, instead of `loss`: `{ p = "1%", r = "10%" }`
---@field slot? nsh.Slot packets leave in groups: `{ min = "800us", max = "1ms" }`
---@field to? table<string, nsh.ShapeOptions> how packets to some addresses or networks are shaped, instead of what is said for all: `{ ["10.0.0.2"] = { delay = "20ms" } }`

---@class (exact) nsh.maddr.AddOptions
---@field dev string the link

---@class (exact) nsh.maddr.DelOptions
---@field dev string the link

---@class (exact) nsh.maddr.ListOptions
---@field dev? string the link
---@field family? "link"|"inet"|"inet6" inet, inet6, or link for hardware addresses
---@field group? string the group

---@class (exact) nsh.mdb.AddOptions
---@field dev? string the bridge, or the vxlan; default the port's bridge
---@field port? string the port that gets the group's packets; default `dev`, the bridge itself
---@field state? "temp"|"permanent" permanent stays; temp goes as one that a host joined by a report; default temp
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field filter_mode? "exclude"|"include" whether `source_list` names all that may send, or all that may not (Linux 6.3); default exclude
---@field source_list? string[]|string addresses that `filter_mode` is about (Linux 6.3)
---@field proto? integer|string who made it (Linux 6.3); default static
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end

---@class (exact) nsh.mdb.DelOptions
---@field dev? string the bridge, or the vxlan; default the port's bridge
---@field port? string the port that gets the group's packets; default `dev`, the bridge itself
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end

---@class (exact) nsh.mdb.FlushOptions
---@field dev? string the bridge, or the vxlan; default the port's bridge
---@field port? string the port that gets the group's packets; default `dev`, the bridge itself
---@field grp? string the group: an IPv4, IPv6 or hardware address
---@field state? "temp"|"permanent" permanent stays; temp goes as one that a host joined by a report; default temp
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field filter_mode? "exclude"|"include" whether `source_list` names all that may send, or all that may not (Linux 6.3); default exclude
---@field source_list? string[]|string addresses that `filter_mode` is about (Linux 6.3)
---@field proto? integer|string who made it (Linux 6.3); default static
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end

---@class (exact) nsh.mdb.GetOptions
---@field dev? string the bridge, or the vxlan; default the port's bridge
---@field port? string the port that gets the group's packets; default `dev`, the bridge itself
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end

---@class (exact) nsh.mdb.ListOptions
---@field dev? string the bridge, or the vxlan; default the port's bridge
---@field port? string the port that gets the group's packets; default `dev`, the bridge itself
---@field grp? string the group: an IPv4, IPv6 or hardware address
---@field state? "temp"|"permanent" permanent stays; temp goes as one that a host joined by a report; default temp
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field filter_mode? "exclude"|"include" whether `source_list` names all that may send, or all that may not (Linux 6.3); default exclude
---@field source_list? string[]|string addresses that `filter_mode` is about (Linux 6.3)
---@field proto? integer|string who made it (Linux 6.3); default static
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end

---@class (exact) nsh.mdb.ReplaceOptions
---@field dev? string the bridge, or the vxlan; default the port's bridge
---@field port? string the port that gets the group's packets; default `dev`, the bridge itself
---@field state? "temp"|"permanent" permanent stays; temp goes as one that a host joined by a report; default temp
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field filter_mode? "exclude"|"include" whether `source_list` names all that may send, or all that may not (Linux 6.3); default exclude
---@field source_list? string[]|string addresses that `filter_mode` is about (Linux 6.3)
---@field proto? integer|string who made it (Linux 6.3); default static
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end

---@class (exact) nsh.mdb.RoutersOptions
---@field dev? string the bridge

---@class (exact) nsh.mpls.AddOptions
---@field as? string the labels that they get in its place, the outermost first, such as "200" or "200/300"; default none: it is taken away
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link; default the one on which the next router is
---@field proto? integer|string who added it; default boot
---@field ttl_propagate? "enabled"|"disabled" whether the TTL is carried over to an IP packet that comes out; default as sysctl net.mpls.ip_ttl_propagate
---@field nexthops? nsh.mpls.HopOptions[] several next hops that share the packets

---@class (exact) nsh.mpls.FlushOptions
---@field label? integer the label that packets come with
---@field as? string the labels that they get in its place, the outermost first, such as "200" or "200/300"; default none: it is taken away
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link; default the one on which the next router is
---@field proto? integer|string who added it; default boot
---@field ttl_propagate? "enabled"|"disabled" whether the TTL is carried over to an IP packet that comes out; default as sysctl net.mpls.ip_ttl_propagate

---@class (exact) nsh.mpls.HopOptions
---@field as? string the labels that packets get; default none
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link

---@class (exact) nsh.mpls.ListOptions
---@field label? integer the label that packets come with
---@field as? string the labels that they get in its place, the outermost first, such as "200" or "200/300"; default none: it is taken away
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link; default the one on which the next router is
---@field proto? integer|string who added it; default boot
---@field ttl_propagate? "enabled"|"disabled" whether the TTL is carried over to an IP packet that comes out; default as sysctl net.mpls.ip_ttl_propagate

---@class (exact) nsh.mpls.ReplaceOptions
---@field as? string the labels that they get in its place, the outermost first, such as "200" or "200/300"; default none: it is taken away
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link; default the one on which the next router is
---@field proto? integer|string who added it; default boot
---@field ttl_propagate? "enabled"|"disabled" whether the TTL is carried over to an IP packet that comes out; default as sysctl net.mpls.ip_ttl_propagate
---@field nexthops? nsh.mpls.HopOptions[] several next hops that share the packets

---@class (exact) nsh.mptcp.AddOptions
---@field id? integer its number; default the first that is free
---@field port? integer the port that the peer is told, on which the kernel listens then; needs `signal`
---@field dev? string the link by which its packets go
---@field signal? boolean peers are told of the address (ADD_ADDR)
---@field subflow? boolean this end opens a subflow from the address by itself
---@field backup? boolean its subflows are used only where there is no other
---@field fullmesh? boolean this end opens a subflow from it to each address of the peer; needs `subflow`

---@class (exact) nsh.mptcp.LimitOptions
---@field subflows? integer further subflows
---@field add_addr_accepted? integer addresses of the peer's that are accepted, to which subflows are opened

---@class (exact) nsh.mptcp.ListOptions
---@field address? string the address
---@field id? integer its number; default the first that is free
---@field port? integer the port that the peer is told, on which the kernel listens then; needs `signal`
---@field dev? string the link by which its packets go
---@field signal? boolean peers are told of the address (ADD_ADDR)
---@field subflow? boolean this end opens a subflow from the address by itself
---@field backup? boolean its subflows are used only where there is no other
---@field fullmesh? boolean this end opens a subflow from it to each address of the peer; needs `subflow`

---@class (exact) nsh.mptcp.SetOptions
---@field backup? boolean its subflows are used only where there is no other
---@field fullmesh? boolean this end opens a subflow from it to each address of the peer; needs `subflow`

---@class (exact) nsh.mroute.AddOptions
---@field oifs string|string[] the links by which they go on; none of them: they go nowhere
---@field iif string the link on which they come in
---@field group string the group that packets are sent to
---@field from? string the sender; default all that have no route of their own

---@class (exact) nsh.mroute.DelOptions
---@field group string the group that packets are sent to
---@field from? string the sender; default all that have no route of their own

---@class (exact) nsh.mroute.ListOptions
---@field group? string the group that packets are sent to
---@field from? string the sender; default all that have no route of their own
---@field iif? string the link on which they come in
---@field oifs? string|string[] the links by which they go on; none of them: they go nowhere

---@class (exact) nsh.mroute.ReplaceOptions
---@field oifs string|string[] the links by which they go on; none of them: they go nowhere
---@field iif string the link on which they come in
---@field group string the group that packets are sent to
---@field from? string the sender; default all that have no route of their own

---@class (exact) nsh.namespace.AddOptions
---@field up? boolean also set its `lo` up; default false, as the kernel leaves it
---@field ipv6? boolean false switches IPv6 off for all of its links; default true. With hundreds of hosts on one bridge, their IPv6 link-local addresses cost more than everything else

---@class (exact) nsh.namespace.AttachOptions
---@field pid? integer that of this process
---@field path? string that which this file pins, such as /run/docker/netns/NAME

---@class (exact) nsh.nat.DnatOptions
---@field to string what it translates to: an address or a range of them, with proto also a port or ports; or what a map of firewall.add_map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid): "dport map @NAME"
---@field source? string the source that it matches, an address or prefix; "!192.168.1.0/24" is all others
---@field dest? string the destination that it matches, an address or prefix; "!" in front is all others
---@field iif? string the interface by which packets come in; "!br0" is every other, "veth*" all that begin so. For masquerade and snat the kernel knows it from version 5.7 on, and for the host's own packets there is none
---@field proto? integer|string the protocol of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field family? "inet"|"inet6" the only family of the packets; where source, dest or to is an address, its family is meant anyway
---@field random? boolean choose ports by a hash with a random seed; the default keeps them where possible
---@field fully_random? boolean choose ports at random
---@field persistent? boolean translate a client to the same address of a range each time
---@field host? boolean also for connections that begin in this namespace itself, which don't pass prerouting (a second rule, on the hook output); default false
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field insert? boolean before the rules that are there; default is behind them
---@field in? string the same as iif (`in` is a word of Lua: `["in"] = "eth0"`)

---@class (exact) nsh.nat.MasqueradeOptions
---@field source? string the source that it matches, an address or prefix; "!192.168.1.0/24" is all others
---@field dest? string the destination that it matches, an address or prefix; "!" in front is all others
---@field iif? string the interface by which packets come in; "!br0" is every other, "veth*" all that begin so. For masquerade and snat the kernel knows it from version 5.7 on, and for the host's own packets there is none
---@field out? string the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field proto? integer|string the protocol of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field family? "inet"|"inet6" the only family of the packets; where source, dest or to is an address, its family is meant anyway
---@field random? boolean choose ports by a hash with a random seed; the default keeps them where possible
---@field fully_random? boolean choose ports at random
---@field persistent? boolean translate a client to the same address of a range each time
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field insert? boolean before the rules that are there; default is behind them
---@field in? string the same as iif (`in` is a word of Lua: `["in"] = "eth0"`)
---@field to? integer|string translate source ports into this range, such as "1024-2047"; needs proto

---@class (exact) nsh.nat.RedirectOptions
---@field source? string the source that it matches, an address or prefix; "!192.168.1.0/24" is all others
---@field dest? string the destination that it matches, an address or prefix; "!" in front is all others
---@field iif? string the interface by which packets come in; "!br0" is every other, "veth*" all that begin so. For masquerade and snat the kernel knows it from version 5.7 on, and for the host's own packets there is none
---@field proto? integer|string the protocol of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field family? "inet"|"inet6" the only family of the packets; where source, dest or to is an address, its family is meant anyway
---@field random? boolean choose ports by a hash with a random seed; the default keeps them where possible
---@field fully_random? boolean choose ports at random
---@field persistent? boolean translate a client to the same address of a range each time
---@field host? boolean also for connections that begin in this namespace itself, which don't pass prerouting (a second rule, on the hook output); default false
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field insert? boolean before the rules that are there; default is behind them
---@field in? string the same as iif (`in` is a word of Lua: `["in"] = "eth0"`)
---@field to? integer|string the port to give; left out, it stays; needs proto

---@class (exact) nsh.nat.SnatOptions
---@field to string what it translates to: an address or a range of them, with proto also a port or ports; or what a map of firewall.add_map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid): "dport map @NAME"
---@field source? string the source that it matches, an address or prefix; "!192.168.1.0/24" is all others
---@field dest? string the destination that it matches, an address or prefix; "!" in front is all others
---@field iif? string the interface by which packets come in; "!br0" is every other, "veth*" all that begin so. For masquerade and snat the kernel knows it from version 5.7 on, and for the host's own packets there is none
---@field out? string the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field proto? integer|string the protocol of the packets
---@field sport? integer|string|(integer|string)[] the source ports; needs proto
---@field dport? integer|string|(integer|string)[] the destination ports; needs proto
---@field family? "inet"|"inet6" the only family of the packets; where source, dest or to is an address, its family is meant anyway
---@field random? boolean choose ports by a hash with a random seed; the default keeps them where possible
---@field fully_random? boolean choose ports at random
---@field persistent? boolean translate a client to the same address of a range each time
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field insert? boolean before the rules that are there; default is behind them
---@field in? string the same as iif (`in` is a word of Lua: `["in"] = "eth0"`)

---@class (exact) nsh.neigh.AddOptions
---@field dev string the link that it is on
---@field lladdr? string its hardware address, once known
---@field state? string permanent, reachable, stale, delay, probe, failed, noarp or none, when reported in capital letters; default permanent
---@field router? boolean it is a router (IPv6); default false
---@field proxy? boolean answered for on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or net.ipv6.conf.DEV.proxy_ndp too); in a filter, these instead of the others; default false
---@field proto? integer|string who added it: static, zebra, ...

---@class (exact) nsh.neigh.DelOptions
---@field dev string the link that it is on
---@field proxy? boolean answered for on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or net.ipv6.conf.DEV.proxy_ndp too); in a filter, these instead of the others; default false

---@class (exact) nsh.neigh.FlushOptions
---@field dst? string its address
---@field dev? string the link that it is on
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field proxy? boolean answered for on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or net.ipv6.conf.DEV.proxy_ndp too); in a filter, these instead of the others; default false
---@field state? string|string[] only neighbours in this state, or one of these; default all but permanent and noarp

---@class (exact) nsh.neigh.GetOptions
---@field dev string the link that it is on

---@class (exact) nsh.neigh.ListOptions
---@field dst? string its address
---@field dev? string the link that it is on
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field proxy? boolean answered for on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or net.ipv6.conf.DEV.proxy_ndp too); in a filter, these instead of the others; default false
---@field state? string|string[] only neighbours in this state, or one of these; default all but noarp

---@class (exact) nsh.nexthop.AddOptions
---@field group? string the nexthops that share the packets, with their weights: `1/2,3` for 1 and 2, the latter thrice as often
---@field encap? string what is put around packets
---@field via? string the gateway
---@field dev? string the link
---@field blackhole? boolean packets are dropped silently
---@field proto? integer|string who added it
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field fdb? boolean it is a remote end for forwarding databases (VXLAN)
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no gateway says it; default inet

---@class (exact) nsh.nexthop.FlushOptions
---@field id? integer its number
---@field group? string the nexthops that share the packets, with their weights: `1/2,3` for 1 and 2, the latter thrice as often
---@field encap? string what is put around packets
---@field via? string the gateway
---@field dev? string the link
---@field blackhole? boolean packets are dropped silently
---@field proto? integer|string who added it
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field fdb? boolean it is a remote end for forwarding databases (VXLAN)
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no gateway says it; default inet

---@class (exact) nsh.nexthop.ListOptions
---@field id? integer its number
---@field group? string the nexthops that share the packets, with their weights: `1/2,3` for 1 and 2, the latter thrice as often
---@field encap? string what is put around packets
---@field via? string the gateway
---@field dev? string the link
---@field blackhole? boolean packets are dropped silently
---@field proto? integer|string who added it
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field fdb? boolean it is a remote end for forwarding databases (VXLAN)
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no gateway says it; default inet

---@class (exact) nsh.nexthop.ReplaceOptions
---@field group? string the nexthops that share the packets, with their weights: `1/2,3` for 1 and 2, the latter thrice as often
---@field encap? string what is put around packets
---@field via? string the gateway
---@field dev? string the link
---@field blackhole? boolean packets are dropped silently
---@field proto? integer|string who added it
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field fdb? boolean it is a remote end for forwarding databases (VXLAN)
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no gateway says it; default inet

---@class (exact) nsh.nft.ListOptions
---@field handles? boolean with the handles of rules; default false
---@field stateless? boolean without counters; default false
---@field json? boolean as tables, which `nft.load` takes; default false
---@field table? string only this table
---@field family? "ip"|"ip6"|"inet"|"arp"|"bridge"|"netdev" only this family; with table, "inet" is the default

---@class (exact) nsh.nft.LoadOptions
---@field check? boolean only check it, and change nothing; default false

---@class (exact) nsh.nft.ObjectsOptions
---@field table? string only this table
---@field family? "ip"|"ip6"|"inet"|"arp"|"bridge"|"netdev" only this family; with table, "inet" is the default

---@class (exact) nsh.perf.Options
---@field proto? "tcp"|"udp" tcp or udp; default tcp
---@field time? number seconds to measure; default 2, with `bytes` until all has arrived
---@field bytes? integer bytes to send in each direction, instead of a time or at most in it
---@field rate? integer|string how fast to send, over all streams: "10mbit"; default 1mbit of udp, and as fast as possible of tcp
---@field flood? boolean udp as fast as possible
---@field parallel? integer streams at once; default 1
---@field reverse? boolean the other one sends
---@field both? boolean both send at once
---@field interval? number seconds of an interval of `intervals`; default 1
---@field omit? number seconds at the beginning that don't count; default 0
---@field size? integer bytes of a datagram's payload, 20 to 65507, default what the path takes in one piece; those handed to tcp at once, default 131072
---@field port? integer the port of the receiving side; default 0, a free one
---@field at? nsh.Namespace|string the namespace to measure to, which takes what comes to any of its addresses; default the one that has the address
---@field congestion? string tcp's congestion control, such as "cubic"; default net.ipv4.tcp_congestion_control
---@field show? boolean print each interval when it has ended
---@field timeout? number seconds until it must be connected, and without anything that arrives when `bytes` are sent; default 5
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0

---@class (exact) nsh.ping.Options
---@field count? integer how many requests to send; default 1
---@field interval? number seconds from one request to the next; default 0.2. 0: the next one as soon as the last one was answered
---@field timeout? number seconds in which a reply must come; default 3
---@field size? integer bytes of payload; default 56
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0

---@class (exact) nsh.ping.StartOptions
---@field count? integer how many requests to send; default no end
---@field interval? number seconds from one request to the next; default 0.2. 0: the next one as soon as the last one was answered
---@field timeout? number seconds in which a reply must come; default 3
---@field size? integer bytes of payload; default 56
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0

---@class (exact) nsh.ping.WaitOptions
---@field received? integer so many replies; default until it ends
---@field timeout? number seconds to wait at most; default no limit

---@class (exact) nsh.ping_all.Options
---@field count? integer how many requests each host sends to each other one; default 1
---@field timeout? number seconds in which a reply must come; default 1
---@field size? integer bytes of payload; default 56
---@field family? "inet"|"inet6" by IPv4 (inet) or IPv6 (inet6); default IPv4 where all have an address of it

---@class (exact) nsh.pmtu.Options
---@field timeout? number seconds in which a small packet must be answered; default 3
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0

---@class (exact) nsh.proc.ExecOptions
---@field env? table<string, string|false> variables added to its environment; false takes one away
---@field clear_env? boolean begin with an empty environment; default false
---@field cwd? string its working directory; default nsh's own
---@field user? string the user to run as, with its groups; default root. An ordinary user's lab has root alone, unless they have subordinate ids (`nsh doctor` tells)
---@field files? table<string, string> files that it sees with these contents, such as its configuration. Those within a directory of `proc.private` are written there; others are its own, and nobody else sees them. One that begins with `#!` can be executed
---@field stdin? string what it reads; default nothing (`/dev/null`)
---@field limit? integer how many bytes to keep of each of stdout and stderr; default 16 MiB. The rest is counted
---@field keep? "both"|"first"|"last" what is kept of an output beyond `limit`: its first half and its last (both, the default), the first or the last of it
---@field show? boolean|string print each line as it comes, with the namespace's and the program's name in front (`r1 bird| ...`), or this name; default false
---@field timeout? number seconds that it may run; default no limit
---@field check? boolean raise `exit` unless its status is 0; default false

---@class (exact) nsh.proc.ExpectOptions
---@field timeout? number how long to wait; default 5 seconds
---@field stderr? boolean of stderr instead of stdout; default false
---@field both? boolean of stdout and stderr; default false
---@field prompt? boolean also take a line that isn't complete, such as a prompt that waits for an answer; default false

---@class (exact) nsh.proc.LinesOptions
---@field timeout? number seconds for all of it; default no limit
---@field stderr? boolean of stderr instead of stdout; default false

---@class (exact) nsh.proc.Ready
---@field port? integer|integer[] something listens on this TCP port of the namespace, or on all of these
---@field udp? integer|integer[] the same of UDP
---@field line? string|string[] a line of its stdout or stderr in which this pattern (as of string.find) is found, or one for each of these
---@field file? string|string[] it has made this file (a control socket, say), or all of these, or written anew what was there
---@field fn? function this returns something other than nil and false; asked every 50 ms, and raising counts as not yet
---@field timeout? number how long to wait; default 10 seconds

---@class (exact) nsh.proc.ShellOptions
---@field env? table<string, string|false> variables added to its environment; false takes one away
---@field clear_env? boolean begin with an empty environment; default false
---@field cwd? string its working directory; default nsh's own
---@field user? string the user to run as, with its groups; default root. An ordinary user's lab has root alone, unless they have subordinate ids (`nsh doctor` tells)
---@field files? table<string, string> files that it sees with these contents, such as its configuration. Those within a directory of `proc.private` are written there; others are its own, and nobody else sees them. One that begins with `#!` can be executed

---@class (exact) nsh.proc.SpawnOptions
---@field env? table<string, string|false> variables added to its environment; false takes one away
---@field clear_env? boolean begin with an empty environment; default false
---@field cwd? string its working directory; default nsh's own
---@field user? string the user to run as, with its groups; default root. An ordinary user's lab has root alone, unless they have subordinate ids (`nsh doctor` tells)
---@field files? table<string, string> files that it sees with these contents, such as its configuration. Those within a directory of `proc.private` are written there; others are its own, and nobody else sees them. One that begins with `#!` can be executed
---@field stdin? string what it reads; default nothing (`/dev/null`)
---@field limit? integer how many bytes to keep of each of stdout and stderr; default 16 MiB. The rest is counted
---@field keep? "both"|"first"|"last" what is kept of an output beyond `limit`: its first half and its last (both, the default), the first or the last of it
---@field show? boolean|string print each line as it comes, with the namespace's and the program's name in front (`r1 bird| ...`), or this name; default false
---@field keep_stdin? boolean leave its stdin open for `write`, until `close_stdin`; default false
---@field pty? boolean give it a terminal instead of pipes, for programs that insist on one, or that hold back what they print through a pipe. All that it prints is then `stdout`, and `write` types on it; default false
---@field ready? nsh.proc.Ready wait until it is ready: until all of these hold

---@class (exact) nsh.proc.StopOptions
---@field grace? number seconds from SIGTERM to SIGKILL; default 0.5

---@class (exact) nsh.proc.WaitOptions
---@field timeout? number how long to wait; default for ever
---@field check? boolean raise `exit` unless its status is 0; default false

---@class (exact) nsh.route.AddOptions
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type? "unicast"|"local"|"broadcast"|"anycast"|"multicast"|"blackhole"|"unreachable"|"prohibit"|"throw" what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field table? integer|string the routing table; default main
---@field proto? integer|string who added it; default boot
---@field scope? integer|string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field expires? number seconds until it goes (IPv6)
---@field pref? "medium"|"high"|"low" the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? integer|string the realms of routing, TO or FROM/TO
---@field nexthops? nsh.route.HopOptions[] several next hops that share the packets (ECMP)
---@field metrics? nsh.route.MetricsOptions properties of the path: mtu, advmss, ...

---@class (exact) nsh.route.DelOptions
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type? "unicast"|"local"|"broadcast"|"anycast"|"multicast"|"blackhole"|"unreachable"|"prohibit"|"throw" what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field table? integer|string the routing table; default main
---@field proto? integer|string who added it; default boot
---@field scope? integer|string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field expires? number seconds until it goes (IPv6)
---@field pref? "medium"|"high"|"low" the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? integer|string the realms of routing, TO or FROM/TO
---@field nexthops? nsh.route.HopOptions[] several next hops that share the packets (ECMP)
---@field metrics? nsh.route.MetricsOptions properties of the path: mtu, advmss, ...

---@class (exact) nsh.route.FlushOptions
---@field table? integer|string only this table, or "all"; default main
---@field dst? string the destination: a prefix, or "default"
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type? "unicast"|"local"|"broadcast"|"anycast"|"multicast"|"blackhole"|"unreachable"|"prohibit"|"throw" what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field proto? integer|string who added it; default boot
---@field scope? integer|string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field pref? "medium"|"high"|"low" the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? integer|string the realms of routing, TO or FROM/TO

---@class (exact) nsh.route.GetOptions
---@field from? string the packet's source address
---@field iif? string the link on which the packet came in: asks for forwarding
---@field oif? string the link through which it must leave
---@field mark? integer its firewall mark
---@field tos? integer its TOS
---@field uid? integer the user who sends it
---@field ipproto? integer|string the protocol above IP
---@field sport? integer its source port
---@field dport? integer its destination port
---@field fibmatch? boolean return the route that matches, not the packet's way; default false

---@class (exact) nsh.route.HopOptions
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link
---@field weight? integer its share among the hops; default 1
---@field onlink? boolean the gateway is reachable though no address says so; default false
---@field encap? string as the route's

---@class (exact) nsh.route.ListOptions
---@field table? integer|string only this table, or "all"; default main
---@field dst? string the destination: a prefix, or "default"
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type? "unicast"|"local"|"broadcast"|"anycast"|"multicast"|"blackhole"|"unreachable"|"prohibit"|"throw" what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field proto? integer|string who added it; default boot
---@field scope? integer|string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field pref? "medium"|"high"|"low" the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? integer|string the realms of routing, TO or FROM/TO

---@class (exact) nsh.route.MetricsOptions
---@field lock? string[] the metrics that the kernel may not change by itself
---@field mtu? integer the path's MTU in bytes
---@field window? integer TCP's largest window in bytes
---@field rtt? number TCP's first estimate of the round-trip time, in seconds
---@field rttvar? number and of its variance, in seconds
---@field ssthresh? integer TCP's slow start threshold in segments
---@field cwnd? integer clamps TCP's congestion window, in segments
---@field advmss? integer the MSS to advertise, in bytes
---@field reordering? integer TCP's initial reordering level
---@field hoplimit? integer the hop limit (TTL) of packets
---@field initcwnd? integer TCP's initial congestion window, in segments
---@field features? string ecn, tcp_usec_ts
---@field rto_min? number TCP's least retransmission timeout, in seconds
---@field initrwnd? integer TCP's initial receive window, in segments
---@field quickack? integer 1: acknowledge at once
---@field congctl? string TCP's congestion control
---@field fastopen_no_cookie? integer 1: TCP Fast Open without a cookie

---@class (exact) nsh.route.ReplaceOptions
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type? "unicast"|"local"|"broadcast"|"anycast"|"multicast"|"blackhole"|"unreachable"|"prohibit"|"throw" what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field table? integer|string the routing table; default main
---@field proto? integer|string who added it; default boot
---@field scope? integer|string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field expires? number seconds until it goes (IPv6)
---@field pref? "medium"|"high"|"low" the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? integer|string the realms of routing, TO or FROM/TO
---@field nexthops? nsh.route.HopOptions[] several next hops that share the packets (ECMP)
---@field metrics? nsh.route.MetricsOptions properties of the path: mtu, advmss, ...

---@class (exact) nsh.rule.AddOptions
---@field priority? integer its place: lower ones are looked up first
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field invert? boolean all packets but these (`not`); default false
---@field from? string the source: a prefix, or "all"
---@field to? string the destination: a prefix, or "all"
---@field tos? integer the packet's type of service
---@field fwmark? integer the packet's mark
---@field fwmask? integer which bits of the mark count; default all
---@field iif? string the link that the packet came in by; "lo" for those from here
---@field oif? string the link that the packet's socket is bound to
---@field l3mdev? boolean the table of the packet's VRF; default false
---@field uidrange? integer|string the user who sends, or a range "1000-1999"
---@field ipproto? integer|string the protocol above IP
---@field sport? integer|string the source port or range
---@field dport? integer|string the destination port or range
---@field proto? integer|string who added it: kernel, static, bird, ...
---@field table? integer|string the routing table to look up
---@field suppress_prefixlength? integer routes found with a prefix of at most this length don't count: 0 passes over the default route
---@field suppress_ifgroup? integer|string routes found through a link of this group don't count
---@field type? "lookup"|"blackhole"|"unreachable"|"prohibit"|"nop"|"goto" lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto
---@field goto_priority? integer goes on with the rule of this priority

---@class (exact) nsh.rule.DelOptions
---@field priority? integer its place: lower ones are looked up first
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field invert? boolean all packets but these (`not`); default false
---@field from? string the source: a prefix, or "all"
---@field to? string the destination: a prefix, or "all"
---@field tos? integer the packet's type of service
---@field fwmark? integer the packet's mark
---@field fwmask? integer which bits of the mark count; default all
---@field iif? string the link that the packet came in by; "lo" for those from here
---@field oif? string the link that the packet's socket is bound to
---@field l3mdev? boolean the table of the packet's VRF; default false
---@field uidrange? integer|string the user who sends, or a range "1000-1999"
---@field ipproto? integer|string the protocol above IP
---@field sport? integer|string the source port or range
---@field dport? integer|string the destination port or range
---@field proto? integer|string who added it: kernel, static, bird, ...
---@field table? integer|string the routing table to look up
---@field suppress_prefixlength? integer routes found with a prefix of at most this length don't count: 0 passes over the default route
---@field suppress_ifgroup? integer|string routes found through a link of this group don't count
---@field type? "lookup"|"blackhole"|"unreachable"|"prohibit"|"nop"|"goto" lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto
---@field goto_priority? integer goes on with the rule of this priority

---@class (exact) nsh.rule.FlushOptions
---@field priority? integer its place: lower ones are looked up first
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field invert? boolean all packets but these (`not`); default false
---@field from? string the source: a prefix, or "all"
---@field to? string the destination: a prefix, or "all"
---@field tos? integer the packet's type of service
---@field fwmark? integer the packet's mark
---@field fwmask? integer which bits of the mark count; default all
---@field iif? string the link that the packet came in by; "lo" for those from here
---@field oif? string the link that the packet's socket is bound to
---@field l3mdev? boolean the table of the packet's VRF; default false
---@field uidrange? integer|string the user who sends, or a range "1000-1999"
---@field ipproto? integer|string the protocol above IP
---@field sport? integer|string the source port or range
---@field dport? integer|string the destination port or range
---@field proto? integer|string who added it: kernel, static, bird, ...
---@field table? integer|string the routing table to look up
---@field suppress_prefixlength? integer routes found with a prefix of at most this length don't count: 0 passes over the default route
---@field suppress_ifgroup? integer|string routes found through a link of this group don't count
---@field type? "lookup"|"blackhole"|"unreachable"|"prohibit"|"nop"|"goto" lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto
---@field goto_priority? integer goes on with the rule of this priority

---@class (exact) nsh.rule.GetOptions
---@field priority? integer its place: lower ones are looked up first
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field invert? boolean all packets but these (`not`); default false
---@field from? string the source: a prefix, or "all"
---@field to? string the destination: a prefix, or "all"
---@field tos? integer the packet's type of service
---@field fwmark? integer the packet's mark
---@field fwmask? integer which bits of the mark count; default all
---@field iif? string the link that the packet came in by; "lo" for those from here
---@field oif? string the link that the packet's socket is bound to
---@field l3mdev? boolean the table of the packet's VRF; default false
---@field uidrange? integer|string the user who sends, or a range "1000-1999"
---@field ipproto? integer|string the protocol above IP
---@field sport? integer|string the source port or range
---@field dport? integer|string the destination port or range
---@field proto? integer|string who added it: kernel, static, bird, ...
---@field table? integer|string the routing table to look up
---@field suppress_prefixlength? integer routes found with a prefix of at most this length don't count: 0 passes over the default route
---@field suppress_ifgroup? integer|string routes found through a link of this group don't count
---@field type? "lookup"|"blackhole"|"unreachable"|"prohibit"|"nop"|"goto" lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto
---@field goto_priority? integer goes on with the rule of this priority

---@class (exact) nsh.rule.ListOptions
---@field priority? integer its place: lower ones are looked up first
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field invert? boolean all packets but these (`not`); default false
---@field from? string the source: a prefix, or "all"
---@field to? string the destination: a prefix, or "all"
---@field tos? integer the packet's type of service
---@field fwmark? integer the packet's mark
---@field fwmask? integer which bits of the mark count; default all
---@field iif? string the link that the packet came in by; "lo" for those from here
---@field oif? string the link that the packet's socket is bound to
---@field l3mdev? boolean the table of the packet's VRF; default false
---@field uidrange? integer|string the user who sends, or a range "1000-1999"
---@field ipproto? integer|string the protocol above IP
---@field sport? integer|string the source port or range
---@field dport? integer|string the destination port or range
---@field proto? integer|string who added it: kernel, static, bird, ...
---@field table? integer|string the routing table to look up
---@field suppress_prefixlength? integer routes found with a prefix of at most this length don't count: 0 passes over the default route
---@field suppress_ifgroup? integer|string routes found through a link of this group don't count
---@field type? "lookup"|"blackhole"|"unreachable"|"prohibit"|"nop"|"goto" lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto
---@field goto_priority? integer goes on with the rule of this priority

---@class (exact) nsh.send.Arp
---@field op? integer|string request or reply; default request
---@field sender? string the sender's address; default the link's own
---@field sender_mac? string the sender's hardware address; default the source of the frame
---@field target? string the address that is asked for; default the sender's (gratuitous)
---@field target_mac? string the target's hardware address; default zeros, of a gratuitous reply the sender's

---@class (exact) nsh.send.Eth
---@field dst? string the destination's hardware address; default what belongs to the packet's destination, which is asked for
---@field src? string the source's; default the link's own
---@field ethertype? integer what it carries; default what follows

---@class (exact) nsh.send.Icmp
---@field type? integer|string its type: a number, or "echo request", "neighbor solicitation", ...; default echo request
---@field code? integer its code; default 0
---@field id? integer the identifier of an echo message; default 0
---@field seq? integer the sequence number of an echo message; default 1, and one more in each further frame
---@field mtu? integer of "destination unreachable" (code 4) and "packet too big"
---@field gateway? string the better next hop, of a redirect of IPv4
---@field target? string whom a neighbour message is about
---@field mac? string the hardware address that a message of neighbour discovery tells; default the source of the frame, and none in a solicitation from ::
---@field rest? integer the four bytes behind the checksum, of a type that isn't named here; default 0
---@field checksum? integer the checksum; default the right one

---@class (exact) nsh.send.Ip
---@field src? string the source; default the one that the kernel would take
---@field dst? string the destination
---@field version? integer 4 or 6; default what the addresses are of
---@field ttl? integer time to live, or IPv6's hop limit; default 64, of neighbour discovery 255
---@field tos? integer type of service (DSCP and ECN), or IPv6's traffic class; default 0
---@field protocol? integer the number of the protocol carried; default what follows
---@field id? integer the identification of IPv4; default 0
---@field df? boolean don't fragment; default false
---@field more_fragments? boolean more fragments follow; default false
---@field fragment_offset? integer where the fragment belongs, in bytes, of IPv4; default 0
---@field flow_label? integer IPv6's flow label; default 0
---@field length? integer the length that the header tells (of IPv6 without the header); default the right one
---@field checksum? integer the checksum of IPv4's header; default the right one

---@class (exact) nsh.send.Options
---@field eth? nsh.send.Eth the Ethernet header; default what the packet needs
---@field vlan? nsh.send.Vlan|integer|(nsh.send.Vlan|integer)[] tags of VLANs, each a number or a table; the outer one first
---@field arp? nsh.send.Arp an ARP message
---@field ip? nsh.send.Ip a header of IPv4 or IPv6
---@field icmp? nsh.send.Icmp a message of ICMP, or of ICMPv6 behind IPv6
---@field tcp? nsh.send.Tcp a TCP header
---@field udp? nsh.send.Udp a UDP header
---@field payload? string what stands behind the headers
---@field size? integer how long the payload is made, with zeros
---@field bytes? string the whole frame, as `bytes` of a captured packet, instead of headers
---@field hex? string the same in hexadecimal: "ffffffffffff 020000000001 0800 45..."
---@field count? integer how many are sent; default 1
---@field interval? number seconds between two; default 0
---@field rate? number how many a second, instead of `interval`

---@class (exact) nsh.send.Tcp
---@field sport? integer the source port; default 40000
---@field dport? integer the destination port; default 80
---@field flags? string as tcpdump writes them: S, S. (or SA), R, FA, none; default S
---@field seq? integer the sequence number; default 0
---@field ack? integer the acknowledgement number; default 0
---@field window? integer the window; default 65535
---@field urgent? integer the urgent pointer; default 0
---@field mss? integer the option of the maximum segment size
---@field wscale? integer the option of the window scale
---@field checksum? integer the checksum; default the right one

---@class (exact) nsh.send.Udp
---@field sport? integer the source port; default 40000
---@field dport? integer the destination port; default 9 (discard)
---@field length? integer the length that the header tells; default the right one
---@field checksum? integer the checksum; default the right one

---@class (exact) nsh.send.Vlan
---@field id integer the VLAN
---@field prio? integer the priority; default 0
---@field dei? boolean it may be dropped first; default false
---@field protocol? integer the tag's protocol; default 0x8100 (802.1Q), of an outer tag 0x88a8 (802.1ad)

---@class (exact) nsh.socket.ListOptions
---@field proto? "tcp"|"udp"|"raw"|"unix"|"all"|("tcp"|"udp"|"raw"|"unix")[] tcp, udp, raw, unix, several of them, or "all"; default tcp and udp
---@field state? string|string[] only in this state, or one of these: established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, closed, close-wait, last-ack, listening, closing
---@field listening? boolean only those that wait for connections or, unconnected, for datagrams; default false
---@field family? "inet"|"inet6" its family, IPv4 (inet) or IPv6 (inet6); none of a Unix socket
---@field ip? string its own address alone
---@field port? integer its own port; of a raw socket, its protocol's number
---@field peer_ip? string the peer's address alone
---@field peer_port? integer the peer's port; 0 for none
---@field processes? boolean find out which processes have them; default true

---@class (exact) nsh.tc.ActionOptions
---@field kind? string gact, mirred, police, vlan, skbedit, ...; default the one whose options are given
---@field gact? nsh.tc.GactOptions options of an action that decides
---@field mirred? nsh.tc.MirredOptions options of an action that sends to another link
---@field police? nsh.tc.PoliceOptions options of a rate that packets may not exceed
---@field skbedit? nsh.tc.SkbeditOptions options of what the kernel knows of a packet
---@field vlan? nsh.tc.VlanOptions options of tags of VLANs
---@field nat? nsh.tc.NatOptions options of addresses that are changed
---@field pedit? nsh.tc.PeditOptions options of bytes of packets that are overwritten
---@field csum? nsh.tc.CsumOptions options of checksums that are made anew
---@field tunnel_key? nsh.tc.TunnelKeyOptions options of the outer header of tunnels
---@field ct? nsh.tc.CtOptions options of connection tracking
---@field sample? nsh.tc.SampleOptions options of samples of packets

---@class (exact) nsh.tc.BasicOptions
---@field classid? string the class that they go to

---@class (exact) nsh.tc.BfifoOptions
---@field limit? integer|string how many bytes may wait

---@class (exact) nsh.tc.CakeOptions
---@field bandwidth? integer|string how fast packets are sent; default without limit
---@field diffserv? "diffserv3"|"diffserv4"|"diffserv8"|"besteffort"|"precedence" by what classes there are; default diffserv3
---@field flowmode? "flowblind"|"srchost"|"dsthost"|"hosts"|"flows"|"dual-srchost"|"dual-dsthost"|"triple-isolate" among what the rate is shared; default triple-isolate
---@field nat? boolean hosts are those behind a masquerade; default false
---@field wash? boolean DSCP is taken off; default false
---@field ingress? boolean it shapes what comes in, so that dropped packets count; default false
---@field ack_filter? "no-ack-filter"|"ack-filter"|"ack-filter-aggressive" which acknowledgements of TCP are left out; default none
---@field split_gso? boolean large segments are cut before they wait; default true
---@field autorate? boolean the rate is measured, of what comes in; default false
---@field rtt? number|string the round-trip time that is usual; default 100 ms
---@field atm? "noatm"|"atm"|"ptm" the cells in which the link below sends; default noatm
---@field overhead? integer bytes that each packet counts more
---@field mpu? integer bytes that each packet counts at least
---@field memlimit? integer|string how much memory the packets that wait may take
---@field fwmark? integer the bits of the packets' mark that choose the class

---@class (exact) nsh.tc.CodelOptions
---@field limit? integer how many packets may wait; default 1000
---@field target? number|string how long packets may wait on and on; default 5 ms
---@field interval? number|string how long they may wait longer before one is dropped; default 100 ms
---@field ecn? boolean packets are marked instead, where both ends know that; default false
---@field ce_threshold? number|string packets that waited longer are marked

---@class (exact) nsh.tc.CsumOptions
---@field update? string[] of which protocols: ip4h, icmp, igmp, tcp, udp, udplite, sctp
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.CtOptions
---@field commit? boolean the connection is entered
---@field force? boolean the connection is entered in this direction
---@field clear? boolean what is known of the packet's connection is forgotten
---@field nat? boolean addresses are translated as they are for the connection
---@field zone? integer the zone of connection tracking; default 0
---@field mark? integer|string the connection's mark, or a mark and the bits that count: "0x1/0xff"
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.DrrClassOptions
---@field quantum? integer|string how many bytes it sends in its turn; default the MTU

---@class (exact) nsh.tc.EtfOptions
---@field clockid? "CLOCK_REALTIME"|"CLOCK_MONOTONIC"|"CLOCK_BOOTTIME"|"CLOCK_TAI" the clock that is meant; default CLOCK_TAI
---@field delta? integer how many nanoseconds before its time a packet is handed over
---@field deadline_mode? boolean a packet may leave before its time
---@field offload? boolean the hardware keeps the time
---@field skip_sock_check? boolean packets of sockets without SO_TXTIME pass

---@class (exact) nsh.tc.FlowerOptions
---@field indev? string the link that they came in by
---@field dst_mac? string the destination in the Ethernet header
---@field src_mac? string the source in the Ethernet header
---@field vlan_id? integer the VLAN; the filter's protocol is 802.1Q then
---@field vlan_prio? integer the priority in the VLAN's tag
---@field vlan_ethtype? integer|string the protocol behind the VLAN's tag
---@field cvlan_id? integer the VLAN of the inner tag
---@field cvlan_prio? integer the priority in the inner tag
---@field cvlan_ethtype? integer|string the protocol behind the inner tag
---@field ip_proto? integer|string the protocol in the IP header
---@field ip_tos? integer|string the type of service
---@field ip_flags? string whether it is a fragment: frag, nofrag, firstfrag or nofirstfrag, or two of them as in "frag/nofirstfrag"
---@field ip_ttl? integer|string the time to live
---@field dst_ip? string the destination
---@field src_ip? string the source
---@field dst_port? integer|string the destination port of TCP, UDP or SCTP, or a range of them; needs `ip_proto`
---@field src_port? integer|string the source port, or a range of them
---@field tcp_flags? integer|string the flags of TCP: 0x2 is SYN
---@field type? integer|string the type of ICMP
---@field code? integer|string the code of ICMP
---@field arp_sip? string the sender's address in ARP
---@field arp_tip? string the target's address in ARP
---@field arp_op? integer|string what the ARP packet is: request or reply
---@field arp_sha? string the sender's hardware address in ARP
---@field arp_tha? string the target's hardware address in ARP
---@field mpls_label? integer the label of MPLS
---@field mpls_tc? integer the traffic class of MPLS
---@field mpls_bos? integer whether it is the last label
---@field mpls_ttl? integer the time to live of MPLS
---@field enc_key_id? integer the key, or VNI, of the tunnel that they came by
---@field enc_src_ip? string the source of the outer packet
---@field enc_dst_ip? string the destination of the outer packet
---@field enc_dst_port? integer|string the destination port of the outer packet
---@field enc_tos? integer|string the type of service of the outer packet
---@field enc_ttl? integer|string the time to live of the outer packet
---@field ct_state? string the state of the connection, such as "+trk+est" or "+trk-new": trk, new, est, rel, inv, rpl
---@field ct_zone? integer|string the zone of connection tracking
---@field ct_mark? integer|string the connection's mark
---@field num_of_vlans? integer how many tags of VLANs there are
---@field classid? string the class that they go to
---@field skip_hw? boolean the hardware doesn't do it
---@field skip_sw? boolean only the hardware does it

---@class (exact) nsh.tc.FqCodelOptions
---@field limit? integer how many packets may wait; default 10240
---@field flows? integer how many queues there are; default 1024
---@field quantum? integer|string how many bytes a flow sends in its turn; default the MTU and a header
---@field target? number|string how long packets may wait on and on; default 5 ms
---@field interval? number|string how long they may wait longer before one is dropped; default 100 ms
---@field memory_limit? integer|string how much memory the packets that wait may take; default 32 MB
---@field ecn? boolean packets are marked instead of dropped, where both ends know that; default true
---@field ce_threshold? number|string packets that waited longer are marked
---@field drop_batch? integer how many packets are dropped at once when too many wait; default 64

---@class (exact) nsh.tc.FqOptions
---@field limit? integer how many packets may wait; default 10000
---@field flow_limit? integer how many packets of a flow may wait; default 100
---@field buckets? integer how many places the table of flows has, a power of two; default 1024
---@field orphan_mask? integer which bits of the hash tell flows apart that no socket has
---@field quantum? integer|string how many bytes a flow sends in its turn; default two frames
---@field initial_quantum? integer|string the same of a new flow; default ten frames
---@field maxrate? integer|string no flow is sent faster
---@field pacing? boolean flows are sent at the pace that their sockets ask for; default true
---@field low_rate_threshold? integer|string slower flows wait after each packet, not after each turn; default 550 kbit
---@field refill_delay? number|string a flow that was silent for so long counts as a new one; default 40 ms
---@field timer_slack? number|string how late packets may leave, so that several leave together; default 10 us
---@field ce_threshold? number|string packets that waited longer are marked
---@field horizon? number|string packets that are to leave later than that are handled as `horizon_drop` says; default 10 s
---@field horizon_drop? boolean they are dropped, else leave then; default true

---@class (exact) nsh.tc.FwOptions
---@field classid? string the class that they go to; without, the mark is the class
---@field indev? string the link that they came in by
---@field mask? integer the bits of the mark that count; default all

---@class (exact) nsh.tc.GactOptions
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.HfscClassOptions
---@field rt? string what it is sure of, in time
---@field ls? string its share of what is left
---@field ul? string what it may have at most
---@field sc? string `rt` and `ls` both

---@class (exact) nsh.tc.HfscOptions
---@field default? string the class of what no filter names, such as "1:10"; default none: that is dropped

---@class (exact) nsh.tc.HtbClassOptions
---@field rate? integer|string the rate that it is sure of
---@field ceil? integer|string the rate up to which it borrows what others leave; default `rate`
---@field burst? integer|string how much it may send at once, in bytes; default what 1 ms of the rate carries, at least 1600
---@field cburst? integer|string the same at the rate of `ceil`
---@field prio? integer classes of a lower one borrow first; default 0
---@field quantum? integer|string how many bytes it sends in its turn when it borrows; default of its rate
---@field overhead? integer bytes that each packet counts more
---@field mpu? integer bytes that each packet counts at least

---@class (exact) nsh.tc.HtbOptions
---@field default? string the class of what no filter names, such as "1:10"; default none: that is sent at once
---@field r2q? integer by what rates are divided for the quantum of a class; default 10
---@field direct_qlen? integer how many packets of no class may wait

---@class (exact) nsh.tc.MatchallOptions
---@field classid? string the class that they go to
---@field skip_hw? boolean the hardware doesn't do it
---@field skip_sw? boolean only the hardware does it

---@class (exact) nsh.tc.MirredOptions
---@field direction? "egress"|"ingress" the other link sends it (egress), or receives it (ingress); default egress
---@field action? "redirect"|"mirror" the packet goes there, or (mirror) a copy of it; default redirect
---@field dev? string the other link
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.MqprioOptions
---@field num_tc? integer how many classes of traffic there are
---@field map? integer[] the class of each of the 16 priorities of packets
---@field queues? string the queues of each class: "1@0 2@1" is one from 0 on, and two from 1 on
---@field hw? boolean the hardware does it; default false

---@class (exact) nsh.tc.NatOptions
---@field direction? "ingress"|"egress" ingress changes destinations, egress sources; default ingress
---@field old? string the addresses that are changed
---@field new? string the address that stands for the first of them
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.PeditOptions
---@field munge? string[] what is overwritten: "ip ttl set 5", "ip dst set 10.0.0.1", or "offset 12 u32 set 0x0a000001", counted from the network header
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.PfifoOptions
---@field limit? integer how many packets may wait

---@class (exact) nsh.tc.PoliceOptions
---@field rate? integer|string the rate
---@field burst? integer|string how much may pass at once, in bytes; default 10 ms of the rate, at least 10 KB
---@field mtu? integer|string longer packets exceed the rate; default 2 KB, or `burst` if it is less
---@field peakrate? integer|string how fast a burst may come; needs `mtu`
---@field avrate? integer|string the rate that the kernel measures, which may not exceed this
---@field pkts_rate? integer packets per second, instead of `rate`
---@field pkts_burst? integer how many packets may pass at once
---@field exceed? string what becomes of packets that exceed it; default drop
---@field conform? string what becomes of the others; default pass
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.PrioOptions
---@field bands? integer how many bands there are; default 3
---@field priomap? integer[] the band for each of the 16 priorities of packets; default 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1

---@class (exact) nsh.tc.RedOptions
---@field limit? integer|string how many bytes may wait
---@field min? integer|string packets may be dropped once so many bytes wait on average; default a third of `max`
---@field max? integer|string the probability is highest once so many bytes wait; default a quarter of `limit`
---@field avpkt? integer|string how long a packet is on average; default 1000
---@field burst? integer how fast the average follows, in packets; default what tc-red(8) recommends
---@field bandwidth? integer|string the link's rate, for times when nothing is sent; default 10 mbit
---@field probability? number|string how many packets are dropped at `max`; default 2%
---@field ecn? boolean packets are marked instead, where both ends know that
---@field harddrop? boolean beyond `max` packets are dropped, though they could be marked
---@field adaptive? boolean the probability adapts itself
---@field nodrop? boolean packets that can't be marked are not dropped either

---@class (exact) nsh.tc.SampleOptions
---@field rate? integer one packet of so many
---@field group? integer the group of listeners
---@field trunc? integer how many bytes of it they get
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.SfqOptions
---@field limit? integer how many packets may wait; default 127
---@field quantum? integer|string how many bytes a flow sends in its turn; default the MTU and a header
---@field perturb? integer after how many seconds flows are told apart by another hash; default 0, never
---@field divisor? integer how many places the table of flows has, a power of two; default 1024
---@field depth? integer how many packets of a flow may wait; default 127
---@field headdrop? boolean the oldest packet of a flow is dropped, not the newest; default false

---@class (exact) nsh.tc.SkbeditOptions
---@field queue_mapping? integer the queue of the link
---@field priority? string the priority, as a class such as "1:10"
---@field mark? integer the mark
---@field mask? integer the bits of the mark that are changed; default all
---@field ptype? "host"|"broadcast"|"multicast"|"otherhost" to whom the packet is
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.TbfOptions
---@field rate? integer|string how fast packets are sent
---@field burst? integer|string how much may pass at once, in bytes; default what the rate and the link's MTU need
---@field limit? integer|string how many bytes may wait
---@field latency? number|string how long a packet may wait, instead of `limit`; default 50 ms
---@field peakrate? integer|string how fast a burst is sent; needs `mtu`
---@field mtu? integer|string how much may pass at once at `peakrate`, in bytes
---@field overhead? integer bytes that each packet counts more
---@field mpu? integer bytes that each packet counts at least

---@class (exact) nsh.tc.TunnelKeyOptions
---@field action? "set"|"unset" set gives it one, unset takes it away; default set
---@field src_ip? string the source of the outer packet
---@field dst_ip? string its destination
---@field id? integer the tunnel's key, or VNI
---@field dst_port? integer the destination port of UDP
---@field tos? integer the type of service
---@field ttl? integer the time to live
---@field csum? boolean the outer packet has a checksum; default true
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.U32Options
---@field match? string|string[] what a packet must have, as `tc` writes it: "ip dst 10.0.0.0/8", "ip6 src fd00::/64", "ip protocol 17", "ip dport 53" (of a header without options), "u32 VALUE MASK at OFFSET"; default all packets
---@field classid? string the class that they go to
---@field ht? integer|string the table that it is in, such as "800:"
---@field indev? string the link that they came in by
---@field skip_hw? boolean the hardware doesn't do it
---@field skip_sw? boolean only the hardware does it

---@class (exact) nsh.tc.VlanOptions
---@field action? "pop"|"push"|"modify"|"pop_eth"|"push_eth" pop takes the outer tag away, push adds one, modify changes it; pop_eth and push_eth do so with the Ethernet header
---@field id? integer the VLAN
---@field protocol? "802.1Q"|"802.1ad" the tag's protocol; default 802.1Q
---@field priority? integer the tag's priority
---@field dst_mac? string of push_eth, the destination
---@field src_mac? string of push_eth, the source
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---@class (exact) nsh.tc.class.AddOptions
---@field kind? string the kind of its discipline; default the one whose options are given
---@field parent? string the discipline, or the class that it is in; default its discipline
---@field htb? nsh.tc.HtbClassOptions options of a class of htb
---@field hfsc? nsh.tc.HfscClassOptions options of a class of hfsc
---@field drr? nsh.tc.DrrClassOptions options of a class of drr

---@class (exact) nsh.tc.class.ListOptions
---@field dev? string the link
---@field kind? string the kind of its discipline; default the one whose options are given
---@field parent? string the discipline, or the class that it is in; default its discipline

---@class (exact) nsh.tc.filter.AddOptions
---@field kind? string flower, matchall, u32, ...; default the one whose options are given
---@field parent? string where it stands: a discipline or class such as "1:", or "ingress" or "egress" of a clsact; default the link's root
---@field protocol? integer|string the protocol of the packets that it sees; default what the options imply, or all
---@field pref? integer lower ones are asked first; default the kernel's choice: before the others
---@field handle? integer|string its number among those of the same preference; of fw, the packets' mark
---@field chain? integer the chain that it is in; default 0
---@field flower? nsh.tc.FlowerOptions options of a filter by the packets' fields
---@field matchall? nsh.tc.MatchallOptions options of a filter for all packets
---@field u32? nsh.tc.U32Options options of a filter by words of the headers
---@field fw? nsh.tc.FwOptions options of a filter by the packets' mark
---@field basic? nsh.tc.BasicOptions options of a filter for all packets, as `basic` is without matches
---@field actions? nsh.tc.ActionOptions|string|(nsh.tc.ActionOptions|string)[] what is done with the packets, one after another: "drop", or `{ mirred = { dev = "eth1" } }`

---@class (exact) nsh.tc.filter.DelOptions
---@field kind? string flower, matchall, u32, ...; default the one whose options are given
---@field parent? string where it stands: a discipline or class such as "1:", or "ingress" or "egress" of a clsact; default the link's root
---@field protocol? integer|string the protocol of the packets that it sees; default what the options imply, or all
---@field pref? integer lower ones are asked first; default the kernel's choice: before the others
---@field handle? integer|string its number among those of the same preference; of fw, the packets' mark
---@field chain? integer the chain that it is in; default 0

---@class (exact) nsh.tc.filter.ListOptions
---@field dev? string the link
---@field block? integer the number of the block that it is in, where links share their filters
---@field kind? string flower, matchall, u32, ...; default the one whose options are given
---@field parent? string where it stands: a discipline or class such as "1:", or "ingress" or "egress" of a clsact; default the link's root
---@field protocol? integer|string the protocol of the packets that it sees; default what the options imply, or all
---@field pref? integer lower ones are asked first; default the kernel's choice: before the others
---@field handle? integer|string its number among those of the same preference; of fw, the packets' mark
---@field chain? integer the chain that it is in; default 0

---@class (exact) nsh.tc.qdisc.AddOptions
---@field kind? string netem, tbf, htb, fq_codel, clsact, ...: what the kernel has; default the one whose options are given
---@field parent? string where it stands: root, or a class such as "1:10"; default root
---@field handle? string its handle, such as "1:", by which classes and filters name it; default the kernel's choice
---@field ingress_block? integer of clsact or ingress: the number of a block of filters for what comes in, which several links can share
---@field egress_block? integer of clsact: the same for what goes out
---@field netem? nsh.ShapeOptions options of netem: delay, loss, rate
---@field tbf? nsh.tc.TbfOptions options of a token bucket
---@field htb? nsh.tc.HtbOptions options of a hierarchy of token buckets
---@field hfsc? nsh.tc.HfscOptions options of classes with curves of service
---@field prio? nsh.tc.PrioOptions options of bands, of which the first is sent first
---@field codel? nsh.tc.CodelOptions options of a queue that is kept short
---@field fq_codel? nsh.tc.FqCodelOptions options of queues of flows, each kept short
---@field fq? nsh.tc.FqOptions options of queues of flows, each sent at its pace
---@field cake? nsh.tc.CakeOptions options of a shaper with fair queues
---@field sfq? nsh.tc.SfqOptions options of queues of flows, taken in turn
---@field red? nsh.tc.RedOptions options of a queue that drops the sooner the more waits
---@field pfifo? nsh.tc.PfifoOptions options of a queue of packets
---@field bfifo? nsh.tc.BfifoOptions options of a queue of bytes
---@field mqprio? nsh.tc.MqprioOptions options of the queues of a link, by the priorities of packets
---@field etf? nsh.tc.EtfOptions options of packets with a time at which to leave

---@class (exact) nsh.tc.qdisc.DelOptions
---@field kind? string netem, tbf, htb, fq_codel, clsact, ...: what the kernel has; default the one whose options are given
---@field parent? string where it stands: root, or a class such as "1:10"; default root
---@field handle? string its handle, such as "1:", by which classes and filters name it; default the kernel's choice
---@field ingress_block? integer of clsact or ingress: the number of a block of filters for what comes in, which several links can share
---@field egress_block? integer of clsact: the same for what goes out

---@class (exact) nsh.tc.qdisc.ListOptions
---@field dev? string the link
---@field kind? string netem, tbf, htb, fq_codel, clsact, ...: what the kernel has; default the one whose options are given
---@field parent? string where it stands: root, or a class such as "1:10"; default root
---@field handle? string its handle, such as "1:", by which classes and filters name it; default the kernel's choice
---@field ingress_block? integer of clsact or ingress: the number of a block of filters for what comes in, which several links can share
---@field egress_block? integer of clsact: the same for what goes out

---@class (exact) nsh.tcp.ConnectOptions
---@field port? integer the port, if the address has none
---@field timeout? number seconds until it must be connected; default 5
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.tcp.ListenOptions
---@field port? integer the port, if the address has none; 0 takes a free one
---@field dev? string the link or VRF to bind to: what comes by another is not seen
---@field banner? string sent to each client at once
---@field keep? integer bytes of what each client sends to keep on record; default 4096
---@field echo? boolean send back what comes; default true without `reply`
---@field reply? string send this instead: for each datagram, or once when a connection's first data come, and then close it

---@class (exact) nsh.tcp.RecvOptions
---@field bytes? integer exactly so many bytes
---@field line? boolean a line, returned without its end
---@field all? boolean all until the peer ends its side
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.tcp.SendOptions
---@field timeout? number seconds until the peer must have taken it; default 5

---@class (exact) nsh.tcp.WaitOptions
---@field timeout? number seconds to wait at most; default 5
---@field connections? integer so many were accepted; default 1 if nothing else is given
---@field closed? integer so many have ended
---@field bytes? integer so many bytes came, over all connections

---@class (exact) nsh.test.Options
---@field timeout? number how long it may take, in seconds; a test that takes longer is ended and has failed
---@field skip? string|boolean why it is not to run; true gives no reason
---@field xfail? string|boolean why it is expected to fail: then failing is passing, and passing is failing
---@field needs? string|string[] what it needs, in the words of a file's `-- needs:`: programs, kernel features that `nsh doctor` names, `root` or `user`; without it the test is skipped, with the reason
---@field lab? "own"|"shared" "own": in a fresh lab of its own, in which the file's code runs once more, but for its other tests; default "shared"

---@class (exact) nsh.traceroute.Options
---@field proto? "icmp"|"tcp"|"udp" what is sent: echo requests (icmp), datagrams (udp) or requests for connections (tcp); default icmp
---@field port? integer the destination port; default 80 of tcp, and 33434 of the first datagram, one more with each
---@field first_ttl? integer the time to live, or hop limit, to begin with; default 1
---@field max_ttl? integer the largest one; default 30
---@field queries? integer packets for each hop; default 1
---@field timeout? number seconds in which an answer must come; default 1.5
---@field size? integer bytes of payload, of icmp and udp; default 32
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0

---@class (exact) nsh.tun.AddOptions
---@field mode "tun"|"tap" tap for Ethernet frames, tun for packets of IP
---@field owner? integer the user who may open it, by number
---@field group? integer the group that may open it, by number
---@field pi? boolean four bytes with the protocol stand in front of each packet; default false
---@field vnet_hdr? boolean a virtio header stands in front of each packet; default false
---@field multi_queue? boolean it can be opened several times; default false

---@class (exact) nsh.tun.OpenOptions
---@field mode? "tun"|"tap" tap for Ethernet frames, tun for packets of IP
---@field pi? boolean four bytes with the protocol stand in front of each packet; default false
---@field vnet_hdr? boolean a virtio header stands in front of each packet; default false
---@field multi_queue? boolean it can be opened several times; default false

---@class (exact) nsh.tun.ReadOptions
---@field timeout? number how long to wait; default 5 seconds

---@class (exact) nsh.udp.AnswerOptions
---@field from? string the source address, where the server has several; default the one of the route

---@class (exact) nsh.udp.ListenOptions
---@field port? integer the port, if the address has none; 0 takes a free one
---@field dev? string the link or VRF to bind to: what comes by another is not seen
---@field join? string|string[] multicast groups to join
---@field link? string the link on which to join; default that of the route to the group
---@field echo? boolean send back what comes; default true without `reply`
---@field reply? string send this instead: for each datagram, or once when a connection's first data come, and then close it

---@class (exact) nsh.udp.RequestOptions
---@field timeout? number seconds to wait for the answer to each try; default 1
---@field tries? integer how often to send it until an answer comes; default 1
---@field port? integer the port, if the address has none
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.udp.SendOptions
---@field port? integer the port, if the address has none
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.udp.WaitOptions
---@field datagrams? integer so many datagrams in all; default 1
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.vlan.AddOptions
---@field dev string the port, or the bridge itself; in a filter a bridge also stands for all its ports
---@field pvid? boolean untagged frames that come in belong to it; only one VLAN of a port does; default false
---@field untagged? boolean its frames leave without a tag; default false

---@class (exact) nsh.vlan.DelOptions
---@field dev string the port, or the bridge itself; in a filter a bridge also stands for all its ports

---@class (exact) nsh.vlan.ListOptions
---@field dev? string the port, or the bridge itself; in a filter a bridge also stands for all its ports
---@field vid? integer the VLAN's number
---@field pvid? boolean untagged frames that come in belong to it; only one VLAN of a port does; default false
---@field untagged? boolean its frames leave without a tag; default false
---@field state? "disabled"|"listening"|"learning"|"forwarding"|"blocking" its state at this port, for a spanning tree per VLAN

---@class (exact) nsh.vlan.SetOptions
---@field dev string the port, or the bridge itself; in a filter a bridge also stands for all its ports
---@field state? "disabled"|"listening"|"learning"|"forwarding"|"blocking" its state at this port, for a spanning tree per VLAN
---@field neigh_suppress? boolean answer ARP and ND from the neighbour table; default false
---@field mcast_router? "disabled"|"learn"|"permanent"|"temporary" whether a multicast router is behind the port; needs the bridge's mcast_vlan_snooping
---@field mcast_max_groups? integer how many groups may be joined, 0 for no limit; needs the bridge's mcast_vlan_snooping

---@class (exact) nsh.vlan.global.ListOptions
---@field dev? string the bridge
---@field vid? integer the VLAN's number

---@class (exact) nsh.vlan.global.SetOptions
---@field dev string the bridge
---@field mcast_snooping? boolean send multicast only to ports that asked for it; default true. All but `msti` need the bridge's mcast_vlan_snooping
---@field mcast_igmp_version? integer IGMP's version; default 2
---@field mcast_mld_version? integer MLD's version; default 1
---@field mcast_querier? boolean send IGMP and MLD queries; default false
---@field mcast_last_member_count? integer queries before a group is dropped; default 2
---@field mcast_startup_query_count? integer queries sent at the start; default 2
---@field mcast_last_member_interval? number seconds between queries after a leave; default 1
---@field mcast_membership_interval? number seconds until a group without reports goes; default 260
---@field mcast_querier_interval? number seconds until another querier is taken for gone; default 255
---@field mcast_query_interval? number seconds between queries; default 125
---@field mcast_query_response_interval? number seconds that may pass before a report; default 10
---@field mcast_startup_query_interval? number seconds between queries at the start; default 31.25
---@field msti? integer the spanning tree that it belongs to; needs the bridge's mst_enabled (Linux 5.18)

---@class (exact) nsh.wait.AddrOptions
---@field dev? string on this link; default any
---@field gone? boolean wait until it is not there, or not any more; default false
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.wait.ConnectOptions
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field from? string the source address, or the link or VRF that packets must leave by
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.wait.CounterOptions
---@field value? number what the function must return at least
---@field fresh? boolean count from now on, instead of from when the link was made; default false
---@field timeout? number seconds to wait at most; default 5
---@field rx_packets? integer at least so many
---@field tx_packets? integer at least so many
---@field rx_bytes? integer at least so many
---@field tx_bytes? integer at least so many
---@field rx_errors? integer at least so many
---@field tx_errors? integer at least so many
---@field rx_dropped? integer at least so many
---@field tx_dropped? integer at least so many
---@field multicast? integer at least so many
---@field collisions? integer at least so many
---@field rx_length_errors? integer at least so many
---@field rx_over_errors? integer at least so many
---@field rx_crc_errors? integer at least so many
---@field rx_frame_errors? integer at least so many
---@field rx_fifo_errors? integer at least so many
---@field rx_missed_errors? integer at least so many
---@field tx_aborted_errors? integer at least so many
---@field tx_carrier_errors? integer at least so many
---@field tx_fifo_errors? integer at least so many
---@field tx_heartbeat_errors? integer at least so many
---@field tx_window_errors? integer at least so many
---@field rx_compressed? integer at least so many
---@field tx_compressed? integer at least so many
---@field rx_nohandler? integer at least so many
---@field rx_otherhost_dropped? integer at least so many
---@field carrier_changes? integer at least so many
---@field carrier_up_count? integer at least so many
---@field carrier_down_count? integer at least so many

---@class (exact) nsh.wait.LinkOptions
---@field up? boolean administratively up, or not
---@field carrier? boolean something is at the other end, or not
---@field operstate? "UNKNOWN"|"NOTPRESENT"|"DOWN"|"LOWERLAYERDOWN"|"TESTING"|"DORMANT"|"UP"|("UNKNOWN"|"NOTPRESENT"|"DOWN"|"LOWERLAYERDOWN"|"TESTING"|"DORMANT"|"UP")[] this state, or one of these
---@field master? string a port of this bridge or VRF
---@field gone? boolean wait until it is not there, or not any more; default false
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.wait.NamespaceOptions
---@field gone? boolean wait until it is not there, or not any more; default false
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.wait.NeighOptions
---@field dev? string the link; default the one that packets to it leave by
---@field state? string|string[] in this state, or one of these; default any in which its hardware address is known
---@field probe? boolean have the kernel ask for it; default true
---@field gone? boolean wait until it is not there, or not any more; default false
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.wait.PortOptions
---@field proto? "tcp"|"udp" tcp or udp; default tcp
---@field gone? boolean wait until it is not there, or not any more; default false
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.wait.RouteOptions
---@field table? integer|string only this table, or "all"; default main
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type? "unicast"|"local"|"broadcast"|"anycast"|"multicast"|"blackhole"|"unreachable"|"prohibit"|"throw" what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field proto? integer|string who added it; default boot
---@field scope? integer|string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field pref? "medium"|"high"|"low" the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? integer|string the realms of routing, TO or FROM/TO
---@field gone? boolean wait until it is not there, or not any more; default false
---@field timeout? number seconds to wait at most; default 5

---@class (exact) nsh.why.Options
---@field proto? "icmp"|"tcp"|"udp" what is sent: an echo request (icmp), a connection (tcp) or an empty datagram (udp); default icmp, with a port tcp
---@field port? integer the destination port, of tcp and udp
---@field family? "inet"|"inet6" only IPv4 (inet) or IPv6 (inet6), where a name has both
---@field size? integer bytes of payload of an echo request; default 56
---@field ttl? integer time to live, or hop limit; default net.ipv4.ip_default_ttl, 64
---@field df? boolean true: never fragment; false: fragment wherever needed; default as the path's MTU asks for
---@field from? string the source address, or the link that packets must leave by
---@field tos? integer type of service, or traffic class; default 0
---@field mark? integer the mark that rules and filters see; default 0
---@field source_port? integer the source port; default a free one

---@class (exact) nsh.wireguard.PeerOptions
---@field public_key string its public key, by which it is known
---@field preshared_key? string a key that both share besides; `wireguard.genpsk` makes one
---@field endpoint? string where it is reached, such as "10.0.0.1:51820"; else it has to begin
---@field persistent_keepalive? integer seconds between packets that keep translations on the way open, 0 for none; default 0
---@field allowed_ips? string[] the addresses behind it: packets to these go to it, and from it only packets from these are taken
---@field remove? boolean take it away; default false

---@class (exact) nsh.wireguard.SetOptions
---@field private_key? string its private key; `wireguard.genkey` makes one
---@field listen_port? integer the UDP port that it listens on; default one that the kernel chooses
---@field fwmark? integer the firewall mark of its own packets, 0 for none
---@field replace_peers? boolean those that are there go first, with all that they have; default false
---@field peers? nsh.wireguard.PeerOptions[] peers to add, change or remove; others stay

---@class (exact) nsh.xfrm.PolicyKey
---@field dir "in"|"out"|"fwd" of packets that come in, go out, or are forwarded
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no prefix says it; default inet
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field index? integer its number, chosen by the kernel unless given
---@field if_id? integer the xfrm links that it is for
---@field src? string the packets' sources; default all
---@field dst? string the packets' destinations; default all
---@field proto? integer|string the packets' protocol; default all
---@field sport? integer the packets' source port; default all
---@field dport? integer the packets' destination port; default all
---@field type? integer the packets' type of ICMP; default all
---@field code? integer the packets' code of ICMP; default all
---@field key? integer the packets' key of GRE; default all
---@field dev? string the link that they leave or came in by; default all

---@class (exact) nsh.xfrm.PolicyListOptions
---@field dir? "in"|"out"|"fwd" of packets that come in, go out, or are forwarded
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no prefix says it; default inet
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field index? integer its number, chosen by the kernel unless given
---@field action? "allow"|"block" whether packets pass; default allow
---@field priority? integer its place: lower ones are looked up first; default 0
---@field if_id? integer the xfrm links that it is for
---@field localok? boolean a socket's own policy may say otherwise; default false
---@field icmp? boolean ICMP errors pass by what their payload is; default false
---@field src? string the packets' sources; default all
---@field dst? string the packets' destinations; default all
---@field proto? integer|string the packets' protocol; default all
---@field sport? integer the packets' source port; default all
---@field dport? integer the packets' destination port; default all
---@field type? integer the packets' type of ICMP; default all
---@field code? integer the packets' code of ICMP; default all
---@field key? integer the packets' key of GRE; default all
---@field dev? string the link that they leave or came in by; default all
---@field tmpl? nsh.xfrm.Template|nsh.xfrm.Template[] what protects the packets: a table for a state, or a list of them, the innermost first; default nothing
---@field byte_soft? integer bytes after which the kernel asks for a new one; default none
---@field byte_hard? integer bytes after which it is gone; default none
---@field packet_soft? integer packets after which the kernel asks for a new one; default none
---@field packet_hard? integer packets after which it is gone; default none
---@field time_soft? integer seconds after which the kernel asks for a new one; default none
---@field time_hard? integer seconds after which it is gone; default none
---@field time_use_soft? integer seconds from its first use after which the kernel asks for a new one; default none
---@field time_use_hard? integer seconds from its first use after which it is gone; default none

---@class (exact) nsh.xfrm.PolicyOptions
---@field dir "in"|"out"|"fwd" of packets that come in, go out, or are forwarded
---@field family? "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no prefix says it; default inet
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field index? integer its number, chosen by the kernel unless given
---@field action? "allow"|"block" whether packets pass; default allow
---@field priority? integer its place: lower ones are looked up first; default 0
---@field if_id? integer the xfrm links that it is for
---@field localok? boolean a socket's own policy may say otherwise; default false
---@field icmp? boolean ICMP errors pass by what their payload is; default false
---@field src? string the packets' sources; default all
---@field dst? string the packets' destinations; default all
---@field proto? integer|string the packets' protocol; default all
---@field sport? integer the packets' source port; default all
---@field dport? integer the packets' destination port; default all
---@field type? integer the packets' type of ICMP; default all
---@field code? integer the packets' code of ICMP; default all
---@field key? integer the packets' key of GRE; default all
---@field dev? string the link that they leave or came in by; default all
---@field tmpl? nsh.xfrm.Template|nsh.xfrm.Template[] what protects the packets: a table for a state, or a list of them, the innermost first; default nothing
---@field byte_soft? integer bytes after which the kernel asks for a new one; default none
---@field byte_hard? integer bytes after which it is gone; default none
---@field packet_soft? integer packets after which the kernel asks for a new one; default none
---@field packet_hard? integer packets after which it is gone; default none
---@field time_soft? integer seconds after which the kernel asks for a new one; default none
---@field time_hard? integer seconds after which it is gone; default none
---@field time_use_soft? integer seconds from its first use after which the kernel asks for a new one; default none
---@field time_use_hard? integer seconds from its first use after which it is gone; default none

---@class (exact) nsh.xfrm.Selector
---@field src? string the packets' sources; default all
---@field dst? string the packets' destinations; default all
---@field proto? integer|string the packets' protocol; default all
---@field sport? integer the packets' source port; default all
---@field dport? integer the packets' destination port; default all
---@field type? integer the packets' type of ICMP; default all
---@field code? integer the packets' code of ICMP; default all
---@field key? integer the packets' key of GRE; default all
---@field dev? string the link that they leave or came in by; default all

---@class (exact) nsh.xfrm.StateKey
---@field dst string the outer destination
---@field proto "esp"|"ah"|"comp"|"route2"|"hao" what protects the packets
---@field src? string the outer source
---@field spi? integer the number by which the receiver knows it
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all

---@class (exact) nsh.xfrm.StateListOptions
---@field src? string the outer source
---@field dst? string the outer destination
---@field proto? "esp"|"ah"|"comp"|"route2"|"hao" what protects the packets
---@field spi? integer the number by which the receiver knows it
---@field reqid? integer the number by which a policy's template finds it
---@field mode? "transport"|"tunnel"|"beet"|"ro"|"in_trigger" whether the packets are put into others (tunnel) or not; default transport
---@field seq? integer the number of the request that it answers
---@field auth? string what authenticates: an algorithm and its key, such as "hmac(sha1) 0x0123..."; reported as `auth_trunc`
---@field auth_trunc? string the same, and to how many bits the check value is cut: "hmac(sha256) 0x0123... 128"
---@field enc? string what encrypts: an algorithm and its key, such as "cbc(aes) 0x0123..."
---@field aead? string what does both: an algorithm, its key, and the bits of the check value: "rfc4106(gcm(aes)) 0x0123... 128"
---@field comp? string what compresses, such as "deflate"
---@field encap? string what ESP is put into, with the ports: "espinudp 4500 4500 0.0.0.0"
---@field replay_window? integer how many packets late one may come; default 0, and late and repeated ones are taken
---@field replay_seq? integer the number of the last packet that came
---@field replay_oseq? integer the number of the last packet that was sent
---@field replay_seq_hi? integer the upper half of the former, with `esn`
---@field replay_oseq_hi? integer the upper half of the latter, with `esn`
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field output_mark? integer the mark that packets get
---@field output_mask? integer which bits of `output_mark` are set
---@field if_id? integer the xfrm links that it is for
---@field tfcpad? integer packets are padded to this length
---@field noecn? boolean congestion isn't carried over from outer packets; default false
---@field decap_dscp? boolean the DSCP is taken over from outer packets; default false
---@field nopmtudisc? boolean outer packets may be fragmented; default false
---@field wildrecv? boolean it is for any destination; default false
---@field icmp? boolean ICMP errors pass by what their payload is; default false
---@field af_unspec? boolean inner packets may be of both families; default false
---@field align4? boolean headers of IPv6 are aligned to four bytes; default false
---@field esn? boolean packets are numbered with 64 bits; default false
---@field dont_encap_dscp? boolean outer packets don't get the DSCP of the inner ones; default false
---@field oseq_may_wrap? boolean it goes on when its numbers are used up; default false
---@field sel? nsh.xfrm.Selector the packets that it is for; default those that the policy sends to it
---@field byte_soft? integer bytes after which the kernel asks for a new one; default none
---@field byte_hard? integer bytes after which it is gone; default none
---@field packet_soft? integer packets after which the kernel asks for a new one; default none
---@field packet_hard? integer packets after which it is gone; default none
---@field time_soft? integer seconds after which the kernel asks for a new one; default none
---@field time_hard? integer seconds after which it is gone; default none
---@field time_use_soft? integer seconds from its first use after which the kernel asks for a new one; default none
---@field time_use_hard? integer seconds from its first use after which it is gone; default none

---@class (exact) nsh.xfrm.StateOptions
---@field dst string the outer destination
---@field proto "esp"|"ah"|"comp"|"route2"|"hao" what protects the packets
---@field src? string the outer source
---@field spi? integer the number by which the receiver knows it
---@field reqid? integer the number by which a policy's template finds it
---@field mode? "transport"|"tunnel"|"beet"|"ro"|"in_trigger" whether the packets are put into others (tunnel) or not; default transport
---@field seq? integer the number of the request that it answers
---@field auth? string what authenticates: an algorithm and its key, such as "hmac(sha1) 0x0123..."; reported as `auth_trunc`
---@field auth_trunc? string the same, and to how many bits the check value is cut: "hmac(sha256) 0x0123... 128"
---@field enc? string what encrypts: an algorithm and its key, such as "cbc(aes) 0x0123..."
---@field aead? string what does both: an algorithm, its key, and the bits of the check value: "rfc4106(gcm(aes)) 0x0123... 128"
---@field comp? string what compresses, such as "deflate"
---@field encap? string what ESP is put into, with the ports: "espinudp 4500 4500 0.0.0.0"
---@field replay_window? integer how many packets late one may come; default 0, and late and repeated ones are taken
---@field replay_seq? integer the number of the last packet that came
---@field replay_oseq? integer the number of the last packet that was sent
---@field replay_seq_hi? integer the upper half of the former, with `esn`
---@field replay_oseq_hi? integer the upper half of the latter, with `esn`
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field output_mark? integer the mark that packets get
---@field output_mask? integer which bits of `output_mark` are set
---@field if_id? integer the xfrm links that it is for
---@field tfcpad? integer packets are padded to this length
---@field noecn? boolean congestion isn't carried over from outer packets; default false
---@field decap_dscp? boolean the DSCP is taken over from outer packets; default false
---@field nopmtudisc? boolean outer packets may be fragmented; default false
---@field wildrecv? boolean it is for any destination; default false
---@field icmp? boolean ICMP errors pass by what their payload is; default false
---@field af_unspec? boolean inner packets may be of both families; default false
---@field align4? boolean headers of IPv6 are aligned to four bytes; default false
---@field esn? boolean packets are numbered with 64 bits; default false
---@field dont_encap_dscp? boolean outer packets don't get the DSCP of the inner ones; default false
---@field oseq_may_wrap? boolean it goes on when its numbers are used up; default false
---@field sel? nsh.xfrm.Selector the packets that it is for; default those that the policy sends to it
---@field byte_soft? integer bytes after which the kernel asks for a new one; default none
---@field byte_hard? integer bytes after which it is gone; default none
---@field packet_soft? integer packets after which the kernel asks for a new one; default none
---@field packet_hard? integer packets after which it is gone; default none
---@field time_soft? integer seconds after which the kernel asks for a new one; default none
---@field time_hard? integer seconds after which it is gone; default none
---@field time_use_soft? integer seconds from its first use after which the kernel asks for a new one; default none
---@field time_use_hard? integer seconds from its first use after which it is gone; default none

---@class (exact) nsh.xfrm.Template
---@field proto "esp"|"ah"|"comp"|"route2"|"hao" what protects the packets
---@field src? string the outer source, in a tunnel
---@field dst? string the outer destination, in a tunnel
---@field spi? integer the state's spi; default any
---@field reqid? integer the state's reqid; default any
---@field mode? "transport"|"tunnel"|"beet"|"ro"|"in_trigger" the state's mode; default transport
---@field level? "required"|"use" whether packets go on unprotected where there is no such state (use); default required

---An address of a link. Prints as in `ip -o addr`.
---@class nsh.Addr
---@field local string the address alone
---@field prefixlen integer the prefix length; the peer's, if there is a peer
---@field family "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field peer? string the other end of a point-to-point link; when adding, with its prefix length
---@field broadcast? string the broadcast address (IPv4); default none
---@field anycast? string the anycast address
---@field label? string a label that begins with the link's name (IPv4)
---@field scope string how far it reaches: global, link, host, site or a number; default host for 127.0.0.0/8, else global
---@field dev string the link
---@field index integer the link's index
---@field metric? integer the metric of the connected route
---@field valid_lft integer|"forever" seconds until it goes, or "forever"; default forever
---@field preferred_lft integer|"forever" seconds until it is deprecated, or "forever"; default forever
---@field tentative boolean not usable yet: duplicate address detection runs
---@field proto? string who added it: kernel_ll, kernel_ra, ... or a number (Linux 5.18)
---@field address string the address with its prefix length, such as 10.0.0.1/24
---@field flags string[] secondary, tentative, dadfailed, deprecated, nodad, dynamic, ...

---An answer.
---@class nsh.ArpingReply
---@field seq integer the number of the last question before it, from 1
---@field mac string the hardware address that answered
---@field rtt number seconds from the question to the answer

---Who has an address on a link.
---@class nsh.ArpingResult
---@field dst string the address
---@field dev string the link on which it was asked for
---@field sent integer how often it was asked for
---@field received integer how many of these questions were answered
---@field mac? string the hardware address that answered first
---@field macs string[] all hardware addresses that answered, each once
---@field duplicate boolean several hosts have the address; with `dad`, anybody has it
---@field time number seconds that it took
---@field replies nsh.ArpingReply[] the answers, in the order in which they came

---What is particular to a bond.
---@class nsh.Bond
---@field mode? string how it divides what it sends; default balance-rr; it can change while the bond is down and has no ports
---@field miimon? number seconds between looks at the carriers of the ports, 0 for none; default 0, of 802.3ad 0.1
---@field updelay? number seconds until a port with a carrier is used; default 0
---@field downdelay? number seconds until a port without a carrier is given up; default 0
---@field use_carrier? boolean miimon asks for the carrier; default true
---@field peer_notify_delay? number seconds between notices to peers; default 0
---@field arp_interval? number seconds between questions to the ARP targets, instead of miimon; default 0, which is none
---@field arp_ip_target? string[] who is asked by ARP, up to 16
---@field ns_ip6_target? string[] who is asked by neighbour solicitation (Linux 5.18)
---@field arp_validate? string which ports have to see answers; default none
---@field arp_all_targets? string how many of the targets have to answer; default any
---@field missed_max? integer how many answers may be missed until a port is down; default 2
---@field xmit_hash_policy? string what of a packet chooses its port; default layer2
---@field primary? string the port that is the active one whenever it can
---@field primary_reselect? string when the primary becomes the active one again; default always
---@field active_slave? string the port that sends and receives
---@field fail_over_mac? string what becomes of the hardware addresses at a failover; default none, all ports have the bond's
---@field resend_igmp? integer IGMP reports after a failover; default 1
---@field num_peer_notif? integer gratuitous ARP and unsolicited NA after a failover; default 1
---@field all_slaves_active? boolean take what comes in by inactive ports; default false
---@field min_links? integer how many ports must be up for the bond to have a carrier; default 0, which is 1
---@field lp_interval? integer seconds between learning packets to switches; default 1
---@field packets_per_slave? integer balance-rr: packets until the next port, 0 for a random one; default 1
---@field lacp_rate? string 802.3ad: how often the partner sends, every 30 s or every second; default slow
---@field lacp_active? boolean 802.3ad: send LACP by oneself (Linux 5.15); default true
---@field coupled_control? boolean 802.3ad: collecting and distributing begin together (Linux 6.9); default true
---@field ad_select? string 802.3ad: what chooses the aggregator; default stable
---@field ad_actor_sys_prio? integer 802.3ad: the system's priority; default 65535; told only to root of the machine
---@field ad_actor_system? string 802.3ad: the system's address; default the bond's; told as the priority is
---@field ad_user_port_key? integer 802.3ad: the upper ten bits of the port's key; default 0; told as the priority is
---@field tlb_dynamic_lb? boolean balance-tlb: move flows by the load of the ports; default true
---@field ad_aggregator? integer 802.3ad: the active aggregator
---@field ad_num_ports? integer 802.3ad: how many ports it has
---@field ad_actor_key? integer 802.3ad: the own key
---@field ad_partner_key? integer 802.3ad: the partner's key
---@field ad_partner_mac? string 802.3ad: the partner's address

---What is particular to a bridge.
---@class nsh.Bridge
---@field stp? boolean the spanning tree protocol; default false. On, a new port forwards only after twice `forward_delay`
---@field ageing? number seconds after which an unseen address is forgotten; default 300
---@field forward_delay? number seconds in each of the states listening and learning; default 15; with STP 2 to 30
---@field hello_time? number seconds between the root's hellos; default 2
---@field max_age? number seconds until an unheard root is taken for dead; default 20
---@field priority? integer its priority in becoming the root, lower is better; default 32768
---@field vlan_filtering? boolean ports belong to VLANs; default false
---@field vlan_protocol? string the Ethernet protocol of the VLANs' tags; default 802.1Q
---@field vlan_default_pvid? integer the VLAN of untagged frames of a new port, 0 for none; default 1
---@field vlan_stats_enabled? boolean count packets per VLAN; default false
---@field vlan_stats_per_port? boolean count packets per VLAN and port; default false
---@field group_fwd_mask? integer which of the link-local groups 01:80:c2:00:00:0X are forwarded, as bits; default 0
---@field group_address? string the address that BPDUs are sent to
---@field mcast_snooping? boolean send multicast only to ports that asked for it; default true
---@field mcast_router? string whether the bridge takes multicast as a router does
---@field mcast_query_use_ifaddr? boolean queries come from the bridge's own address
---@field mcast_querier? boolean send IGMP and MLD queries; default false
---@field mcast_hash_elasticity? integer has no effect any more
---@field mcast_hash_max? integer how many multicast groups are kept; default 4096
---@field mcast_last_member_count? integer queries before a group is dropped; default 2
---@field mcast_startup_query_count? integer queries sent at the start; default 2
---@field mcast_last_member_interval? number seconds between queries after a leave; default 1
---@field mcast_membership_interval? number seconds until a group without reports goes; default 260
---@field mcast_querier_interval? number seconds until another querier is taken for gone; default 255
---@field mcast_query_interval? number seconds between queries; default 125
---@field mcast_query_response_interval? number seconds that may pass before a report; default 10
---@field mcast_startup_query_interval? number seconds between queries at the start; default 31.25
---@field mcast_stats_enabled? boolean count IGMP and MLD messages; default false
---@field mcast_igmp_version? integer IGMP's version; default 2
---@field mcast_mld_version? integer MLD's version; default 1
---@field nf_call_iptables? boolean bridged IPv4 frames go through iptables too (br_netfilter)
---@field nf_call_ip6tables? boolean bridged IPv6 frames go through ip6tables too (br_netfilter)
---@field nf_call_arptables? boolean bridged ARP goes through arptables too (br_netfilter)
---@field fdb_max_learned? integer how many addresses may be learned, 0 for no limit (Linux 6.8)
---@field no_linklocal_learn? boolean learn nothing from link-local frames; default false
---@field mcast_vlan_snooping? boolean multicast snooping per VLAN; default false
---@field mst_enabled? boolean multiple spanning trees; default false
---@field fdb_n_learned? integer how many addresses are learned now
---@field bridge_id? string its priority and address, such as 8000.02:00:00:00:00:01
---@field root_id? string the id of the root that it follows
---@field root_port? integer the number of the port towards the root; 0 on the root itself
---@field root_path_cost? integer what the way to the root costs
---@field topology_change? boolean a topology change is being told
---@field topology_change_detected? boolean it noticed a topology change
---@field hello_timer? number seconds left on the timer of hellos
---@field tcn_timer? number seconds left on the timer of topology change notices
---@field topology_change_timer? number seconds left on the timer of topology changes
---@field gc_timer? number seconds until addresses are looked through

---A port of a bridge. Prints as in `bridge link`; times in seconds.
---@class nsh.BridgePort
---@field name string the link
---@field bridge? string the bridge
---@field up boolean administratively up; default false
---@field index integer its index; default the next free one
---@field carrier boolean something is at the other end; of a dummy or tun link it can be set
---@field operstate string UP, DOWN, UNKNOWN, LOWERLAYERDOWN, DORMANT, ... (RFC 2863)
---@field state? string its state; set by hand only without STP
---@field priority? integer its priority, lower is better; default 32
---@field cost? integer what a path through it costs
---@field hairpin? boolean frames may leave through the port that they came in by; default false
---@field guard? boolean a BPDU that comes in disables the port; default false
---@field root_block? boolean it can't become the root port; default false
---@field fastleave? boolean a leave ends multicast at once; default false
---@field learning? boolean learn the source addresses of frames; default true
---@field flood? boolean frames to unknown addresses leave here too; default true
---@field mcast_flood? boolean multicast to unknown groups leaves here too; default true
---@field bcast_flood? boolean broadcasts leave here; default true
---@field mcast_to_unicast? boolean multicast is sent to each member as unicast; default false
---@field mcast_router? string whether a multicast router is behind the port
---@field mcast_max_groups? integer how many groups may be joined, 0 for no limit
---@field proxy_arp? boolean answer ARP for hosts behind other ports; default false
---@field proxy_arp_wifi? boolean as proxy_arp, by the rules of 802.11; default false
---@field neigh_suppress? boolean answer ARP and ND from the neighbour table; default false
---@field vlan_tunnel? boolean map VLANs to tunnel ids; default false
---@field isolated? boolean it talks only to ports that are not isolated; default false
---@field locked? boolean only addresses with an fdb entry may send (802.1X); default false
---@field mab? boolean MAC authentication bypass on a locked port; default false
---@field group_fwd_mask? integer as the bridge's, for this port
---@field mcast_n_groups? integer how many groups are joined now
---@field id? integer its id
---@field number? integer its number
---@field root_id? string the root that it knows of
---@field bridge_id? string the designated bridge of its segment
---@field designated_port? integer the designated port of its segment
---@field designated_cost? integer what the designated bridge's way to the root costs
---@field topology_change_ack? boolean a topology change was acknowledged
---@field config_pending? boolean a BPDU is waiting to be sent
---@field message_age_timer? number seconds left on the timer of the last BPDU's age
---@field forward_delay_timer? number seconds left in the state listening or learning
---@field hold_timer? number seconds until the next BPDU may be sent

---A VLAN of a port, or of a bridge itself. Prints as in `bridge vlan`.
---@class nsh.BridgeVlan
---@field dev string the port, or the bridge itself; in a filter a bridge also stands for all its ports
---@field index integer the link's index
---@field vid integer the VLAN's number
---@field pvid boolean untagged frames that come in belong to it; only one VLAN of a port does; default false
---@field untagged boolean its frames leave without a tag; default false
---@field state? string its state at this port, for a spanning tree per VLAN
---@field neigh_suppress? boolean answer ARP and ND from the neighbour table; default false
---@field mcast_router? string whether a multicast router is behind the port; needs the bridge's mcast_vlan_snooping
---@field mcast_max_groups? integer how many groups may be joined, 0 for no limit; needs the bridge's mcast_vlan_snooping
---@field mcast_n_groups? integer how many groups are joined now
---@field rx_bytes? integer bytes that came in; needs the bridge's vlan_stats_enabled
---@field rx_packets? integer frames that came in
---@field tx_bytes? integer bytes that left
---@field tx_packets? integer frames that left

---A VLAN of a bridge, at all ports. Prints as in `bridge vlan global`, on one line.
---@class nsh.BridgeVlanGlobal
---@field dev string the bridge
---@field vid integer the VLAN's number
---@field mcast_snooping? boolean send multicast only to ports that asked for it; default true. All but `msti` need the bridge's mcast_vlan_snooping
---@field mcast_igmp_version? integer IGMP's version; default 2
---@field mcast_mld_version? integer MLD's version; default 1
---@field mcast_querier? boolean send IGMP and MLD queries; default false
---@field mcast_last_member_count? integer queries before a group is dropped; default 2
---@field mcast_startup_query_count? integer queries sent at the start; default 2
---@field mcast_last_member_interval? number seconds between queries after a leave; default 1
---@field mcast_membership_interval? number seconds until a group without reports goes; default 260
---@field mcast_querier_interval? number seconds until another querier is taken for gone; default 255
---@field mcast_query_interval? number seconds between queries; default 125
---@field mcast_query_response_interval? number seconds that may pass before a report; default 10
---@field mcast_startup_query_interval? number seconds between queries at the start; default 31.25
---@field msti? integer the spanning tree that it belongs to; needs the bridge's mst_enabled (Linux 5.18)

---A tracked connection. It prints as `conntrack -L` shows it.
---@class nsh.Connection
---@field proto string the protocol, by its name or number
---@field state? string ESTABLISHED and so on, for TCP and SCTP
---@field timeout? integer seconds until it is forgotten if no packet comes
---@field mark integer its mark
---@field zone integer its zone, 0 for most
---@field replied boolean an answer was seen
---@field assured boolean it went on for long enough not to be dropped early
---@field snat boolean whether its source was translated
---@field dnat boolean whether its destination was translated
---@field offloaded boolean whether its packets go past the chains, by a flow table
---@field orig? nsh.conntrack.Tuple its first packet, as it came
---@field reply? nsh.conntrack.Tuple an answer as it comes: what was translated is seen here
---@field sent? nsh.conntrack.Counters what went as the first packet did; counted with the sysctl net.netfilter.nf_conntrack_acct
---@field received? nsh.conntrack.Counters what came back

---An address that a server has given.
---@class nsh.DhcpHeld
---@field ip string the address
---@field mac string the client's hardware address
---@field hostname? string the name that the client told
---@field left number seconds until the lease ends

---An address that a client was given.
---@class nsh.DhcpLease
---@field address string the address with its prefix length
---@field ip string the address alone
---@field dev string the link
---@field router? string the router, if the server told one
---@field routers string[] all routers
---@field dns string[] the DNS servers
---@field domain? string the domain, if the server told one
---@field mtu? integer the MTU, if the server told one
---@field lease integer seconds that the address may be kept
---@field server string the server's address

---A message of a client, and its answer. Prints as a line of the server's log.
---@class nsh.DhcpMessage
---@field kind string discover, request, release, decline or inform
---@field mac string the client's hardware address
---@field ip? string the address that was given, or that it is about
---@field hostname? string the name that the client told
---@field answer? string offer, ack or nak; nil for none
---@field time number when, in seconds since 1970

---A server's answer. Prints as `dig` shows it, shorter.
---@class nsh.DnsAnswer
---@field rcode string NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...
---@field addresses string[] the addresses among the answers
---@field flags string[] those that are set, in this order: qr, aa, tc, rd, ra, ad, cd
---@field server string who answered, address and port
---@field tcp boolean whether it came by TCP
---@field size integer bytes of the message
---@field time number seconds until the answer came
---@field answers nsh.DnsRecord[] the records that were asked for, and the aliases that lead to them
---@field authority nsh.DnsRecord[] whose names they are: of what doesn't exist, the domain's SOA
---@field additional nsh.DnsRecord[] what may be wanted next

---A query that a server answered. Prints as a line of its log.
---@class nsh.DnsQuery
---@field name string the name; empty if what came was malformed
---@field peer string the client's address and port
---@field peer_ip string the client's address alone
---@field tcp boolean whether it came by TCP
---@field rcode string what was answered: NOERROR, NXDOMAIN, ...
---@field answers integer how many records answered it
---@field forwarded boolean whether the server of `forward` answered
---@field time number when, in seconds since 1970
---@field type string the type of records: A, MX, ...

---A record. Prints as a line of a zone file.
---@class nsh.DnsRecord
---@field name string whose it is, without the dot at the end
---@field ttl integer seconds that it may be kept
---@field data string such as "10.0.0.1" or "10 mail.example.org"
---@field type string A, MX, ...

---What a link's device or driver does, and how. Prints its parts, a line each.
---@class nsh.Ethtool
---@field dev string the link
---@field driver? string its driver; of a link without hardware mostly its kind
---@field driver_version? string the driver's version
---@field firmware? string the version of the device's firmware
---@field bus? string where the device is
---@field link? boolean whether somebody is at the cable's far end
---@field speed? integer megabits a second
---@field duplex? string whether it sends and receives at the same time
---@field autoneg? boolean whether both ends agree on them
---@field lanes? integer how many lanes the cable has
---@field port? string the kind of its socket
---@field phyad? integer the number of its PHY
---@field features table<string, boolean> which are on, by the kernel's names and by ethtool's words for groups, of which one is on
---@field fixed string[] the features that can't be changed, by the same names
---@field wanted table<string, boolean> features that were asked to be other than they are, because others are off
---@field channels? nsh.EthtoolChannels numbers of queues, and the most of each
---@field rings? nsh.EthtoolRings sizes of the rings, and the most of each
---@field coalesce? nsh.EthtoolCoalesce when the device interrupts
---@field pause? nsh.EthtoolPause pause frames
---@field eee? nsh.EthtoolEee energy-efficient Ethernet
---@field wol? table<string, boolean> what can wake the machine (magic, ucast, ...), each with whether it does
---@field fec? string[] the ways of forward error correction that may be used
---@field private_flags? table<string, boolean> the driver's own flags, each with whether it is set

---Queues with an interrupt of their own.
---@class nsh.EthtoolChannels
---@field rx? integer queues that only receive
---@field tx? integer queues that only send
---@field other? integer for anything else, such as link interrupts
---@field combined? integer queues that receive and send
---@field rx_max? integer as many can there be
---@field tx_max? integer as many can there be
---@field other_max? integer as many can there be
---@field combined_max? integer as many can there be

---When a device interrupts.
---@class nsh.EthtoolCoalesce
---@field adaptive_rx? boolean the driver chooses for received packets
---@field adaptive_tx? boolean the driver chooses for sent packets
---@field rx_usecs? integer microseconds after a packet came
---@field rx_frames? integer so many packets came
---@field rx_usecs_irq? integer `rx_usecs` while an interrupt is served
---@field rx_frames_irq? integer `rx_frames` while an interrupt is served
---@field tx_usecs? integer microseconds after a packet was sent
---@field tx_frames? integer so many packets were sent
---@field tx_usecs_irq? integer `tx_usecs` while an interrupt is served
---@field tx_frames_irq? integer `tx_frames` while an interrupt is served
---@field stats_block_usecs? integer microseconds between updates of the statistics
---@field pkt_rate_low? integer packets a second below which the options `_low` count
---@field rx_usecs_low? integer `rx_usecs` at a low rate
---@field rx_frames_low? integer `rx_frames` at a low rate
---@field tx_usecs_low? integer `tx_usecs` at a low rate
---@field tx_frames_low? integer `tx_frames` at a low rate
---@field pkt_rate_high? integer packets a second above which the options `_high` count
---@field rx_usecs_high? integer `rx_usecs` at a high rate
---@field rx_frames_high? integer `rx_frames` at a high rate
---@field tx_usecs_high? integer `tx_usecs` at a high rate
---@field tx_frames_high? integer `tx_frames` at a high rate
---@field sample_interval? integer seconds between looks at the rate
---@field cqe_mode_tx? boolean times count from completion events, for sent packets
---@field cqe_mode_rx? boolean times count from completion events, for received packets

---Energy-efficient Ethernet.
---@class nsh.EthtoolEee
---@field enabled? boolean whether it may be used
---@field active? boolean whether both ends agreed on it
---@field tx_lpi? boolean whether this end sleeps while it has nothing to send
---@field tx_lpi_timer? integer microseconds until it sleeps

---Pause frames.
---@class nsh.EthtoolPause
---@field autoneg? boolean whether both ends agree on them
---@field rx? boolean it heeds those that it receives
---@field tx? boolean it sends them

---The rings that packets wait in.
---@class nsh.EthtoolRings
---@field rx? integer packets that the ring for receiving holds
---@field rx_mini? integer the same for small frames
---@field rx_jumbo? integer the same for jumbo frames
---@field tx? integer packets that the ring for sending holds
---@field rx_buf_len? integer bytes of a receive buffer
---@field cqe_size? integer bytes of a completion event
---@field tx_push? boolean descriptors are pushed to the device
---@field rx_push? boolean the same for receiving
---@field tcp_data_split? string headers and payload are received apart
---@field rx_max? integer the most that it can hold
---@field rx_mini_max? integer the most that it can hold
---@field rx_jumbo_max? integer the most that it can hold
---@field tx_max? integer the most that it can hold

---An entry of a forwarding database. Prints as in `bridge fdb`.
---@class nsh.FdbEntry
---@field mac string the hardware address
---@field dev string the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports
---@field index integer the port's index
---@field master? string the bridge
---@field type "local"|"static"|"dynamic" static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; default static in a bridge's database, local in the link's own
---@field dst? string the remote end that has the address, of a vxlan
---@field vlan? integer only for this VLAN
---@field port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of frames from here
---@field via? string the link to the remote end
---@field nhid? integer the nexthop object of the remote ends
---@field used? number seconds since a frame came from it
---@field updated? number seconds since it was learned or moved
---@field flags string[] self, router, extern_learn, offload, sticky, locked

---A rule, as the kernel holds it. It prints as `nft -a list` shows it, behind its chain.
---@class nsh.FirewallRule
---@field handle integer its number in the table, to delete it by
---@field table string the table's family and name
---@field chain string the chain: input (to this namespace), forward (through it), output (from it), prerouting, postrouting, raw_prerouting and raw_output (both before connection tracking), or one made by firewall.add_chain
---@field iif? (string|string[]) the interface by which packets come in; "!br0" is every other, "veth*" all that begin so
---@field out? (string|string[]) the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field family? ("inet"|"inet6") the only family of the packets; addresses and types of ICMP mean theirs anyway
---@field source? (string|string[]) the sources: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field dest? (string|string[]) the destinations: addresses, prefixes, ranges, or a set; "!" in front is all others
---@field proto? (integer|string|(integer|string)[]) the protocols of the packets
---@field sport? (integer|string|(integer|string)[]) the source ports; needs proto
---@field dport? (integer|string|(integer|string)[]) the destination ports; needs proto
---@field icmp? (integer|string|(integer|string)[]) types of ICMP, by nft's names or numbers
---@field icmpv6? (integer|string|(integer|string)[]) types of ICMPv6, by nft's names or numbers
---@field state? (string|string[]) what the packet is to its connection: new, established, related, invalid or untracked
---@field mark? string the packet's mark, or with "/" those bits of it
---@field ct_mark? string the mark of its connection, or with "/" those bits of it
---@field uid? (integer|string|(integer|string)[]) the user whose socket sends; for output and postrouting
---@field limit? string match while no more than this comes ("5/second", "100 kbytes/minute"), or with "over" in front what exceeds it
---@field burst? integer how much may come at once before the limit counts; packets (default 5), or bytes where the limit has them
---@field counter boolean count what matches; default true
---@field log? string write a line that begins so to the kernel's log, which namespaces do only with the sysctl net.netfilter.nf_log_all_netns of the machine
---@field log_level? string the line's level; default warn
---@field log_group? integer hand it to the listener of this group of nflog instead
---@field set_mark? string give the packet this mark, or what a map has for it ("source map @NAME")
---@field set_ct_mark? integer give its connection this mark, which conntrack.list shows
---@field set_zone? integer track it in this zone: the same addresses and ports in another one are another connection; for raw_prerouting and raw_output
---@field action string accept, drop, reject, continue (with the next rule), return (to the calling chain), "jump CHAIN", "goto CHAIN", notrack (in raw_prerouting and raw_output), or "source vmap @NAME": what the map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid), and continue where it has nothing; or "flow add @NAME" in forward: the connection's later packets go past the chains
---@field reason? string what a refused sender is told; tcp-reset needs proto "tcp"; default port-unreachable
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field packets? integer packets that it counted
---@field bytes? integer bytes of those packets
---@field text string what it matches and does, as nft writes it

---What is particular to a GENEVE tunnel.
---@class nsh.Geneve
---@field id? integer the network identifier (VNI)
---@field remote? string the remote end, IPv4
---@field remote6? string the remote end, IPv6
---@field dstport? integer the UDP port; default 6081
---@field ttl? integer the TTL of outer packets, 0 for the system's default
---@field ttl_inherit? boolean the TTL of the packet within; default false
---@field tos? integer the TOS of outer packets; "inherit" for that of the packet within
---@field df? string the don't-fragment bit of outer IPv4 packets; default unset
---@field flowlabel? integer the flow label of outer IPv6 packets
---@field external? boolean the tunnel's ends come with each packet; default false
---@field udp_csum? boolean checksums of outer UDP over IPv4; default true
---@field udp_zero_csum6_tx? boolean send outer UDP over IPv6 without checksum; default false
---@field udp_zero_csum6_rx? boolean take outer UDP over IPv6 without checksum; default false
---@field srcport? (integer|string) the UDP source ports of outer packets, such as "32768-61000" (Linux 6.16)
---@field inner_proto_inherit? boolean the tunnel's packets say their inner protocol, without Ethernet (Linux 5.19); default false

---What is particular to a GRE tunnel over IPv4.
---@class nsh.Gre
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field fwmark? integer the mark by which outer packets are routed
---@field ikey? integer the key of packets that come in, or false
---@field okey? integer the key of packets that go out, or false
---@field encap? string in what of UDP the packets are packed; default none
---@field encap_sport? integer its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field ignore_df? boolean fragment packets that say not to; takes `pmtudisc = false`; default false
---@field iseq? boolean packets that come in must be in sequence; default false
---@field oseq? boolean packets that go out are numbered; default false
---@field icsum? boolean packets that come in must have a checksum; default false
---@field ocsum? boolean packets that go out have a checksum; default false

---What is particular to an HSR or PRP link.
---@class nsh.Hsr
---@field slave1? string the one port
---@field slave2? string the other port
---@field interlink? string a port to a network without redundancy (Linux 6.10)
---@field supervision? integer the last byte of the group that supervision frames are sent to; default 0
---@field version? integer of HSR: 0 for that of 2010, 1 for 2012 and later; default 0
---@field protocol? string hsr, a ring, or prp, two networks side by side; default hsr
---@field supervision_address? string the group that supervision frames are sent to
---@field seq_nr? integer the sequence number of the next frame

---A request that a server answered. Prints as a line of its log.
---@class nsh.HttpRequest
---@field method string GET, HEAD, ...; empty if what came was not HTTP
---@field path string the path as it was asked for, with its query
---@field headers table<string, string> the headers, by name in lower case
---@field body string the request's body, its first 64 KiB
---@field peer string the client's address and port
---@field peer_ip string the client's address alone
---@field status integer the status of the answer
---@field bytes integer bytes of the answer's body
---@field time number when, in seconds since 1970

---A server's answer. Prints as `curl -i` shows it.
---@class nsh.HttpResponse
---@field status integer 200, 404, ...
---@field reason string the words behind the status
---@field headers table<string, string> the headers, by name in lower case
---@field body string the body
---@field url string what was asked for in the end, after redirects
---@field time number seconds from connecting to the body's end
---@field peer string the server's address and port
---@field local_address string our own address and port

---What is particular to a GRE tunnel over IPv6.
---@class nsh.Ip6gre
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the hop limit of outer packets, 0 for the system's default; default 64
---@field encaplimit? integer how often a packet may be encapsulated again (RFC 2473); default 4
---@field no_encaplimit? boolean packets have no such limit; default false
---@field tclass? integer the traffic class of outer packets
---@field tclass_inherit? boolean that of the packet within; default false
---@field flowlabel? integer the flow label of outer packets
---@field flowlabel_inherit? boolean that of the packet within; default false
---@field dscp_inherit? boolean packets that come out get the DSCP of the outer ones; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field fwmark_inherit? boolean that of the packet within; default false
---@field allow_localremote? boolean the remote end may be an address of this host; default false
---@field ikey? integer the key of packets that come in, or false
---@field okey? integer the key of packets that go out, or false
---@field encap? string in what of UDP the packets are packed; default none
---@field encap_sport? integer its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field iseq? boolean packets that come in must be in sequence; default false
---@field oseq? boolean packets that go out are numbered; default false
---@field icsum? boolean packets that come in must have a checksum; default false
---@field ocsum? boolean packets that go out have a checksum; default false

---What is particular to an ip6tnl tunnel.
---@class nsh.Ip6tnl
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the hop limit of outer packets, 0 for the system's default; default 64
---@field encaplimit? integer how often a packet may be encapsulated again (RFC 2473); default 4
---@field no_encaplimit? boolean packets have no such limit; default false
---@field tclass? integer the traffic class of outer packets
---@field tclass_inherit? boolean that of the packet within; default false
---@field flowlabel? integer the flow label of outer packets
---@field flowlabel_inherit? boolean that of the packet within; default false
---@field dscp_inherit? boolean packets that come out get the DSCP of the outer ones; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field fwmark_inherit? boolean that of the packet within; default false
---@field allow_localremote? boolean the remote end may be an address of this host; default false
---@field encap? string in what of UDP the packets are packed; default none
---@field encap_sport? integer its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field mode? string what it carries; default any

---What is particular to an ipip tunnel.
---@class nsh.Ipip
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field encap? string in what of UDP the packets are packed; default none
---@field encap_sport? integer its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field external? boolean the tunnel's ends come with each packet; default false
---@field mode? string what it carries; default any

---What is particular to an ipvlan or ipvtap.
---@class nsh.Ipvlan
---@field mode? string switched (l2) or routed (l3, l3s); default l3
---@field private? boolean ipvlans on the same link don't talk to each other; default false
---@field vepa? boolean they talk by the switch that the link below leads to; default false

---A network interface. Prints as in `ip -br link`, with its index and MTU.
---@class nsh.Link
---@field name string its name
---@field kind? string veth, bridge, ...; none for lo and hardware
---@field up boolean administratively up; default false
---@field index integer its index; default the next free one
---@field type string ether, loopback, ...
---@field mtu integer bytes; the kernel's choice is 1500 for most kinds
---@field mac? string its hardware address; the kernel's choice is random
---@field txqlen integer the transmit queue's length, in packets
---@field group string its group, by number or by name in /etc/iproute2/group; default 0
---@field alias? string a text for people, up to 255 bytes; empty for none
---@field carrier boolean something is at the other end; of a dummy or tun link it can be set
---@field protodown boolean a protocol keeps the carrier down
---@field mode string the operstate of a link that comes up: up (DEFAULT), or dormant first (DORMANT)
---@field addrgenmode? string how it makes its IPv6 link-local address
---@field broadcast? string the hardware address of broadcasts
---@field permanent_mac? string the address burnt in, if another is in use
---@field min_mtu integer the least MTU it can have
---@field max_mtu integer the greatest MTU it can have, 0 for no limit
---@field flags string[] UP, LOWER_UP, NO-CARRIER, ..., as `ip link` shows them
---@field operstate string UP, DOWN, UNKNOWN, LOWERLAYERDOWN, DORMANT, ... (RFC 2863)
---@field link_index? integer the index of the peer or of the link below
---@field link_netnsid? integer the kernel's number for that link's namespace, if it is another one
---@field qdisc string its queueing discipline
---@field altnames string[] its alternative names
---@field promiscuity integer how many ask it to be promiscuous
---@field allmulti integer how many ask it for all multicast
---@field tx_queues integer its transmit queues
---@field rx_queues integer its receive queues
---@field carrier_changes integer how often the carrier came or went
---@field gso_max_size integer the largest packet to be segmented, in bytes
---@field gso_max_segs integer the most segments of one packet
---@field tso_max_size integer as gso_max_size, of the device
---@field tso_max_segs integer as gso_max_segs, of the device
---@field gro_max_size integer the largest packet that is put together, in bytes
---@field parent_bus? string the bus of hardware
---@field parent_dev? string the device of hardware
---@field master? string the bridge or VRF that it is a port of
---@field link? string the peer or the link below, if it is in the same namespace
---@field link_netns? string the namespace of that link, if it is another one
---@field bridge? nsh.Bridge what is particular to a bridge
---@field vlan? nsh.Vlan what is particular to a VLAN
---@field macvlan? nsh.Macvlan what is particular to a macvlan or macvtap
---@field ipvlan? nsh.Ipvlan what is particular to an ipvlan or ipvtap
---@field netkit? nsh.Netkit what is particular to a netkit pair
---@field bond? nsh.Bond what is particular to a bond
---@field hsr? nsh.Hsr what is particular to an HSR or PRP link
---@field macsec? nsh.Macsec what is particular to a MACsec link
---@field vrf? nsh.Vrf what is particular to a VRF
---@field vxlan? nsh.Vxlan what is particular to a VXLAN tunnel
---@field geneve? nsh.Geneve what is particular to a GENEVE tunnel
---@field gre? nsh.Gre what is particular to a GRE tunnel over IPv4
---@field ip6gre? nsh.Ip6gre what is particular to a GRE tunnel over IPv6
---@field ipip? nsh.Ipip what is particular to an ipip tunnel
---@field sit? nsh.Sit what is particular to a sit tunnel
---@field ip6tnl? nsh.Ip6tnl what is particular to an ip6tnl tunnel
---@field vti? nsh.Vti what is particular to a VTI tunnel over IPv4
---@field vti6? nsh.Vti6 what is particular to a VTI tunnel over IPv6
---@field xfrm? nsh.Xfrm what is particular to an interface of IPsec
---@field tun? nsh.Tun what is particular to a tun or tap link
---@field port_kind? string what it is a port of: bridge, vrf, ...
---@field port? nsh.LinkPort what is particular to a port of a bridge
---@field vrf_table? integer the routing table, of a port of a VRF
---@field shape? nsh.Shape how it shapes what it sends, if it does
---@field shape_in? nsh.Shape how an ifb shapes what it receives, where its other end is in no namespace of the lab

---What is particular to a port of a bridge.
---@class nsh.LinkPort
---@field state? string its state; set by hand only without STP
---@field priority? integer its priority, lower is better; default 32
---@field cost? integer what a path through it costs
---@field hairpin? boolean frames may leave through the port that they came in by; default false
---@field guard? boolean a BPDU that comes in disables the port; default false
---@field root_block? boolean it can't become the root port; default false
---@field fastleave? boolean a leave ends multicast at once; default false
---@field learning? boolean learn the source addresses of frames; default true
---@field flood? boolean frames to unknown addresses leave here too; default true
---@field mcast_flood? boolean multicast to unknown groups leaves here too; default true
---@field bcast_flood? boolean broadcasts leave here; default true
---@field mcast_to_unicast? boolean multicast is sent to each member as unicast; default false
---@field mcast_router? string whether a multicast router is behind the port
---@field mcast_max_groups? integer how many groups may be joined, 0 for no limit
---@field proxy_arp? boolean answer ARP for hosts behind other ports; default false
---@field proxy_arp_wifi? boolean as proxy_arp, by the rules of 802.11; default false
---@field neigh_suppress? boolean answer ARP and ND from the neighbour table; default false
---@field vlan_tunnel? boolean map VLANs to tunnel ids; default false
---@field isolated? boolean it talks only to ports that are not isolated; default false
---@field locked? boolean only addresses with an fdb entry may send (802.1X); default false
---@field mab? boolean MAC authentication bypass on a locked port; default false
---@field group_fwd_mask? integer as the bridge's, for this port
---@field mcast_n_groups? integer how many groups are joined now
---@field id? integer its id
---@field number? integer its number
---@field root_id? string the root that it knows of
---@field bridge_id? string the designated bridge of its segment
---@field designated_port? integer the designated port of its segment
---@field designated_cost? integer what the designated bridge's way to the root costs
---@field topology_change_ack? boolean a topology change was acknowledged
---@field config_pending? boolean a BPDU is waiting to be sent
---@field message_age_timer? number seconds left on the timer of the last BPDU's age
---@field forward_delay_timer? number seconds left in the state listening or learning
---@field hold_timer? number seconds until the next BPDU may be sent

---A link's counters since it was made.
---@class nsh.LinkStats
---@field rx_packets integer packets received
---@field tx_packets integer packets sent
---@field rx_bytes integer bytes received
---@field tx_bytes integer bytes sent
---@field rx_errors integer bad packets received
---@field tx_errors integer packets that could not be sent
---@field rx_dropped integer packets received, but not processed
---@field tx_dropped integer packets dropped on the way out
---@field multicast integer multicast packets received
---@field collisions integer collisions while sending
---@field rx_length_errors integer packets of a wrong length
---@field rx_over_errors integer packets that overran the ring
---@field rx_crc_errors integer packets with a wrong checksum
---@field rx_frame_errors integer frames out of alignment
---@field rx_fifo_errors integer packets that overran the FIFO
---@field rx_missed_errors integer packets missed for want of buffers
---@field tx_aborted_errors integer packets whose sending was aborted
---@field tx_carrier_errors integer packets lost for want of carrier
---@field tx_fifo_errors integer packets that underran the FIFO
---@field tx_heartbeat_errors integer heartbeats missed
---@field tx_window_errors integer late collisions
---@field rx_compressed integer compressed packets received
---@field tx_compressed integer compressed packets sent
---@field rx_nohandler integer packets for which nothing was there
---@field rx_otherhost_dropped integer packets for other hosts
---@field carrier_changes integer how often the carrier came or went
---@field carrier_up_count integer how often the carrier came
---@field carrier_down_count integer how often the carrier went

---What is particular to a MACsec link.
---@class nsh.Macsec
---@field sci? string the secure channel's identifier, 16 hexadecimal digits; default the link's address and port
---@field port? integer its last two bytes; default 1
---@field cipher? string the cipher; default gcm-aes-128
---@field icvlen? integer bytes of the integrity check value; default 16
---@field encrypt? boolean encrypt, and not only authenticate; default false
---@field protect? boolean protect what is sent; default true
---@field send_sci? boolean the identifier is in each frame; default true
---@field end_station? boolean the bit ES of frames; default false
---@field scb? boolean the bit SCB (single copy broadcast) of frames; default false
---@field replay? boolean frames are taken once only; default false; takes window
---@field window? integer how far they may be out of order; default 0
---@field validate? string what becomes of frames that are wrong: strict drops them; default strict
---@field encodingsa? integer the secure association that is sent by; default 0
---@field offload? string who does it: the kernel (off), the PHY or the MAC; default off

---What is particular to a macvlan or macvtap.
---@class nsh.Macvlan
---@field mode? string who talks to whom; default vepa
---@field nopromisc? boolean passthru: the link below doesn't become promiscuous; default false
---@field nodst? boolean source: frames go only to the macvlan that has their source; default false
---@field bc_queue_len? integer broadcasts that may wait; default 1000
---@field bc_queue_len_used? integer the length in use, the most of all on the same link
---@field bc_cutoff? integer above this number of macvlans multicast is put in the queue

---An entry of a multicast database. Prints as in `bridge mdb`.
---@class nsh.MdbEntry
---@field dev string the bridge, or the vxlan; default the port's bridge
---@field port string the port that gets the group's packets; default `dev`, the bridge itself
---@field grp string the group: an IPv4, IPv6 or hardware address
---@field state "temp"|"permanent" permanent stays; temp goes as one that a host joined by a report; default temp
---@field vid? integer only in this VLAN
---@field src? string only what comes from this address
---@field filter_mode? string whether `source_list` names all that may send, or all that may not (Linux 6.3); default exclude
---@field source_list? string[] addresses that `filter_mode` is about (Linux 6.3)
---@field proto? string who made it (Linux 6.3); default static
---@field dst? string the remote end that gets it, of a vxlan
---@field dst_port? integer the UDP port of the remote end
---@field vni? integer the VNI at the remote end
---@field src_vni? integer the VNI of packets from here
---@field via? string the link to the remote end
---@field timer? number seconds until it goes
---@field flags string[] offload, fast_leave, added_by_star_ex, blocked, offload_failed

---A port behind which multicast routers are.
---@class nsh.MdbRouter
---@field dev string the bridge
---@field port string the port
---@field type string permanent where it was set so, temporary as long as `timer`, learn as long as queries come
---@field vid? integer only in this VLAN
---@field timer? number seconds until it is none

---A group that a link has joined. Prints as in `ip maddress`, on one line.
---@class nsh.Membership
---@field dev string the link
---@field family "link"|"inet"|"inet6" inet, inet6, or link for hardware addresses
---@field group string the group
---@field users integer how many have joined it
---@field static boolean one of them is `maddr.add`

---One of several next hops of a route of MPLS.
---@class nsh.MplsHop
---@field as? string the labels that packets get; default none
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link
---@field flags string[] linkdown, dead, ...

---A route of MPLS. Prints as in `ip -f mpls route`.
---@class nsh.MplsRoute
---@field label integer the label that packets come with
---@field as? string the labels that they get in its place, the outermost first, such as "200" or "200/300"; default none: it is taken away
---@field via? string the next router, of IPv4 or IPv6
---@field dev? string the link; default the one on which the next router is
---@field proto string who added it; default boot
---@field ttl_propagate? string whether the TTL is carried over to an IP packet that comes out; default as sysctl net.mpls.ip_ttl_propagate
---@field flags string[] linkdown, dead, ...
---@field nexthops nsh.MplsHop[] the next hops, where there are several

---An endpoint of MPTCP. Prints as in `ip mptcp endpoint`.
---@class nsh.MptcpEndpoint
---@field address string the address
---@field id integer its number; default the first that is free
---@field port? integer the port that the peer is told, on which the kernel listens then; needs `signal`
---@field dev? string the link by which its packets go
---@field signal boolean peers are told of the address (ADD_ADDR)
---@field subflow boolean this end opens a subflow from the address by itself
---@field backup boolean its subflows are used only where there is no other
---@field fullmesh boolean this end opens a subflow from it to each address of the peer; needs `subflow`
---@field implicit boolean made by the kernel, of a connection that came in

---What connections of MPTCP may have. Prints as `ip mptcp limits`.
---@class nsh.MptcpLimits
---@field subflows integer further subflows
---@field add_addr_accepted integer addresses of the peer's that are accepted, to which subflows are opened

---A route of multicast. Prints as in `ip mroute`, on one line.
---@class nsh.Mroute
---@field group string the group that packets are sent to
---@field from? string the sender; default all that have no route of their own
---@field iif? string the link on which they come in
---@field oifs? string[] the links by which they go on; none of them: they go nowhere
---@field packets? integer packets that came
---@field bytes? integer bytes of those packets
---@field wrong_iif? integer packets that came in by another link, and went nowhere
---@field unresolved boolean there is no route for what came, and nobody made one

---A NAT rule, as the kernel holds it. It prints as `nft -a list` shows it.
---@class nsh.NatRule
---@field handle integer its number, to delete it by
---@field kind "masquerade"|"snat"|"dnat"|"redirect"|"other" what it does
---@field hooks string[] where it hangs: postrouting, prerouting, and with host output too
---@field source? string the source that it matches, an address or prefix; "!192.168.1.0/24" is all others
---@field dest? string the destination that it matches, an address or prefix; "!" in front is all others
---@field iif? string the interface by which packets come in; "!br0" is every other, "veth*" all that begin so. For masquerade and snat the kernel knows it from version 5.7 on, and for the host's own packets there is none
---@field out? string the interface by which packets leave; "!br0" is every other, "veth*" all that begin so
---@field proto? string the protocol of the packets
---@field sport? (integer|string|(integer|string)[]) the source ports; needs proto
---@field dport? (integer|string|(integer|string)[]) the destination ports; needs proto
---@field to? string what it translates to: an address or a range of them, with proto also a port or ports; or what a map of firewall.add_map has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid): "dport map @NAME"
---@field family? ("inet"|"inet6") the only family of the packets; where source, dest or to is an address, its family is meant anyway
---@field random boolean choose ports by a hash with a random seed; the default keeps them where possible
---@field fully_random boolean choose ports at random
---@field persistent boolean translate a client to the same address of a range each time
---@field host boolean also for connections that begin in this namespace itself, which don't pass prerouting (a second rule, on the hook output); default false
---@field comment? string a remark of at most 128 bytes, shown by nft too
---@field packets integer packets that it translated: the first of each connection alone, the others follow it
---@field bytes integer bytes of those packets
---@field expressions? string[] for the kind other: what nf_tables does there

---A neighbour. Prints as in `ip neigh`.
---@class nsh.Neigh
---@field dst string its address
---@field lladdr? string its hardware address, once known
---@field dev string the link that it is on
---@field index integer the link's index
---@field state string permanent, reachable, stale, delay, probe, failed, noarp or none, when reported in capital letters; default permanent
---@field family "inet"|"inet6" IPv4 (inet) or IPv6 (inet6)
---@field router boolean it is a router (IPv6); default false
---@field proxy boolean answered for on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or net.ipv6.conf.DEV.proxy_ndp too); in a filter, these instead of the others; default false
---@field extern_learn boolean a program learned it
---@field offload boolean hardware has it
---@field probes integer requests sent without an answer
---@field used number seconds since it was used
---@field confirmed number seconds since it was confirmed
---@field updated number seconds since it changed
---@field proto? string who added it: static, zebra, ...

---What is particular to a netkit pair.
---@class nsh.Netkit
---@field mode? string with Ethernet (l2) or without (l3); default l3
---@field policy? string what becomes of packets that no program decides on; default forward
---@field scrub? string whether marks of packets are cleared (Linux 6.13); default default
---@field peer_policy? string the policy of the other end
---@field peer_scrub? string scrub of the other end (Linux 6.13)
---@field headroom? integer bytes in front of packets (Linux 6.14)
---@field tailroom? integer bytes behind packets (Linux 6.14)
---@field primary? boolean this is the end by which the pair was made, and can be changed

---One of several next hops of a route.
---@class nsh.Nexthop
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link
---@field weight integer its share among the hops; default 1
---@field onlink? boolean the gateway is reachable though no address says so; default false
---@field flags string[] onlink, linkdown, dead, ...
---@field encap? string as the route's

---A nexthop object. Prints as in `ip nexthop`.
---@class nsh.NexthopObject
---@field id integer its number
---@field group? string the nexthops that share the packets, with their weights: `1/2,3` for 1 and 2, the latter thrice as often
---@field encap? string what is put around packets
---@field via? string the gateway
---@field dev? string the link
---@field scope string how far it is
---@field blackhole? boolean packets are dropped silently
---@field proto string who added it
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field flags string[] onlink, linkdown, dead, ...
---@field fdb? boolean it is a remote end for forwarding databases (VXLAN)
---@field family? ("inet"|"inet6") IPv4 (inet) or IPv6 (inet6), where no gateway says it; default inet

---A kernel parameter. Prints as in `sysctl`.
---@class nsh.Parameter
---@field name string its name with dots; a dot within an interface's name stands as /
---@field value string its value as the kernel writes it

---The MTU of a path, and where it comes from. Prints as text.
---@class nsh.PathMtu
---@field dst string the target, as it was given
---@field addr string the target's address
---@field mtu integer bytes of the largest packet that arrives in one piece, with all its headers
---@field dev string the link that packets leave by
---@field dev_mtu integer its MTU
---@field time number seconds that it took
---@field told nsh.PmtuTold[] who said that a packet was too big, in the order in which it was said
---@field black_hole? nsh.PmtuBlackHole where larger packets vanish without a word; none if they don't

---How packets are held back and lost: what goes to one peer, or through a discipline.
---@class nsh.PeerShape
---@field delay? number how long each packet is held back
---@field jitter? number how far the delay varies; without `rate`, packets may overtake each other
---@field loss? number the share of packets that are lost, at random
---@field duplicate? number the share of packets that are sent twice
---@field corrupt? number the share of packets in which one bit is changed
---@field reorder? number the share of packets that are not delayed, and so overtake others; needs `delay`
---@field rate? integer how fast packets are sent
---@field limit? integer how many packets may wait, those that are delayed among them; default 1000, and what `rate` and `delay` keep under way
---@field delay_correlation? number how far a delay depends on the one before
---@field loss_correlation? number how far a loss depends on the one before
---@field duplicate_correlation? number how far a duplicate depends on the one before
---@field corrupt_correlation? number how far a changed bit depends on the one before
---@field reorder_correlation? number how far reordering depends on the packet before
---@field gap? integer only one packet of so many may overtake others
---@field ecn? boolean packets are marked instead of lost, where both ends know that
---@field loss_model? nsh.ShapeLossModel losses that come in bursts, instead of `loss`
---@field slot? nsh.ShapeSlot packets that leave in groups

---What came of a measurement. Prints as the summary of iperf3.
---@class nsh.Perf
---@field dst string the target, as it was given
---@field addr string its address
---@field port integer its port
---@field proto string tcp or udp
---@field from string the namespace that sends
---@field to string the one that receives
---@field start number seconds since the beginning of what counts
---@field time number seconds that it took
---@field bytes integer bytes of data that arrived
---@field rate number bits of data per second that arrived
---@field sent integer bytes of data that were sent
---@field sent_rate number bits of data per second that were sent
---@field retransmits? integer segments that were sent again, of tcp
---@field cwnd? integer the congestion window at the end in bytes, of tcp
---@field datagrams? integer datagrams that were sent, of udp
---@field received? integer datagrams that arrived, without duplicates
---@field lost? integer datagrams that did not arrive
---@field loss? number their share, 0 to 1
---@field out_of_order? integer datagrams that arrived behind later ones
---@field duplicates? integer datagrams that arrived once more
---@field jitter? number how much their time on the way varies, in seconds (RFC 3550), of udp
---@field rtt? nsh.PerfRtt round-trip times, of tcp
---@field intervals nsh.PerfInterval[] what passed in each interval
---@field streams nsh.PerfStream[] what passed in each stream
---@field back? nsh.PerfBack the other direction, of `both`

---What passed in one direction.
---@class nsh.PerfBack
---@field from string the namespace that sends
---@field to string the one that receives
---@field start number seconds since the beginning of what counts
---@field time number seconds that it took
---@field bytes integer bytes of data that arrived
---@field rate number bits of data per second that arrived
---@field sent integer bytes of data that were sent
---@field sent_rate number bits of data per second that were sent
---@field retransmits? integer segments that were sent again, of tcp
---@field cwnd? integer the congestion window at the end in bytes, of tcp
---@field datagrams? integer datagrams that were sent, of udp
---@field received? integer datagrams that arrived, without duplicates
---@field lost? integer datagrams that did not arrive
---@field loss? number their share, 0 to 1
---@field out_of_order? integer datagrams that arrived behind later ones
---@field duplicates? integer datagrams that arrived once more
---@field jitter? number how much their time on the way varies, in seconds (RFC 3550), of udp
---@field rtt? nsh.PerfRtt round-trip times, of tcp
---@field intervals nsh.PerfInterval[] what passed in each interval
---@field streams nsh.PerfStream[] what passed in each stream

---What passed in an interval.
---@class nsh.PerfInterval
---@field start number seconds since the beginning of what counts
---@field time number seconds that it took
---@field bytes integer bytes of data that arrived
---@field rate number bits of data per second that arrived
---@field sent integer bytes of data that were sent
---@field sent_rate number bits of data per second that were sent
---@field retransmits? integer segments that were sent again, of tcp
---@field cwnd? integer the congestion window at the end in bytes, of tcp
---@field datagrams? integer datagrams that were sent, of udp
---@field received? integer datagrams that arrived, without duplicates
---@field lost? integer datagrams that did not arrive
---@field loss? number their share, 0 to 1
---@field out_of_order? integer datagrams that arrived behind later ones
---@field duplicates? integer datagrams that arrived once more
---@field jitter? number how much their time on the way varies, in seconds (RFC 3550), of udp

---Round-trip times in seconds, as TCP measured them, every tenth of a second.
---@class nsh.PerfRtt
---@field min number the shortest
---@field avg number the mean
---@field max number the longest

---What passed in a stream.
---@class nsh.PerfStream
---@field start number seconds since the beginning of what counts
---@field time number seconds that it took
---@field bytes integer bytes of data that arrived
---@field rate number bits of data per second that arrived
---@field sent integer bytes of data that were sent
---@field sent_rate number bits of data per second that were sent
---@field retransmits? integer segments that were sent again, of tcp
---@field cwnd? integer the congestion window at the end in bytes, of tcp
---@field datagrams? integer datagrams that were sent, of udp
---@field received? integer datagrams that arrived, without duplicates
---@field lost? integer datagrams that did not arrive
---@field loss? number their share, 0 to 1
---@field out_of_order? integer datagrams that arrived behind later ones
---@field duplicates? integer datagrams that arrived once more
---@field jitter? number how much their time on the way varies, in seconds (RFC 3550), of udp

---What a router, the target or this host said instead of a reply.
---@class nsh.PingError
---@field seq integer the request's number, from 1
---@field from? string who said so; none if the request was not even sent
---@field type? integer ICMP's type
---@field code? integer ICMP's code
---@field message string such as "Destination Host Unreachable"
---@field mtu? integer the MTU of the link for which the request was too big
---@field kind? string the kind of error, if the request was not even sent

---Who reaches whom. Prints as a matrix: rows send, columns are sent to.
---@class nsh.PingMatrix
---@field hosts string[] the hosts, in their order
---@field ok boolean no request was lost
---@field sent integer requests sent
---@field received integer requests that were replied to
---@field loss number the share of requests without a reply, 0 to 1
---@field cut string[] hosts that reach nobody, and that nobody reaches
---@field time number seconds that it took
---@field pairs nsh.PingPair[] each host with each other one
---@field lost nsh.PingPair[] the pairs with losses

---Requests that were lost one after the other.
---@class nsh.PingOutage
---@field first integer the number of the first one
---@field last integer the number of the last one
---@field lost integer how many
---@field at number when the first one was sent, in seconds after the first request of all
---@field time number seconds until the next one was sent that was replied to; of an outage that still lasts, until now
---@field over boolean a later request was replied to

---What came of pinging from one host to another.
---@class nsh.PingPair
---@field src string who sent the requests
---@field dst string to whom
---@field addr string the address
---@field sent integer requests sent
---@field received integer requests that were replied to
---@field lost integer requests without a reply
---@field rtt? number the mean round-trip time in seconds; none without a reply
---@field message? string what was said instead of a reply, such as "Destination Host Unreachable"

---An echo reply. Prints as ping's line for it.
---@class nsh.PingReply
---@field seq integer the request's number, from 1
---@field from string who replied
---@field ttl? integer the time to live, or hop limit, that was left
---@field rtt number the round-trip time in seconds
---@field size integer bytes of ICMP, the payload and 8
---@field duplicate boolean the request had been answered already

---What came of a ping. Prints as the summary of ping.
---@class nsh.PingResult
---@field dst string the target, as it was given
---@field addr string the target's address
---@field size integer bytes of payload
---@field sent integer requests sent
---@field received integer requests that were replied to
---@field duplicates integer replies to requests that had been replied to already
---@field outstanding integer requests that may still be replied to, if it was stopped or still runs
---@field loss number the share of requests without a reply, 0 to 1
---@field time number seconds from the first request to the end
---@field longest_outage? number the longest time in seconds in which all requests were lost; none if there is none
---@field outages nsh.PingOutage[] when requests were lost, in their order; one that a later reply has passed over counts as lost, though `loss` counts it only after its timeout
---@field rtt? nsh.Rtt round-trip times; none without a reply
---@field replies nsh.PingReply[] the replies, in the order in which they came
---@field errors nsh.PingError[] what was said instead of a reply

---Where packets vanish without a word.
---@class nsh.PmtuBlackHole
---@field size integer bytes of the smallest packet that was lost
---@field from? string the last host that such a packet passes; none if no router answers
---@field namespace? string the namespace of the lab that has this address

---Who said that a packet was too big.
---@class nsh.PmtuTold
---@field from string its address
---@field namespace? string the namespace of the lab that has this address
---@field size integer bytes of the packet that was too big
---@field mtu integer the MTU that it told

---A route. Prints as in `ip route`.
---@class nsh.Route
---@field dst string the destination: a prefix, or "default"
---@field family "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no address says it
---@field type string what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, throw goes on with the next rule
---@field via? string the gateway; an IPv6 one for an IPv4 route too
---@field dev? string the link; default the one on which the gateway is
---@field onlink? boolean the gateway is reachable through `dev` though no address says so; default false
---@field src? string the source address of packets from here
---@field metric? integer lower is better; default 0 for IPv4, 1024 for IPv6
---@field table string the routing table; default main
---@field proto string who added it; default boot
---@field scope string how far the destination is; default by type and gateway
---@field tos? integer only packets of this TOS (IPv4)
---@field flags string[] onlink, linkdown, dead, ...
---@field from? string the prefix of sources that it is for (IPv6); the source that a lookup asked for
---@field iif? string the incoming link that a lookup asked for
---@field mark? integer the mark that a lookup asked for
---@field uid? integer the user that a lookup asked for
---@field expires? number seconds until it goes (IPv6)
---@field pref? string the preference of a default route (IPv6, RFC 4191)
---@field nhid? integer the nexthop object that it uses
---@field encap? string what is put around packets
---@field realms? string the realms of routing, TO or FROM/TO
---@field error? integer the error that packets get, of a type that drops
---@field cache? string[] its flags, of an entry of the cache (IPv4): what a lookup found
---@field nexthops nsh.Nexthop[] the next hops, where there are several
---@field metrics? nsh.RouteMetrics properties of the path

---Properties of a path.
---@class nsh.RouteMetrics
---@field lock? string[] the metrics that the kernel may not change by itself
---@field mtu? integer the path's MTU in bytes
---@field window? integer TCP's largest window in bytes
---@field rtt? number TCP's first estimate of the round-trip time, in seconds
---@field rttvar? number and of its variance, in seconds
---@field ssthresh? integer TCP's slow start threshold in segments
---@field cwnd? integer clamps TCP's congestion window, in segments
---@field advmss? integer the MSS to advertise, in bytes
---@field reordering? integer TCP's initial reordering level
---@field hoplimit? integer the hop limit (TTL) of packets
---@field initcwnd? integer TCP's initial congestion window, in segments
---@field features? string ecn, tcp_usec_ts
---@field rto_min? number TCP's least retransmission timeout, in seconds
---@field initrwnd? integer TCP's initial receive window, in segments
---@field quickack? integer 1: acknowledge at once
---@field congctl? string TCP's congestion control
---@field fastopen_no_cookie? integer 1: TCP Fast Open without a cookie

---Round-trip times in seconds, of all replies.
---@class nsh.Rtt
---@field min number the shortest
---@field avg number the mean
---@field max number the longest
---@field mdev number the standard deviation, as ping computes it

---A rule of policy routing. Prints as in `ip rule`.
---@class nsh.Rule
---@field priority? integer its place: lower ones are looked up first
---@field family? ("inet"|"inet6") IPv4 (inet) or IPv6 (inet6), where no address says it
---@field invert? boolean all packets but these (`not`); default false
---@field from? string the source: a prefix, or "all"
---@field to? string the destination: a prefix, or "all"
---@field tos? integer the packet's type of service
---@field fwmark? integer the packet's mark
---@field fwmask? integer which bits of the mark count; default all
---@field iif? string the link that the packet came in by; "lo" for those from here
---@field iif_detached? boolean there is no such link now, so the rule fits no packet
---@field oif? string the link that the packet's socket is bound to
---@field oif_detached? boolean there is no such link now, so the rule fits no packet
---@field l3mdev? boolean the table of the packet's VRF; default false
---@field uidrange? string the user who sends, or a range "1000-1999"
---@field ipproto? string the protocol above IP
---@field sport? (integer|string) the source port or range
---@field dport? (integer|string) the destination port or range
---@field proto? string who added it: kernel, static, bird, ...
---@field table? string the routing table to look up
---@field suppress_prefixlength? integer routes found with a prefix of at most this length don't count: 0 passes over the default route
---@field suppress_ifgroup? string routes found through a link of this group don't count
---@field type? string lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto
---@field goto_priority? integer goes on with the rule of this priority
---@field unresolved? boolean the target of the goto is not there

---What was sent.
---@class nsh.Sent
---@field count integer how many frames
---@field dropped integer how many of them a queueing discipline or a filter of the link dropped at once
---@field bytes string the last one, as it was handed to the link
---@field length integer its length
---@field time number seconds that it took

---How a link shapes what it sends. Prints as in `tc qdisc`.
---@class nsh.Shape
---@field delay? number how long each packet is held back
---@field jitter? number how far the delay varies; without `rate`, packets may overtake each other
---@field loss? number the share of packets that are lost, at random
---@field duplicate? number the share of packets that are sent twice
---@field corrupt? number the share of packets in which one bit is changed
---@field reorder? number the share of packets that are not delayed, and so overtake others; needs `delay`
---@field rate? integer how fast packets are sent
---@field limit? integer how many packets may wait, those that are delayed among them; default 1000, and what `rate` and `delay` keep under way
---@field delay_correlation? number how far a delay depends on the one before
---@field loss_correlation? number how far a loss depends on the one before
---@field duplicate_correlation? number how far a duplicate depends on the one before
---@field corrupt_correlation? number how far a changed bit depends on the one before
---@field reorder_correlation? number how far reordering depends on the packet before
---@field gap? integer only one packet of so many may overtake others
---@field ecn? boolean packets are marked instead of lost, where both ends know that
---@field loss_model? nsh.ShapeLossModel losses that come in bursts, instead of `loss`
---@field slot? nsh.ShapeSlot packets that leave in groups
---@field to? table<string, nsh.PeerShape> how what it sends to these is shaped instead

---Losses that come in bursts.
---@class nsh.ShapeLossModel
---@field p? number Gilbert-Elliott: how often the good state turns bad, by packet
---@field r? number how often the bad state turns good; default 100% less `p`
---@field bad? number the share that is lost in the bad state (tc's 1-h); default 100%
---@field good? number the share that is lost in the good state (tc's 1-k); default none
---@field p13? number four states: how often a burst of losses begins
---@field p31? number how often such a burst ends; default 100% less `p13`
---@field p32? number how often a packet gets through within a burst; default none
---@field p23? number how often the burst goes on after that; default 100%
---@field p14? number how often a single packet is lost; default none

---Packets that leave in groups.
---@class nsh.ShapeSlot
---@field min? number how long at least until the next group leaves
---@field max? number how long at most; default `min`
---@field packets? integer how many packets a group has at most
---@field bytes? integer how many bytes a group has at most

---What is particular to a sit tunnel.
---@class nsh.Sit
---@field local? string the own end
---@field remote? string the remote end
---@field ttl? integer the TTL of outer packets; 0 or "inherit" for that of the packet within
---@field tos? integer the TOS of outer packets; 1 or "inherit" for that of the packet within
---@field pmtudisc? boolean outer packets are not to be fragmented; default true
---@field encap? string in what of UDP the packets are packed; default none
---@field encap_sport? integer its source port; 0 or "auto" for one by the flow, which is the default
---@field encap_dport? integer its destination port
---@field encap_csum? boolean its checksums over IPv4; default false
---@field encap_udp6_csum? boolean its checksums over IPv6; default true of a tunnel over IPv6, else false
---@field encap_remcsum? boolean remote checksum offload of GUE; default false
---@field fwmark? integer the mark by which outer packets are routed
---@field mode? string what it carries; default any
---@field isatap? boolean an ISATAP tunnel (RFC 5214); default false
---@field sixrd_prefix? string the prefix of 6rd (RFC 5969); default 2002::/16, which is 6to4
---@field sixrd_relay_prefix? string what the IPv4 addresses of 6rd have in common

---A socket. Prints as in `ss -anp`.
---@class nsh.Socket
---@field proto "tcp"|"udp"|"raw"|"unix" what it speaks
---@field family? ("inet"|"inet6") its family, IPv4 (inet) or IPv6 (inet6); none of a Unix socket
---@field type? string of a Unix socket: stream, dgram or seqpacket
---@field state string LISTEN, ESTAB, UNCONN, TIME-WAIT, ..., as ss shows it
---@field local_address string its own address and port, as ss shows it: "*:80" takes IPv4 and IPv6; a Unix socket's path, with @ in front of an abstract name
---@field ip? string its own address alone
---@field port? integer its own port; of a raw socket, its protocol's number
---@field dev? string the link that it is bound to
---@field peer string the peer's address and port; "0.0.0.0:*" or "*:*" for none; of a Unix socket "*" and the peer's inode
---@field peer_ip? string the peer's address alone
---@field peer_port? integer the peer's port; 0 for none
---@field recv_q integer bytes that came and were not read yet; of a listening socket, connections not yet accepted
---@field send_q integer bytes not sent yet, or not acknowledged; of a listening socket, how many connections may wait
---@field v6only? boolean of IPv6: takes no IPv4
---@field uid? integer its user
---@field inode integer its number; 0 once no process has it any more
---@field processes nsh.SocketOwner[] the lab's processes that have it open

---A process that has a socket open.
---@class nsh.SocketOwner
---@field name string its program's name
---@field pid integer its number
---@field fd integer the descriptor

---A connection that a server accepted.
---@class nsh.TcpAccepted
---@field peer string the client's address and port
---@field peer_ip string the client's address alone
---@field local_address string the address and port that it connected to
---@field time number when, in seconds since 1970
---@field bytes_in integer bytes that came
---@field bytes_out integer bytes that were sent
---@field data string the first bytes that came, 4096 unless `keep` says otherwise
---@field open boolean whether it is still open

---The way to a host. Prints as traceroute prints it.
---@class nsh.Trace
---@field dst string the target, as it was given
---@field addr string the target's address
---@field proto string icmp, udp or tcp
---@field reached boolean the target answered
---@field time number seconds that it took
---@field hops nsh.TraceHop[] the routers in their order, and the target; a hop that is silent has no addr

---Who answered a packet.
---@class nsh.TraceAnswer
---@field from string its address
---@field rtt number the round-trip time in seconds
---@field message? string what it said, if it is more than that the time to live has ended
---@field mtu? integer the MTU of the link for which the packet was too big

---A router on the way, or its end.
---@class nsh.TraceHop
---@field ttl integer the time to live that ends there
---@field addr? string who answered first; none if nobody did
---@field namespace? string the namespace of the lab that has this address
---@field rtt? number the round-trip time of the first answer, in seconds
---@field message? string what it said, if it is more than that the time to live has ended
---@field sent integer packets sent
---@field lost integer packets that nobody answered
---@field answers nsh.TraceAnswer[] all answers, in the order of the packets

---What is particular to a tun or tap link.
---@class nsh.Tun
---@field owner? integer the user who may open it
---@field group? integer the group that may open it
---@field mode? string tun or tap
---@field pi? boolean packets have a header of packet information
---@field vnet_hdr? boolean packets have a virtio header
---@field persist? boolean it stays when no one has it open
---@field multi_queue? boolean it can be opened several times

---A datagram that a server got.
---@class nsh.UdpDatagram
---@field peer string who sent it, address and port
---@field peer_ip string the address alone
---@field to? string the address that it was sent to: an own one, a broadcast address or a group
---@field data string what it carries
---@field size integer bytes of data
---@field time number when it came, in seconds since 1970

---The answer to a datagram.
---@class nsh.UdpReply
---@field data string what came back
---@field peer string who sent it, address and port
---@field peer_ip string the address alone
---@field local_address string our own address and port
---@field time number seconds from the last try to the answer
---@field tries integer how often it was sent

---Where a packet goes, and why it is lost. Prints as a path.
---@class nsh.Verdict
---@field ok boolean the probe was answered
---@field from string the namespace that sends
---@field to string the target, as it was given
---@field addr string the target's address
---@field proto string icmp, tcp or udp
---@field time? number seconds until the answer
---@field said? string what was said instead of an answer
---@field hops nsh.WhyHop[] the links on its way, forth and back
---@field faults nsh.WhyFault[] what is wrong, in the order in which the packet meets it

---What is particular to a VLAN.
---@class nsh.Vlan
---@field protocol? string the Ethernet protocol of its tags; default 802.1Q
---@field id? integer its id
---@field reorder_hdr? boolean what comes in has no tag any more, also to packet sockets; default true
---@field gvrp? boolean registered by GVRP; default false
---@field loose_binding? boolean it stays up when the link below goes down; default false
---@field mvrp? boolean registered by MVRP; default false
---@field bridge_binding? boolean on a bridge: its state is that of the bridge's ports in this VLAN; default false
---@field ingress_qos_map? string[] the priority of packets by that in the tag they came in with, each as "FROM:TO"
---@field egress_qos_map? string[] the priority in the tag by that of the packet, each as "FROM:TO"

---What is particular to a VRF.
---@class nsh.Vrf
---@field table? integer the routing table of its ports

---What is particular to a VTI tunnel over IPv4.
---@class nsh.Vti
---@field local? string the own end
---@field remote? string the remote end
---@field ikey? integer that of packets that come in
---@field okey? integer that of packets that go out
---@field fwmark? integer the mark by which outer packets are routed

---What is particular to a VTI tunnel over IPv6.
---@class nsh.Vti6
---@field local? string the own end
---@field remote? string the remote end
---@field ikey? integer that of packets that come in
---@field okey? integer that of packets that go out
---@field fwmark? integer the mark by which outer packets are routed

---What is particular to a VXLAN tunnel.
---@class nsh.Vxlan
---@field id? integer the network identifier (VNI)
---@field remote? string the remote end or a multicast group, IPv4
---@field remote6? string the remote end or a multicast group, IPv6
---@field local? string the own end, IPv4
---@field local6? string the own end, IPv6
---@field dstport? integer the UDP port, 4789 at IANA; the kernel's own default is 8472
---@field ttl? integer the TTL of outer packets, 0 for the system's default
---@field ttl_inherit? boolean the TTL of the packet within; default false
---@field tos? integer the TOS of outer packets; "inherit" for that of the packet within
---@field df? string the don't-fragment bit of outer IPv4 packets; default unset
---@field flowlabel? integer the flow label of outer IPv6 packets
---@field learning? boolean learn remote addresses from packets; default true
---@field ageing? integer seconds after which an unseen address is forgotten; default 300
---@field max_addresses? integer how many addresses are kept, 0 for no limit
---@field proxy? boolean answer ARP and ND; default false
---@field rsc? boolean route short circuit; default false
---@field l2miss? boolean tell of unknown hardware addresses by netlink; default false
---@field l3miss? boolean tell of unknown addresses by netlink; default false
---@field udp_csum? boolean checksums of outer UDP over IPv4; default true
---@field udp_zero_csum6_tx? boolean send outer UDP over IPv6 without checksum; default false
---@field udp_zero_csum6_rx? boolean take outer UDP over IPv6 without checksum; default false
---@field srcport? (integer|string) the UDP source ports of outer packets, such as "32768-61000"; default by net.ipv4.ip_local_port_range
---@field remcsum_tx? boolean remote checksum offload of what is sent; default false
---@field remcsum_rx? boolean remote checksum offload of what comes in; default false
---@field gpe? boolean the generic protocol extension, without Ethernet; default false
---@field localbypass? boolean packets to an end on this host take the short way (Linux 6.4); default true
---@field gbp? boolean the group policy extension; default false
---@field external? boolean the tunnel's ends come with each packet; default false
---@field vnifilter? boolean only VNIs that are listed; default false
---@field link_index? integer the index of the link below

---Why a packet is lost. Prints as a line.
---@class nsh.WhyFault
---@field cause string a stable word for it, such as "link_down"
---@field namespace string the namespace where it is
---@field dev? string the link, where it is about one
---@field way string forth, or back to the sender
---@field text string what is wrong
---@field evidence string[] what says so
---@field fix? string what repairs it, as Lua
---@field command? string what repairs it, as a command

---A link that a packet passes.
---@class nsh.WhyHop
---@field namespace string the namespace
---@field dev string the link
---@field direction string in or out
---@field way string forth, or back to the sender
---@field packet? string its source and destination, where they are new
---@field note? string what the namespace does with it
---@field seen boolean the probe was seen there

---A WireGuard link, with its peers. Prints as `wg show` does.
---@class nsh.Wireguard
---@field dev string the link
---@field private_key? string its private key; `wireguard.genkey` makes one
---@field public_key? string its public key, which follows from the private one: what its peers need
---@field listen_port? integer the UDP port that it listens on; default one that the kernel chooses
---@field fwmark? integer the firewall mark of its own packets, 0 for none
---@field peers nsh.WireguardPeer[] its peers

---A peer of a WireGuard link.
---@class nsh.WireguardPeer
---@field public_key string its public key, by which it is known
---@field preshared_key? string a key that both share besides; `wireguard.genpsk` makes one
---@field endpoint? string where it is reached, such as "10.0.0.1:51820"; else it has to begin
---@field persistent_keepalive? integer seconds between packets that keep translations on the way open, 0 for none; default 0
---@field allowed_ips? string[] the addresses behind it: packets to these go to it, and from it only packets from these are taken
---@field latest_handshake? number when keys were agreed last, in seconds since 1970
---@field rx_bytes? integer bytes that came from it
---@field tx_bytes? integer bytes that were sent to it

---What is particular to an interface of IPsec.
---@class nsh.Xfrm
---@field if_id? integer the id of its states and policies, not 0
---@field external? boolean the id comes with each packet (Linux 6.1); default false

---A policy of IPsec. Prints as in `ip xfrm policy`.
---@class nsh.XfrmPolicy
---@field dir string of packets that come in, go out, or are forwarded
---@field family "inet"|"inet6" IPv4 (inet) or IPv6 (inet6), where no prefix says it; default inet
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field index? integer its number, chosen by the kernel unless given
---@field action? string whether packets pass; default allow
---@field priority? integer its place: lower ones are looked up first; default 0
---@field if_id? integer the xfrm links that it is for
---@field localok? boolean a socket's own policy may say otherwise; default false
---@field icmp? boolean ICMP errors pass by what their payload is; default false
---@field share? string who shares its states
---@field lastused? integer when it was used last, in seconds since 1970
---@field src? string the packets' sources; default all
---@field dst? string the packets' destinations; default all
---@field proto? string the packets' protocol; default all
---@field sport? integer the packets' source port; default all
---@field dport? integer the packets' destination port; default all
---@field type? integer the packets' type of ICMP; default all
---@field code? integer the packets' code of ICMP; default all
---@field key? integer the packets' key of GRE; default all
---@field dev? string the link that they leave or came in by; default all
---@field tmpl nsh.XfrmTemplate[] what protects the packets
---@field byte_soft? integer bytes after which the kernel asks for a new one; default none
---@field byte_hard? integer bytes after which it is gone; default none
---@field packet_soft? integer packets after which the kernel asks for a new one; default none
---@field packet_hard? integer packets after which it is gone; default none
---@field time_soft? integer seconds after which the kernel asks for a new one; default none
---@field time_hard? integer seconds after which it is gone; default none
---@field time_use_soft? integer seconds from its first use after which the kernel asks for a new one; default none
---@field time_use_hard? integer seconds from its first use after which it is gone; default none
---@field bytes integer bytes that it was used for
---@field packets integer packets that it was used for
---@field add_time integer when it was made, in seconds since 1970
---@field use_time? integer when it was used first, in seconds since 1970

---The packets that a state is for.
---@class nsh.XfrmSelector
---@field src? string the packets' sources; default all
---@field dst? string the packets' destinations; default all
---@field proto? string the packets' protocol; default all
---@field sport? integer the packets' source port; default all
---@field dport? integer the packets' destination port; default all
---@field type? integer the packets' type of ICMP; default all
---@field code? integer the packets' code of ICMP; default all
---@field key? integer the packets' key of GRE; default all
---@field dev? string the link that they leave or came in by; default all

---A state of IPsec. Prints as in `ip xfrm state`, with its keys.
---@class nsh.XfrmState
---@field src? string the outer source
---@field dst? string the outer destination
---@field proto? string what protects the packets
---@field spi? integer the number by which the receiver knows it
---@field reqid? integer the number by which a policy's template finds it
---@field mode? string whether the packets are put into others (tunnel) or not; default transport
---@field seq? integer the number of the request that it answers
---@field auth? string what authenticates: an algorithm and its key, such as "hmac(sha1) 0x0123..."; reported as `auth_trunc`
---@field auth_trunc? string the same, and to how many bits the check value is cut: "hmac(sha256) 0x0123... 128"
---@field enc? string what encrypts: an algorithm and its key, such as "cbc(aes) 0x0123..."
---@field aead? string what does both: an algorithm, its key, and the bits of the check value: "rfc4106(gcm(aes)) 0x0123... 128"
---@field comp? string what compresses, such as "deflate"
---@field encap? string what ESP is put into, with the ports: "espinudp 4500 4500 0.0.0.0"
---@field replay_window? integer how many packets late one may come; default 0, and late and repeated ones are taken
---@field replay_seq? integer the number of the last packet that came
---@field replay_oseq? integer the number of the last packet that was sent
---@field replay_seq_hi? integer the upper half of the former, with `esn`
---@field replay_oseq_hi? integer the upper half of the latter, with `esn`
---@field mark? integer the mark that packets must have
---@field mask? integer which bits of the mark count; default all
---@field output_mark? integer the mark that packets get
---@field output_mask? integer which bits of `output_mark` are set
---@field if_id? integer the xfrm links that it is for
---@field tfcpad? integer packets are padded to this length
---@field noecn? boolean congestion isn't carried over from outer packets; default false
---@field decap_dscp? boolean the DSCP is taken over from outer packets; default false
---@field nopmtudisc? boolean outer packets may be fragmented; default false
---@field wildrecv? boolean it is for any destination; default false
---@field icmp? boolean ICMP errors pass by what their payload is; default false
---@field af_unspec? boolean inner packets may be of both families; default false
---@field align4? boolean headers of IPv6 are aligned to four bytes; default false
---@field esn? boolean packets are numbered with 64 bits; default false
---@field dont_encap_dscp? boolean outer packets don't get the DSCP of the inner ones; default false
---@field oseq_may_wrap? boolean it goes on when its numbers are used up; default false
---@field replay_window_errors integer packets that came too late
---@field replay_errors integer packets that came twice
---@field integrity_failed integer packets that were not authentic
---@field lastused? integer when it was used last, in seconds since 1970
---@field sel? nsh.XfrmSelector the packets that it is for
---@field byte_soft? integer bytes after which the kernel asks for a new one; default none
---@field byte_hard? integer bytes after which it is gone; default none
---@field packet_soft? integer packets after which the kernel asks for a new one; default none
---@field packet_hard? integer packets after which it is gone; default none
---@field time_soft? integer seconds after which the kernel asks for a new one; default none
---@field time_hard? integer seconds after which it is gone; default none
---@field time_use_soft? integer seconds from its first use after which the kernel asks for a new one; default none
---@field time_use_hard? integer seconds from its first use after which it is gone; default none
---@field bytes integer bytes that it was used for
---@field packets integer packets that it was used for
---@field add_time integer when it was made, in seconds since 1970
---@field use_time? integer when it was used first, in seconds since 1970

---What a state must be like to protect a policy's packets.
---@class nsh.XfrmTemplate
---@field src? string the outer source, in a tunnel
---@field dst? string the outer destination, in a tunnel
---@field proto? string what protects the packets
---@field spi? integer the state's spi; default any
---@field reqid? integer the state's reqid; default any
---@field mode? string the state's mode; default transport
---@field level? string whether packets go on unprotected where there is no such state (use); default required

---An ARP message for IPv4 on Ethernet.
---@class nsh.capture.Arp
---@field op string request or reply
---@field sender string the sender's address
---@field sender_mac string the sender's hardware address
---@field target string the address that is asked for
---@field target_mac string the target's hardware address; zeros in a request

---The messages of BGP that begin in a segment.
---@class nsh.capture.Bgp
---@field messages nsh.capture.BgpMessage[] the messages

---A message of BGP.
---@class nsh.capture.BgpMessage
---@field type string open, update, notification, keepalive, route refresh
---@field asn? integer of an open: the sender's AS
---@field hold_time? integer of an open: in seconds
---@field router? string of an open: the sender's router id
---@field prefixes string[] of an update: the prefixes of IPv4 that it tells
---@field withdrawn string[] of an update: the prefixes of IPv4 that it takes back
---@field next_hop? string of an update: the next hop
---@field code? integer of a notification: the error's number
---@field subcode? integer of a notification: more about it

---A message of DHCP (for IPv4).
---@class nsh.capture.Dhcp
---@field type? string discover, offer, request, ack, ...; nothing of BOOTP
---@field xid integer the transaction's number
---@field mac? string the client's hardware address
---@field client? string the address that the client has
---@field your? string the address that the client is given
---@field relay? string the relay's address
---@field requested? string the address that the client asks for
---@field server? string the server's address
---@field mask? string the mask
---@field routers string[] the default routers
---@field dns string[] the name servers
---@field hostname? string the client's name
---@field lease? integer for how many seconds the address may be used

---A message of DNS.
---@class nsh.capture.Dns
---@field id integer its number
---@field response boolean whether it is a response
---@field opcode integer what is asked for: 0 is a query
---@field rcode? string the result: NoError, NXDomain, ServFail, Refused, ...
---@field authoritative boolean it comes from who is responsible for the name
---@field truncated boolean it was too long
---@field questions nsh.capture.DnsQuestion[] what is asked
---@field answers nsh.capture.DnsAnswer[] the answers

---An answer of DNS.
---@class nsh.capture.DnsAnswer
---@field name string the name, with a dot at its end
---@field type string A, AAAA, ...
---@field ttl integer for how many seconds it may be kept
---@field data string the address, the name, ..., as tcpdump writes it; empty for types that aren't known

---A question of DNS.
---@class nsh.capture.DnsQuestion
---@field name string the name, with a dot at its end
---@field type string A, AAAA, ...

---An Ethernet header.
---@class nsh.capture.Eth
---@field src string the source's hardware address
---@field dst string the destination's hardware address
---@field ethertype integer what it carries, behind VLAN tags: 0x0800 for IPv4, ...

---The headers of a packet that a tunnel carries.
---@class nsh.capture.Headers
---@field proto string its innermost known protocol: arp, icmp, icmp6, tcp, udp, dns, dhcp, ospf, bgp, gre, vxlan, ...
---@field type? string its kind: "echo request", "request" (ARP), "query" (DNS), "offer" (DHCP), TCP's flags such as "S.", ...
---@field src? string its source address; ARP's sender
---@field dst? string its destination address; ARP's target
---@field sport? integer the source port of TCP and UDP
---@field dport? integer the destination port of TCP and UDP
---@field payload_length integer how long its payload is on the wire
---@field vlan? integer the number of its (outer) VLAN tag
---@field vlans? integer[] the numbers of all its VLAN tags, the outer one first
---@field mpls? integer[] its MPLS labels, the outer one first
---@field eth? nsh.capture.Eth its Ethernet header
---@field arp? nsh.capture.Arp what ARP says
---@field ip? nsh.capture.Ip its IP header, of either version
---@field icmp? nsh.capture.Icmp its ICMP message, of either version
---@field tcp? nsh.capture.Tcp its TCP header
---@field dns? nsh.capture.Dns what DNS says, over UDP
---@field dhcp? nsh.capture.Dhcp what DHCP says
---@field ospf? nsh.capture.Ospf what OSPF says
---@field bgp? nsh.capture.Bgp what BGP says

---An ICMP or ICMPv6 message.
---@class nsh.capture.Icmp
---@field type integer its type's number; the packet's `type` is its name
---@field code integer its code
---@field id? integer the identifier of an echo message
---@field seq? integer the sequence number of an echo message
---@field mtu? integer of "fragmentation needed", "packet too big", and router advertisements that tell it
---@field gateway? string the better next hop that a redirect tells
---@field target? string whom a neighbour message or redirect is about
---@field mac? string the hardware address that a neighbour message tells
---@field lifetime? integer of a router advertisement: for how many seconds it is a default router
---@field prefixes? string[] of a router advertisement: the prefixes
---@field groups? integer how many groups a multicast listener report is about
---@field pointer? integer the byte that a parameter problem is about
---@field inner? nsh.capture.Inner the packet that an error message is about

---The packet that an ICMP error quotes.
---@class nsh.capture.Inner
---@field src string its source address
---@field dst string its destination address
---@field proto? string its protocol's name
---@field protocol integer its protocol's number
---@field sport? integer its source port
---@field dport? integer its destination port

---An IPv4 or IPv6 header.
---@class nsh.capture.Ip
---@field version integer 4 or 6
---@field src string the source address
---@field dst string the destination address
---@field ttl integer time to live; IPv6's hop limit
---@field tos integer type of service (DSCP and ECN); IPv6's traffic class
---@field protocol integer the number of the protocol carried, behind extension headers
---@field id? integer the identification, for fragments
---@field df boolean don't fragment
---@field more_fragments boolean it is a fragment, and not the last one
---@field fragment_offset integer where the fragment belongs, in bytes; 0 if it is whole
---@field flow_label? integer IPv6's flow label
---@field extensions integer[] the numbers of IPv6's extension headers
---@field length integer its length with the header, in bytes

---A packet of OSPF.
---@class nsh.capture.Ospf
---@field version integer 2, or 3 for IPv6
---@field type string hello, database description, link state request, link state update, link state ack
---@field router string the sender's router id
---@field area string the area
---@field hello_interval? integer of a hello: the seconds between two
---@field dead_interval? integer of a hello: after how many seconds without one a neighbour is gone
---@field dr? string of a hello: the designated router
---@field bdr? string of a hello: the backup designated router
---@field neighbors string[] of a hello: the routers that the sender hears

---A captured packet. Prints as `tcpdump -n` shows it.
---@class nsh.capture.Packet
---@field time number when it was seen, in seconds since 1970
---@field namespace string the namespace in which it was seen
---@field link string the link on which it was seen
---@field direction string in, out, broadcast, multicast, or other: for somebody else
---@field length integer its length on the wire, in bytes
---@field caplen integer how many bytes of it were captured
---@field payload string what the innermost known header carries, as far as captured; of a tunnel, the packet within
---@field bytes string all that was captured, from the link layer's header on
---@field comment? string what was written about it, by `capture:comment` or in the file
---@field proto string its innermost known protocol: arp, icmp, icmp6, tcp, udp, dns, dhcp, ospf, bgp, gre, vxlan, ...
---@field type? string its kind: "echo request", "request" (ARP), "query" (DNS), "offer" (DHCP), TCP's flags such as "S.", ...
---@field src? string its source address; ARP's sender
---@field dst? string its destination address; ARP's target
---@field sport? integer the source port of TCP and UDP
---@field dport? integer the destination port of TCP and UDP
---@field payload_length integer how long its payload is on the wire
---@field vlan? integer the number of its (outer) VLAN tag
---@field vlans? integer[] the numbers of all its VLAN tags, the outer one first
---@field mpls? integer[] its MPLS labels, the outer one first
---@field eth? nsh.capture.Eth its Ethernet header
---@field arp? nsh.capture.Arp what ARP says
---@field ip? nsh.capture.Ip its IP header, of either version
---@field icmp? nsh.capture.Icmp its ICMP message, of either version
---@field tcp? nsh.capture.Tcp its TCP header
---@field dns? nsh.capture.Dns what DNS says, over UDP
---@field dhcp? nsh.capture.Dhcp what DHCP says
---@field ospf? nsh.capture.Ospf what OSPF says
---@field bgp? nsh.capture.Bgp what BGP says
---@field tunnel? nsh.capture.Tunnel the tunnel that carries another packet
---@field inner? nsh.capture.Headers the packet that the tunnel carries

---A TCP header.
---@class nsh.capture.Tcp
---@field flags string as tcpdump writes them: S, S., P., F., R, ., none
---@field seq integer the sequence number
---@field ack integer the acknowledgement number
---@field window integer the window, unscaled
---@field mss? integer the maximum segment size, of a SYN
---@field wscale? integer the window scale, of a SYN
---@field options string[] all options, as tcpdump writes them

---A header that carries another packet.
---@class nsh.capture.Tunnel
---@field type string vxlan, geneve, gre, or ip
---@field id? integer the VNI, or GRE's key
---@field length integer how long the packet within is

---What went in one direction.
---@class nsh.conntrack.Counters
---@field packets integer packets
---@field bytes integer bytes, with the headers from IP on

---How full the table of connections is, and what tracking counted.
---@class nsh.conntrack.Stats
---@field count integer connections in the table
---@field max integer how many it holds (sysctl net.netfilter.nf_conntrack_max); packets of new ones are dropped beyond
---@field found integer packets whose connection was found the hard way
---@field invalid integer packets that belong to no connection and begin none
---@field insert integer connections that were put in by others than packets
---@field insert_failed integer those that were there already when they were to be put in
---@field drop integer packets that were dropped, because the table was full for one
---@field early_drop integer connections that had to go for new ones
---@field error integer packets with errors, such as of ICMP without a connection
---@field search_restart integer searches begun anew because the table was changed meanwhile

---One direction of a tracked connection.
---@class nsh.conntrack.Tuple
---@field source string where its packets come from
---@field dest string where they go to
---@field sport? integer the source port
---@field dport? integer the destination port
---@field type? integer the type of an ICMP or ICMPv6 message that asks for an answer
---@field code? integer its code
---@field id? integer its id

---Something that happened. Prints as in `ip monitor`.
---@class nsh.events.Event
---@field time number when nsh took it in, in seconds since 1970
---@field namespace string the namespace's name
---@field object string link, port (of a bridge), address, route, rule, neigh, netconf, nsid, mdb, nft, conntrack or mptcp; lost where the kernel dropped events, of any namespace, because there were too many at once
---@field change? string added, set or deleted; of addresses, neighbours and mdb the kernel doesn't tell added from set
---@field dev? string the link that it is about
---@field link? nsh.Link the link as it is now, or was
---@field address? nsh.Addr the address
---@field route? nsh.Route the route
---@field rule? nsh.Rule the rule
---@field neigh? nsh.Neigh the neighbour
---@field netconf? nsh.events.Netconf the parameter
---@field mdb? nsh.MdbEntry the entry of a multicast database
---@field nft? nsh.events.Nft the object of nf_tables
---@field conntrack? nsh.Connection the tracked connection
---@field mptcp? nsh.events.Mptcp what happened to a connection of MPTCP
---@field text string all of it as a line

---What happened to a connection of MPTCP.
---@class nsh.events.Mptcp
---@field event string created, established or closed (a connection); sub_established, sub_closed or sub_priority (a subflow); announced or removed (an address of the peer's); listener_created or listener_closed
---@field token? integer the connection's number
---@field local_id? integer the number of this end's address
---@field remote_id? integer the number of the peer's address
---@field src? string this end's address
---@field dst? string the peer's address
---@field sport? integer this end's port
---@field dport? integer the peer's port
---@field backup? boolean whether the subflow is for when there is no other
---@field error? integer the errno for which a subflow was closed
---@field dev? string the link of a subflow
---@field server_side? boolean whether this end accepted the connection

---A parameter of IP that was set.
---@class nsh.events.Netconf
---@field family string inet or inet6
---@field dev string the link, "all" or "default"
---@field name string its name in /proc/sys/net/ipv4/conf or its like
---@field value integer its value

---Something of nf_tables.
---@class nsh.events.Nft
---@field family string inet, ip, ip6, arp, bridge or netdev
---@field table string the table
---@field object string table, chain, rule, set, element, object or flowtable
---@field name string the name of the chain or set, a rule's chain; empty for a table
---@field handle? integer the number by which nft knows it

---A chain of rules.
---@class nsh.firewall.Chain
---@field name string its name
---@field table string the table's family and name
---@field type? string filter, nat or route, if it hangs on a hook
---@field hook? string where it hangs
---@field priority? integer the lowest comes first on a hook
---@field policy? string accept or drop, for what no rule decides about

---An element that goes after a time.
---@class nsh.firewall.Element
---@field timeout? number how many seconds it stays
---@field expires? number how many seconds it stays from now on

---A flow table. It prints as nft shows it, on one line.
---@class nsh.firewall.Flowtable
---@field name string its name
---@field handle integer its number in the table
---@field devices string[] the links between which its connections go
---@field priority integer among what looks at packets where they come in
---@field counter boolean whether what goes by it is counted
---@field offload boolean whether the links' hardware forwards
---@field rules integer how many rules put connections into it

---A map that rules ask. It prints as nft shows it, on one line.
---@class nsh.firewall.Map
---@field name string its name
---@field handle integer its number in the table
---@field type? string what it holds, in nft's words
---@field interval boolean whether it may hold prefixes and ranges
---@field timeout? number how many seconds elements stay; 0: those that are given no time stay for good
---@field to? string what it has for each, in nft's words
---@field elements table<string, (integer|string)> what it has, by the key's text
---@field times table<string, nsh.firewall.Element> the times of those that go, by the element's text

---A set that rules look into. It prints as nft shows it, on one line.
---@class nsh.firewall.Set
---@field name string its name
---@field handle integer its number in the table
---@field type? string what it holds, in nft's words
---@field interval boolean whether it may hold prefixes and ranges
---@field timeout? number how many seconds elements stay; 0: those that are given no time stay for good
---@field elements (integer|string)[] what is in it
---@field times table<string, nsh.firewall.Element> the times of those that go, by the element's text

---What the lab is.
---@class nsh.lab.Info
---@field sandboxed boolean false under --host
---@field version string nsh's version
---@field kernel string the kernel's release, as `uname -r` tells it
---@field namespaces string[] the names of the namespaces, host first

---What a namespace has, each list as its module's `list` returns it.
---@class nsh.lab.Namespace
---@field links nsh.Link[] as `link.list`
---@field addresses nsh.Addr[] as `addr.list`
---@field routes nsh.Route[] of all tables, but for what the kernel keeps in the table local for each address
---@field mpls nsh.MplsRoute[] of MPLS, as `mpls.list`
---@field rules nsh.Rule[] as `rule.list`
---@field neighbours nsh.Neigh[] as `neigh.list`, with those of proxy ARP and NDP behind
---@field fdb nsh.FdbEntry[] the forwarding databases of bridges and links, as `fdb.list`
---@field mdb nsh.MdbEntry[] the multicast databases of bridges, as `mdb.list`
---@field vlans nsh.BridgeVlan[] of bridges and their ports, as `vlan.list`
---@field qdiscs nsh.tc.Qdisc[] the queueing disciplines that somebody has set, as `tc.qdisc.list`
---@field classes nsh.tc.Class[] as `tc.class.list`
---@field filters nsh.tc.Filter[] as `tc.filter.list`
---@field nat nsh.NatRule[] as `nat.list`
---@field xfrm_states nsh.XfrmState[] as `xfrm.state.list`
---@field xfrm_policies nsh.XfrmPolicy[] as `xfrm.policy.list`
---@field wireguard nsh.Wireguard[] as `wireguard.list`, without the secret keys
---@field nexthops nsh.NexthopObject[] as `nexthop.list`
---@field mptcp nsh.MptcpEndpoint[] endpoints of MPTCP, as `mptcp.list`
---@field mroute nsh.Mroute[] routes of multicast, as `mroute.list`
---@field nft? string the whole ruleset, as nft shows it, if there is one and nft is installed
---@field sockets nsh.Socket[] of all protocols, as `socket.list`
---@field sysctls nsh.lab.Sysctl[] the parameters that aren't as in a new namespace
---@field problems string[] what could not be read, and why

---A process of the lab.
---@class nsh.lab.Process
---@field pid integer its number
---@field parent integer its parent's number
---@field name string its program's name
---@field command string its arguments, the program first
---@field state string R running, S sleeping, T stopped, Z ended but not waited for, ...
---@field uid integer its user
---@field namespace? string the namespace that it is in, if it is one of the lab

---The lab at one moment. Prints as `ip` and `ss` show its parts, namespace by namespace.
---@class nsh.lab.State
---@field time number when, in seconds since 1970
---@field namespaces table<string, nsh.lab.Namespace> what each namespace has, by its name
---@field processes nsh.lab.Process[] the processes of the lab, but for nsh's own

---A kernel parameter that isn't as in a new namespace.
---@class nsh.lab.Sysctl
---@field name string its name, as `sysctl.get` takes it
---@field value string its value
---@field default string what a new namespace has; of a link, what its namespace's `default` says

---How a process ended, and what it printed. Prints as what it printed.
---@class nsh.proc.Result
---@field status? integer its exit status; nil if a signal ended it
---@field signal? string the signal that ended it, such as SIGKILL
---@field reason string in words: `exited with status 3`, `killed by SIGSEGV (core dumped)`
---@field core? boolean true if its memory was written to a core file
---@field stdout string what it printed
---@field stderr string its error messages
---@field time number how long it ran, in seconds
---@field lost? integer how many bytes of its output were not kept, being beyond `limit`

---What a filter does with packets. Prints as in `tc filter`.
---@class nsh.tc.Action
---@field kind? string gact, mirred, police, vlan, skbedit, ...; default the one whose options are given
---@field gact? nsh.tc.Gact what is particular to an action that decides
---@field mirred? nsh.tc.Mirred what is particular to an action that sends to another link
---@field police? nsh.tc.Police what is particular to a rate that packets may not exceed
---@field skbedit? nsh.tc.Skbedit what is particular to what the kernel knows of a packet
---@field vlan? nsh.tc.Vlan what is particular to tags of VLANs
---@field nat? nsh.tc.Nat what is particular to addresses that are changed
---@field pedit? nsh.tc.Pedit what is particular to bytes of packets that are overwritten
---@field csum? nsh.tc.Csum what is particular to checksums that are made anew
---@field tunnel_key? nsh.tc.TunnelKey what is particular to the outer header of tunnels
---@field ct? nsh.tc.Ct what is particular to connection tracking
---@field sample? nsh.tc.Sample what is particular to samples of packets
---@field bytes integer bytes that passed
---@field packets integer packets that passed
---@field drops integer packets that were dropped
---@field overlimits integer how often a limit held packets back, or let none pass
---@field requeues integer how often a packet was put back
---@field backlog integer bytes that wait
---@field qlen integer packets that wait

---What is particular to a filter for all packets, as `basic` is without matches.
---@class nsh.tc.Basic
---@field classid? string the class that they go to

---What is particular to a queue of bytes.
---@class nsh.tc.Bfifo
---@field limit? integer how many bytes may wait

---What is particular to a shaper with fair queues.
---@class nsh.tc.Cake
---@field bandwidth? integer how fast packets are sent; default without limit
---@field diffserv? string by what classes there are; default diffserv3
---@field flowmode? string among what the rate is shared; default triple-isolate
---@field nat? boolean hosts are those behind a masquerade; default false
---@field wash? boolean DSCP is taken off; default false
---@field ingress? boolean it shapes what comes in, so that dropped packets count; default false
---@field ack_filter? string which acknowledgements of TCP are left out; default none
---@field split_gso? boolean large segments are cut before they wait; default true
---@field autorate? boolean the rate is measured, of what comes in; default false
---@field rtt? number the round-trip time that is usual; default 100 ms
---@field atm? string the cells in which the link below sends; default noatm
---@field overhead? integer bytes that each packet counts more
---@field mpu? integer bytes that each packet counts at least
---@field memlimit? integer how much memory the packets that wait may take
---@field fwmark? integer the bits of the packets' mark that choose the class

---A class of a queueing discipline. Prints as in `tc class`.
---@class nsh.tc.Class
---@field dev? string the link
---@field kind? string the kind of its discipline; default the one whose options are given
---@field classid? string its handle
---@field parent? string the discipline, or the class that it is in; default its discipline
---@field leaf? string the discipline that stands in it
---@field htb? nsh.tc.HtbClass what is particular to a class of htb
---@field hfsc? nsh.tc.HfscClass what is particular to a class of hfsc
---@field drr? nsh.tc.DrrClass what is particular to a class of drr
---@field bytes integer bytes that passed
---@field packets integer packets that passed
---@field drops integer packets that were dropped
---@field overlimits integer how often a limit held packets back, or let none pass
---@field requeues integer how often a packet was put back
---@field backlog integer bytes that wait
---@field qlen integer packets that wait

---What is particular to a queue that is kept short.
---@class nsh.tc.Codel
---@field limit? integer how many packets may wait; default 1000
---@field target? number how long packets may wait on and on; default 5 ms
---@field interval? number how long they may wait longer before one is dropped; default 100 ms
---@field ecn? boolean packets are marked instead, where both ends know that; default false
---@field ce_threshold? number packets that waited longer are marked

---What is particular to checksums that are made anew.
---@class nsh.tc.Csum
---@field update? string[] of which protocols: ip4h, icmp, igmp, tcp, udp, udplite, sctp
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to connection tracking.
---@class nsh.tc.Ct
---@field commit? boolean the connection is entered
---@field force? boolean the connection is entered in this direction
---@field clear? boolean what is known of the packet's connection is forgotten
---@field nat? boolean addresses are translated as they are for the connection
---@field zone? integer the zone of connection tracking; default 0
---@field mark? (integer|string) the connection's mark, or a mark and the bits that count: "0x1/0xff"
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to a class of drr.
---@class nsh.tc.DrrClass
---@field quantum? integer how many bytes it sends in its turn; default the MTU

---What is particular to packets with a time at which to leave.
---@class nsh.tc.Etf
---@field clockid? string the clock that is meant; default CLOCK_TAI
---@field delta? integer how many nanoseconds before its time a packet is handed over
---@field deadline_mode? boolean a packet may leave before its time
---@field offload? boolean the hardware keeps the time
---@field skip_sock_check? boolean packets of sockets without SO_TXTIME pass

---A filter. Prints as in `tc filter`, on one line.
---@class nsh.tc.Filter
---@field dev? string the link
---@field block? integer the number of the block that it is in, where links share their filters
---@field kind? string flower, matchall, u32, ...; default the one whose options are given
---@field parent? string where it stands: a discipline or class such as "1:", or "ingress" or "egress" of a clsact; default the link's root
---@field protocol? string the protocol of the packets that it sees; default what the options imply, or all
---@field pref? integer lower ones are asked first; default the kernel's choice: before the others
---@field handle? string its number among those of the same preference; of fw, the packets' mark
---@field chain? integer the chain that it is in; default 0
---@field flower? nsh.tc.Flower what is particular to a filter by the packets' fields
---@field matchall? nsh.tc.Matchall what is particular to a filter for all packets
---@field u32? nsh.tc.U32 what is particular to a filter by words of the headers
---@field fw? nsh.tc.Fw what is particular to a filter by the packets' mark
---@field basic? nsh.tc.Basic what is particular to a filter for all packets, as `basic` is without matches
---@field actions nsh.tc.Action[] what is done with the packets; the counters say how many there were

---What is particular to a filter by the packets' fields.
---@class nsh.tc.Flower
---@field indev? string the link that they came in by
---@field dst_mac? string the destination in the Ethernet header
---@field src_mac? string the source in the Ethernet header
---@field vlan_id? integer the VLAN; the filter's protocol is 802.1Q then
---@field vlan_prio? integer the priority in the VLAN's tag
---@field vlan_ethtype? string the protocol behind the VLAN's tag
---@field cvlan_id? integer the VLAN of the inner tag
---@field cvlan_prio? integer the priority in the inner tag
---@field cvlan_ethtype? string the protocol behind the inner tag
---@field ip_proto? string the protocol in the IP header
---@field ip_tos? (integer|string) the type of service
---@field ip_flags? string whether it is a fragment: frag, nofrag, firstfrag or nofirstfrag, or two of them as in "frag/nofirstfrag"
---@field ip_ttl? (integer|string) the time to live
---@field dst_ip? string the destination
---@field src_ip? string the source
---@field dst_port? (integer|string) the destination port of TCP, UDP or SCTP, or a range of them; needs `ip_proto`
---@field src_port? (integer|string) the source port, or a range of them
---@field tcp_flags? (integer|string) the flags of TCP: 0x2 is SYN
---@field type? (integer|string) the type of ICMP
---@field code? (integer|string) the code of ICMP
---@field arp_sip? string the sender's address in ARP
---@field arp_tip? string the target's address in ARP
---@field arp_op? string what the ARP packet is: request or reply
---@field arp_sha? string the sender's hardware address in ARP
---@field arp_tha? string the target's hardware address in ARP
---@field mpls_label? integer the label of MPLS
---@field mpls_tc? integer the traffic class of MPLS
---@field mpls_bos? integer whether it is the last label
---@field mpls_ttl? integer the time to live of MPLS
---@field enc_key_id? integer the key, or VNI, of the tunnel that they came by
---@field enc_src_ip? string the source of the outer packet
---@field enc_dst_ip? string the destination of the outer packet
---@field enc_dst_port? (integer|string) the destination port of the outer packet
---@field enc_tos? (integer|string) the type of service of the outer packet
---@field enc_ttl? (integer|string) the time to live of the outer packet
---@field ct_state? string the state of the connection, such as "+trk+est" or "+trk-new": trk, new, est, rel, inv, rpl
---@field ct_zone? (integer|string) the zone of connection tracking
---@field ct_mark? (integer|string) the connection's mark
---@field num_of_vlans? integer how many tags of VLANs there are
---@field classid? string the class that they go to
---@field skip_hw? boolean the hardware doesn't do it
---@field skip_sw? boolean only the hardware does it

---What is particular to queues of flows, each sent at its pace.
---@class nsh.tc.Fq
---@field limit? integer how many packets may wait; default 10000
---@field flow_limit? integer how many packets of a flow may wait; default 100
---@field buckets? integer how many places the table of flows has, a power of two; default 1024
---@field orphan_mask? integer which bits of the hash tell flows apart that no socket has
---@field quantum? integer how many bytes a flow sends in its turn; default two frames
---@field initial_quantum? integer the same of a new flow; default ten frames
---@field maxrate? integer no flow is sent faster
---@field pacing? boolean flows are sent at the pace that their sockets ask for; default true
---@field low_rate_threshold? integer slower flows wait after each packet, not after each turn; default 550 kbit
---@field refill_delay? number a flow that was silent for so long counts as a new one; default 40 ms
---@field timer_slack? number how late packets may leave, so that several leave together; default 10 us
---@field ce_threshold? number packets that waited longer are marked
---@field horizon? number packets that are to leave later than that are handled as `horizon_drop` says; default 10 s
---@field horizon_drop? boolean they are dropped, else leave then; default true

---What is particular to queues of flows, each kept short.
---@class nsh.tc.FqCodel
---@field limit? integer how many packets may wait; default 10240
---@field flows? integer how many queues there are; default 1024
---@field quantum? integer how many bytes a flow sends in its turn; default the MTU and a header
---@field target? number how long packets may wait on and on; default 5 ms
---@field interval? number how long they may wait longer before one is dropped; default 100 ms
---@field memory_limit? integer how much memory the packets that wait may take; default 32 MB
---@field ecn? boolean packets are marked instead of dropped, where both ends know that; default true
---@field ce_threshold? number packets that waited longer are marked
---@field drop_batch? integer how many packets are dropped at once when too many wait; default 64

---What is particular to a filter by the packets' mark.
---@class nsh.tc.Fw
---@field classid? string the class that they go to; without, the mark is the class
---@field indev? string the link that they came in by
---@field mask? integer the bits of the mark that count; default all

---What is particular to an action that decides.
---@class nsh.tc.Gact
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to classes with curves of service.
---@class nsh.tc.Hfsc
---@field default? string the class of what no filter names, such as "1:10"; default none: that is dropped

---What is particular to a class of hfsc.
---@class nsh.tc.HfscClass
---@field rt? string what it is sure of, in time
---@field ls? string its share of what is left
---@field ul? string what it may have at most

---What is particular to a hierarchy of token buckets.
---@class nsh.tc.Htb
---@field default? string the class of what no filter names, such as "1:10"; default none: that is sent at once
---@field r2q? integer by what rates are divided for the quantum of a class; default 10
---@field direct_qlen? integer how many packets of no class may wait
---@field direct_packets? integer packets of no class that were sent at once

---What is particular to a class of htb.
---@class nsh.tc.HtbClass
---@field rate? integer the rate that it is sure of
---@field ceil? integer the rate up to which it borrows what others leave; default `rate`
---@field burst? integer how much it may send at once, in bytes; default what 1 ms of the rate carries, at least 1600
---@field cburst? integer the same at the rate of `ceil`
---@field prio? integer classes of a lower one borrow first; default 0
---@field quantum? integer how many bytes it sends in its turn when it borrows; default of its rate
---@field overhead? integer bytes that each packet counts more
---@field mpu? integer bytes that each packet counts at least
---@field level? integer 0 for a class without classes in it

---What is particular to a filter for all packets.
---@class nsh.tc.Matchall
---@field classid? string the class that they go to
---@field skip_hw? boolean the hardware doesn't do it
---@field skip_sw? boolean only the hardware does it

---What is particular to an action that sends to another link.
---@class nsh.tc.Mirred
---@field direction? string the other link sends it (egress), or receives it (ingress); default egress
---@field action? string the packet goes there, or (mirror) a copy of it; default redirect
---@field dev? string the other link
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to the queues of a link, by the priorities of packets.
---@class nsh.tc.Mqprio
---@field num_tc? integer how many classes of traffic there are
---@field map? integer[] the class of each of the 16 priorities of packets
---@field queues? string the queues of each class: "1@0 2@1" is one from 0 on, and two from 1 on
---@field hw? boolean the hardware does it; default false

---What is particular to addresses that are changed.
---@class nsh.tc.Nat
---@field direction? string ingress changes destinations, egress sources; default ingress
---@field old? string the addresses that are changed
---@field new? string the address that stands for the first of them
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to bytes of packets that are overwritten.
---@class nsh.tc.Pedit
---@field munge? string[] what is overwritten: "ip ttl set 5", "ip dst set 10.0.0.1", or "offset 12 u32 set 0x0a000001", counted from the network header
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to a queue of packets.
---@class nsh.tc.Pfifo
---@field limit? integer how many packets may wait

---What is particular to a rate that packets may not exceed.
---@class nsh.tc.Police
---@field rate? integer the rate
---@field burst? integer how much may pass at once, in bytes; default 10 ms of the rate, at least 10 KB
---@field mtu? integer longer packets exceed the rate; default 2 KB, or `burst` if it is less
---@field peakrate? integer how fast a burst may come; needs `mtu`
---@field avrate? integer the rate that the kernel measures, which may not exceed this
---@field pkts_rate? integer packets per second, instead of `rate`
---@field pkts_burst? integer how many packets may pass at once
---@field exceed? string what becomes of packets that exceed it; default drop
---@field conform? string what becomes of the others; default pass
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to bands, of which the first is sent first.
---@class nsh.tc.Prio
---@field bands? integer how many bands there are; default 3
---@field priomap? integer[] the band for each of the 16 priorities of packets; default 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1

---A queueing discipline. Prints as in `tc qdisc`.
---@class nsh.tc.Qdisc
---@field dev? string the link
---@field kind? string netem, tbf, htb, fq_codel, clsact, ...: what the kernel has; default the one whose options are given
---@field parent? string where it stands: root, or a class such as "1:10"; default root
---@field handle? string its handle, such as "1:", by which classes and filters name it; default the kernel's choice
---@field ingress_block? integer of clsact or ingress: the number of a block of filters for what comes in, which several links can share
---@field egress_block? integer of clsact: the same for what goes out
---@field netem? nsh.PeerShape how packets are held back and lost
---@field tbf? nsh.tc.Tbf what is particular to a token bucket
---@field htb? nsh.tc.Htb what is particular to a hierarchy of token buckets
---@field hfsc? nsh.tc.Hfsc what is particular to classes with curves of service
---@field prio? nsh.tc.Prio what is particular to bands, of which the first is sent first
---@field codel? nsh.tc.Codel what is particular to a queue that is kept short
---@field fq_codel? nsh.tc.FqCodel what is particular to queues of flows, each kept short
---@field fq? nsh.tc.Fq what is particular to queues of flows, each sent at its pace
---@field cake? nsh.tc.Cake what is particular to a shaper with fair queues
---@field sfq? nsh.tc.Sfq what is particular to queues of flows, taken in turn
---@field red? nsh.tc.Red what is particular to a queue that drops the sooner the more waits
---@field pfifo? nsh.tc.Pfifo what is particular to a queue of packets
---@field bfifo? nsh.tc.Bfifo what is particular to a queue of bytes
---@field mqprio? nsh.tc.Mqprio what is particular to the queues of a link, by the priorities of packets
---@field etf? nsh.tc.Etf what is particular to packets with a time at which to leave
---@field bytes integer bytes that passed
---@field packets integer packets that passed
---@field drops integer packets that were dropped
---@field overlimits integer how often a limit held packets back, or let none pass
---@field requeues integer how often a packet was put back
---@field backlog integer bytes that wait
---@field qlen integer packets that wait

---What is particular to a queue that drops the sooner the more waits.
---@class nsh.tc.Red
---@field limit? integer how many bytes may wait
---@field min? integer packets may be dropped once so many bytes wait on average; default a third of `max`
---@field max? integer the probability is highest once so many bytes wait; default a quarter of `limit`
---@field probability? number how many packets are dropped at `max`; default 2%
---@field ecn? boolean packets are marked instead, where both ends know that
---@field harddrop? boolean beyond `max` packets are dropped, though they could be marked
---@field adaptive? boolean the probability adapts itself
---@field nodrop? boolean packets that can't be marked are not dropped either
---@field ewma? integer the logarithm of the average's weight

---What is particular to samples of packets.
---@class nsh.tc.Sample
---@field rate? integer one packet of so many
---@field group? integer the group of listeners
---@field trunc? integer how many bytes of it they get
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to queues of flows, taken in turn.
---@class nsh.tc.Sfq
---@field limit? integer how many packets may wait; default 127
---@field quantum? integer how many bytes a flow sends in its turn; default the MTU and a header
---@field perturb? integer after how many seconds flows are told apart by another hash; default 0, never
---@field divisor? integer how many places the table of flows has, a power of two; default 1024
---@field depth? integer how many packets of a flow may wait; default 127
---@field headdrop? boolean the oldest packet of a flow is dropped, not the newest; default false
---@field flows? integer how many flows there may be

---What is particular to what the kernel knows of a packet.
---@class nsh.tc.Skbedit
---@field queue_mapping? integer the queue of the link
---@field priority? string the priority, as a class such as "1:10"
---@field mark? integer the mark
---@field mask? integer the bits of the mark that are changed; default all
---@field ptype? string to whom the packet is
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to a token bucket.
---@class nsh.tc.Tbf
---@field rate? integer how fast packets are sent
---@field burst? integer how much may pass at once, in bytes; default what the rate and the link's MTU need
---@field limit? integer how many bytes may wait
---@field latency? number how long a packet may wait, instead of `limit`; default 50 ms
---@field peakrate? integer how fast a burst is sent; needs `mtu`
---@field mtu? integer how much may pass at once at `peakrate`, in bytes
---@field overhead? integer bytes that each packet counts more
---@field mpu? integer bytes that each packet counts at least

---What is particular to the outer header of tunnels.
---@class nsh.tc.TunnelKey
---@field action? string set gives it one, unset takes it away; default set
---@field src_ip? string the source of the outer packet
---@field dst_ip? string its destination
---@field id? integer the tunnel's key, or VNI
---@field dst_port? integer the destination port of UDP
---@field tos? integer the type of service
---@field ttl? integer the time to live
---@field csum? boolean the outer packet has a checksum; default true
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---What is particular to a filter by words of the headers.
---@class nsh.tc.U32
---@field match? string[] what a packet must have, as `tc` writes it: "ip dst 10.0.0.0/8", "ip6 src fd00::/64", "ip protocol 17", "ip dport 53" (of a header without options), "u32 VALUE MASK at OFFSET"; default all packets
---@field classid? string the class that they go to
---@field ht? string the table that it is in, such as "800:"
---@field indev? string the link that they came in by
---@field skip_hw? boolean the hardware doesn't do it
---@field skip_sw? boolean only the hardware does it
---@field divisor? integer of a table, how many buckets it has

---What is particular to tags of VLANs.
---@class nsh.tc.Vlan
---@field action? string pop takes the outer tag away, push adds one, modify changes it; pop_eth and push_eth do so with the Ethernet header
---@field id? integer the VLAN
---@field protocol? string the tag's protocol; default 802.1Q
---@field priority? integer the tag's priority
---@field dst_mac? string of push_eth, the destination
---@field src_mac? string of push_eth, the source
---@field control? string what becomes of the packet then: pass, drop, pipe (the next action), continue (the next filter), reclassify, "goto chain 1", ...
---@field index? integer its number among actions of its kind; filters that name the same one share it

---A running capture. What it shows is complete up to the moment of the call.
---@class nsh.Capture
local Capture = {}

---The packets captured so far, or those that all given options fit.
---@param opts? nsh.capture.Filter options
---@return nsh.capture.Packet[] # the packets, in the order of their times
function Capture:packets(opts) end

---How many packets were captured so far, or of those that all given options fit.
---@param opts? nsh.capture.Filter options
---@return integer # how many
function Capture:count(opts) end

---Waits until `count` packets that all given options fit were captured; those from before the call count too.
---
---Raises `timeout` if there are fewer by then, or the capture was stopped.
---@param opts? nsh.capture.WaitOptions options
---@return nsh.capture.Packet[] # all that fit, which may be more than `count`
function Capture:wait(opts) end

---Waits for a packet that all given options fit, and returns it. The next call looks behind it, so that several say in which order packets come.
---
---Raises `timeout`, with what came instead.
---@param opts? nsh.capture.ExpectOptions options
---@return nsh.capture.Packet # the packet
function Capture:expect(opts) end

---Iterates over the packets as they come, beginning with those that are there. Ends at the deadline, or when the capture is stopped.
---@param opts? nsh.capture.StreamOptions options
---@return fun(): nsh.capture.Packet? # an iterator: `for p in capture:stream() do`
function Capture:stream(opts) end

---Writes the packets captured so far, or those that all given options fit, to a file that tcpdump and wireshark open. Its ending tells the format: .pcap, or .pcapng, which also holds the links' names, the directions, and links of different link layers.
---
---Raises `argument` for another ending, and for a .pcap of links with different link layers; `read_only` where the sandbox lets nothing be written.
---@param path string the file; overwritten if it is there
---@param opts? nsh.capture.Filter options
---@return integer # how many packets it holds
function Capture:save(path, opts) end

---Writes a comment to the last packet that all given options fit; `save` writes it to a .pcapng file, where wireshark shows it.
---
---Raises `not_found` if there is no such packet.
---@param text string the comment
---@param opts? nsh.capture.Filter options
---@return nsh.capture.Packet # the packet
function Capture:comment(text, opts) end

---The files that a capture with `file` has written, complete up to this moment, the oldest first.
---
---Raises what kept it from writing them, such as a full disk.
---@return string[] # their paths
function Capture:files() end

---How many packets were lost so far: the kernel had no room for them, or `max_packets` or `max_bytes` were reached.
---@return integer # how many
function Capture:drops() end

---Forgets the packets captured so far, and goes on.
function Capture:clear() end

---Ends the capture; its packets stay.
function Capture:stop() end

---A DHCP server that runs beside the script.
---@class nsh.DhcpServer
local DhcpServer = {}

---The address and port that it listens on.
---@return string # such as "10.0.0.1:80"
function DhcpServer:address() end

---The port that it listens on.
---@return integer # the port
function DhcpServer:port() end

---What clients sent so far; of more than 65536, or of 64 MiB of all servers together, the last ones.
---@return nsh.DhcpMessage[] # all, the oldest first
function DhcpServer:messages() end

---Waits until so many messages came in all.
---
---Raises `timeout`.
---@param opts? nsh.dhcp.WaitOptions options
---@return nsh.DhcpMessage[] # all so far, the oldest first
function DhcpServer:wait(opts) end

---Stops listening, and closes what is open.
function DhcpServer:stop() end

---The addresses that clients have now.
---@return nsh.DhcpHeld[] # the leases, by address
function DhcpServer:leases() end

---A DNS server that runs beside the script.
---@class nsh.DnsServer
local DnsServer = {}

---The address and port that it listens on.
---@return string # such as "10.0.0.1:80"
function DnsServer:address() end

---The port that it listens on.
---@return integer # the port
function DnsServer:port() end

---The queries so far; of more than 65536, or of 64 MiB of all servers together, the last ones.
---@return nsh.DnsQuery[] # all, the oldest first
function DnsServer:queries() end

---Waits until so many queries came in all.
---
---Raises `timeout`.
---@param opts? nsh.dns.WaitOptions options
---@return nsh.DnsQuery[] # all so far, the oldest first
function DnsServer:wait(opts) end

---Stops listening, and closes what is open.
function DnsServer:stop() end

---An HTTP server that runs beside the script.
---@class nsh.HttpServer
local HttpServer = {}

---The address and port that it listens on.
---@return string # such as "10.0.0.1:80"
function HttpServer:address() end

---The port that it listens on.
---@return integer # the port
function HttpServer:port() end

---The requests so far; of more than 65536, or of 64 MiB of all servers together, the last ones.
---@return nsh.HttpRequest[] # all, the oldest first
function HttpServer:requests() end

---Waits until so many requests were made in all.
---
---Raises `timeout`.
---@param opts? nsh.http.WaitOptions options
---@return nsh.HttpRequest[] # all so far, the oldest first
function HttpServer:wait(opts) end

---Stops listening, and closes what is open.
function HttpServer:stop() end

---A tun or tap link that is open: who holds it is the cable's far end.
---@class nsh.OpenTun
local OpenTun = {}

---The link's name.
---@return string # its name
function OpenTun:name() end

---Waits for a packet that is sent by the link: of a tap a frame with its Ethernet header, of a tun a packet with its IP header.
---
---Raises `timeout`.
---@param opts? nsh.tun.ReadOptions options
---@return string # the packet's bytes
function OpenTun:read(opts) end

---Has the link receive a packet, as `read` gives them.
---
---Raises `invalid` for what is no packet, and while the link is down.
---@param packet string the packet's bytes
function OpenTun:write(packet) end

---Closes it. A link that `tun.open` made goes.
function OpenTun:close() end

---A ping that runs beside the script.
---@class nsh.Ping
local Ping = {}

---The result so far.
---@return nsh.PingResult # the result so far
function Ping:result() end

---Waits until it has sent its count and that was answered or had its time, or until so many replies came.
---
---Raises `timeout`.
---@param opts? nsh.ping.WaitOptions options
---@return nsh.PingResult # the result
function Ping:wait(opts) end

---Ends it. Requests that may still be replied to don't count as lost.
---@return nsh.PingResult # the result
function Ping:stop() end

---Whether it still runs.
---@return boolean # whether it still runs
function Ping:running() end

---A process that runs beside the script.
---@class nsh.Process
local Process = {}

---Waits until it ends.
---
---Raises `timeout` if it still runs then (it is left running), and with `check` `exit` unless its status is 0.
---@param opts? nsh.proc.WaitOptions options
---@return nsh.proc.Result # how it ended
function Process:wait(opts) end

---Whether it still runs.
---@return boolean # false once it has ended
function Process:running() end

---Its pid, as processes of the lab see it.
---@return integer # its number
function Process:pid() end

---What it has written to stdout so far.
---@return string # its output so far
function Process:stdout() end

---What it has written to stderr so far.
---@return string # its error messages so far
function Process:stderr() end

---Iterates over the lines that it prints, as they come, until it ends. Each line comes once.
---
---Raises `timeout` if it hasn't ended by then.
---@param opts? nsh.proc.LinesOptions options
---@return fun(): string? # an iterator: `for line in process:lines() do`
function Process:lines(opts) end

---Waits for a line in which Lua's pattern is found, such as a server's "listening"; lines before it are skipped, and each line comes once. With several patterns, the first line in which one of them is found counts. Returns the line, then with several patterns which of them it was, then what the pattern captured.
---
---Raises `timeout` if none came, `exit` if it ended before.
---@param pattern string|string[] a pattern as of string.find, or an array of such
---@param opts? nsh.proc.ExpectOptions options
---@return string ... # the line, and what was found in it
function Process:expect(pattern, opts) end

---Skips what it has printed so far: `expect` and `lines` go on with what comes next.
function Process:mark() end

---Writes to its stdin, if it was spawned with `keep_stdin` or `pty`. What it doesn't read at once is written in the background.
---
---Raises `connection_reset` if its stdin is closed.
---@param text string what to write
function Process:write(text) end

---Closes its stdin once all that was written has arrived.
function Process:close_stdin() end

---Sends a signal to it and all of its process group.
---@param signal? string|integer TERM (the default), KILL, HUP, USR1, ..., or a number
---@return boolean # false if it had ended already
function Process:kill(signal) end

---Ends it and all of its process group: SIGTERM, and SIGKILL for what is left after `grace`. Done at the end of the script in any case.
---@param opts? nsh.proc.StopOptions options
---@return nsh.proc.Result # how it ended
function Process:stop(opts) end

---A TCP connection.
---@class nsh.TcpConnection
local TcpConnection = {}

---Sends all of a string.
---
---Raises `connection_reset` if the peer closed, `timeout`.
---@param data string what to send
---@param opts? nsh.tcp.SendOptions options
function TcpConnection:send(data, opts) end

---Receives: what is there as soon as there is something, or what the options say. At a timeout nothing is lost: what has come stays for the next call.
---
---Raises `timeout`, `connection_reset`, `protocol` if the peer ends before all of `bytes` came, `limit` beyond 64 MiB.
---@param what? integer|nsh.tcp.RecvOptions how many bytes, or options
---@return string? # what came; nil at the end of the peer's data
function TcpConnection:recv(what) end

---Ends our side: the peer sees the end of the data and can still answer.
function TcpConnection:finish() end

---Closes the connection.
function TcpConnection:close() end

---The other end's address and port.
---@return string # such as "10.0.0.1:80"
function TcpConnection:peer() end

---Our own address and port.
---@return string # such as "10.0.0.2:40000"
function TcpConnection:local_address() end

---A TCP server that runs beside the script.
---@class nsh.TcpServer
local TcpServer = {}

---The address and port that it listens on.
---@return string # such as "10.0.0.1:80"
function TcpServer:address() end

---The port that it listens on.
---@return integer # the port
function TcpServer:port() end

---The connections so far, closed ones too; of more than 65536, or of 64 MiB of all servers together, the last ones.
---@return nsh.TcpAccepted[] # all, the oldest first
function TcpServer:connections() end

---Waits until all that is given has come true.
---
---Raises `timeout`.
---@param opts? nsh.tcp.WaitOptions options
---@return nsh.TcpAccepted[] # all so far, the oldest first
function TcpServer:wait(opts) end

---Stops listening, and closes what is open.
function TcpServer:stop() end

---A UDP server that runs beside the script.
---@class nsh.UdpServer
local UdpServer = {}

---The address and port that it listens on.
---@return string # such as "10.0.0.1:80"
function UdpServer:address() end

---The port that it listens on.
---@return integer # the port
function UdpServer:port() end

---The datagrams that came so far; of more than 65536, or of 64 MiB of all servers together, the last ones.
---@return nsh.UdpDatagram[] # all, the oldest first
function UdpServer:datagrams() end

---Waits until so many datagrams came in all.
---
---Raises `timeout`.
---@param opts? nsh.udp.WaitOptions options
---@return nsh.UdpDatagram[] # all so far, the oldest first
function UdpServer:wait(opts) end

---Stops listening, and closes what is open.
function UdpServer:stop() end

---Sends a datagram from its own port, as to answer one that came: `server:send(d.peer, "pong", { from = d.to })`. With `echo = false` it answers nothing by itself.
---
---Raises what udp.send raises.
---@param to string the address and port
---@param data string what to send, up to 65507 bytes
---@param opts? nsh.udp.AnswerOptions options
function UdpServer:send(to, data, opts) end

---Events that are listened for. None from after the call that made it is missed, but where the kernel says so (`lost`).
---@class nsh.Watch
local Watch = {}

---The events that came since the last look, the oldest first.
---@return nsh.events.Event[] # the events; they are not told again
function Watch:events() end

---Waits for the next event that all given options fit; those before it are passed over.
---
---Raises `timeout` if there is none by then, or listening was stopped.
---@param opts? nsh.events.WaitOptions options
---@return nsh.events.Event # the event
function Watch:wait(opts) end

---Iterates over the events as they come, beginning with those that wait. Ends at the deadline, or when listening was stopped.
---@param opts? nsh.events.StreamOptions options
---@return fun(): nsh.events.Event? # an iterator: `for e in watch:stream({ timeout = 5 }) do`
function Watch:stream(opts) end

---Ends it; the events that wait stay.
function Watch:stop() end

---IPv4 and IPv6 addresses of links.
---
---An IPv6 address that is added can be used at once, without duplicate address detection. The link-local addresses that links give themselves (fe80::...) are tentative for 1 to 2 s, as the kernel has it; but in a namespace that forwards IPv6 they are made usable before the first probe, since a router resolves its neighbours by them.
---@class nsh.addr
addr = {}

---Adds an address to a link, and with it, once the link is up, the route to its subnet. An IPv6 address can be used at once: duplicate address detection runs only if asked for.
---
---Raises `exists` if the link has it, `not_found` if there is no such link.
---@param address string the address with its prefix length; alone, it is /32 or /128
---@param opts nsh.addr.AddOptions options
---@overload fun(list: table[])
function addr.add(address, opts) end

---Adds an address, or changes its lifetimes, flags and metric if the link has it.
---
---Raises `not_found` if there is no such link.
---@param address string the address with its prefix length; alone, it is /32 or /128
---@param opts nsh.addr.AddOptions options
function addr.replace(address, opts) end

---Deletes an address; without `dev`, from the only link that has it.
---
---Raises `address_not_available` or `not_found` if no link has it.
---@param address string the address with its prefix length; alone, it is /32 or /128
---@param opts? nsh.addr.DelOptions options
function addr.del(address, opts) end

---Lists the addresses, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.addr.ListOptions options
---@return nsh.Addr[] # the addresses, IPv4 first
function addr.list(opts) end

---Deletes the addresses that all given options fit; without options, all.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.addr.FlushOptions options
---@return integer # how many were deleted
function addr.flush(opts) end

---Registers a function to run after each later test of this group (or of the file) and of the groups in it, however the test ends. Several run in the reverse order of their registration, those of inner groups first, and before what the test deferred. If one fails, the test fails.
---@param fn function called without arguments
function after_each(fn) end

---Asks who has an address, and returns as soon as the last question is answered. That nobody answers is a result, too: `received` is 0. `all` finds addresses that two hosts have, `dad` asks before one is used.
---
---Raises `argument` for an address that is on no link, `network_down` if the link is down, `not_found` for an unknown name or link.
---@param dst string|nsh.Namespace the address, or a host
---@param opts? nsh.arping.Options options
---@return nsh.ArpingResult # who answered
function arping(dst, opts) end

---Registers a function to run before each later test of this group (or of the file) and of the groups in it. Several run in the order of their registration, those of outer groups first. The function is part of the test: if it fails, the test fails; its time counts; what it starts or defers ends with the test.
---@param fn function called without arguments
function before_each(fn) end

---Bridges: their options (the spanning tree protocol, ageing, ...) and their ports. A bridge is a link too, so that `link.add("br0", { kind = "bridge" })` makes one as well, and `link.set`, `link.del` and `addr.add` work on it. Which addresses are behind which port is told by the module `fdb`, which port is in which VLAN by `vlan`.
---@class nsh.bridge
bridge = {}

---Makes a bridge, and links that are there its ports. If one of them can't be, nothing stays.
---
---Raises `exists` if the name is taken, `not_found` if a port isn't there.
---@param name string its name, at most 15 bytes
---@param opts? nsh.bridge.AddOptions options
function bridge.add(name, opts) end

---Reads a bridge's options and state.
---
---Raises `not_found` if there is no such link, `argument` if it isn't a bridge.
---@param name string the bridge
---@return nsh.Bridge # its options and state
function bridge.get(name) end

---Changes a bridge's options; what isn't named stays as it is.
---
---Raises `not_found` if there is no such link, `argument` if it isn't a bridge.
---@param name string the bridge
---@param opts? nsh.BridgeOptions options
function bridge.set(name, opts) end

---Lists the bridges.
---@return string[] # the bridges' names
function bridge.list() end

---Deletes a bridge; the links that were its ports stay.
---
---Raises `not_found` if there is no such link, `argument` if it isn't a bridge.
---@param name string the bridge
function bridge.del(name) end

---Lists a bridge's ports with their states (`disabled`, `listening`, `learning`, `forwarding`, `blocking`) and options.
---
---Raises `not_found` if there is no such link, `argument` if it isn't a bridge.
---@param name string the bridge
---@return nsh.BridgePort[] # its ports
function bridge.ports(name) end

---Makes links ports of a bridge. If one can't be, none is.
---
---Raises `not_found` if the bridge or a link isn't there, `limit` if the bridge has its 1023 ports.
---@param name string the bridge
---@param ports string|string[] a link, or several
function bridge.attach(name, ports) end

---Takes a port out of its bridge.
---
---Raises `not_found` if it is no port of a bridge.
---@param port string the link that is the port
function bridge.detach(port) end

---Changes a port's options; what isn't named stays as it is.
---
---Raises `not_found` if there is no such link.
---@param port string the link that is the port
---@param opts? nsh.PortOptions options
function bridge.set_port(port, opts) end

---Captures packets on links, and decodes them.
---
---A capture runs beside the script, from `capture.start` until `:stop()`, the end of its block (`<close>`) or of the script.
---@class nsh.capture
capture = {}

---Starts a capture; no packet after the call is missed. The options say which packets to keep, where else to capture, and how much.
---
---Raises `not_found` if a link isn't there.
---@param link? string|string[] a link's name, or an array of such; left out, all links are captured, those too that are added later
---@param opts? nsh.capture.StartOptions options
---@return nsh.Capture # the running capture
function capture.start(link, opts) end

---Reads the packets of a capture file, or those that all given options fit: pcap and pcapng, of nsh, tcpdump, wireshark. Of a file that is cut at its end, the whole packets are read. Links have names where the file has them; where it doesn't tell the direction, it is `in`.
---
---Raises `not_found` if there is no such file, `argument` if it is no capture file, or damaged.
---@param path string a pcap or pcapng file
---@param opts? nsh.capture.Filter options
---@return nsh.capture.Packet[] # the packets, in the order of the file
function capture.read(path, opts) end

---Claims about the lab. A claim that doesn't hold raises an error of kind `check`, which ends the test, or the script, at that line with exit status 1. `check.soft` keeps the failure instead, and the test goes on.
---
---Each claim takes a message to put in front of its failure: as the last argument, in place of the options, or as their field `message`.
---@class nsh.check
---@overload fun(value: any, message?: any)
check = {}

---Claims that two values are equal; tables are compared by what is in them, however deep.
---
---Raises `check`, naming the places at which tables differ; the error's `diff` has both side by side.
---@param got any the value that came
---@param want any the value that it should be
---@param message? string what is claimed, put in front of a failure
function check.equal(got, want, message) end

---Claims that two values are not equal, compared as `check.equal` does.
---
---Raises `check` if they are.
---@param got any the value that came
---@param other any the value that it should not be
---@param message? string what is claimed, put in front of a failure
function check.differ(got, other, message) end

---Claims that a table contains another: each field of the wanted one is there, with an equal value or a table that contains the wanted one.
---
---Raises `check`, naming what is not there.
---@param got any the table that came
---@param want table what must be in it; what else is there does not matter
---@param opts? nsh.check.SubsetOptions|string options
function check.subset(got, want, opts) end

---Claims that a number is near another. `opts` is the greatest difference allowed: a number, or `abs` or `rel`; of both, the larger difference counts.
---
---Raises `check` if it is not.
---@param got number the number that came
---@param want number about what it should be
---@param opts? nsh.check.NearOptions|number options
---@param message? string what is claimed, put in front of a failure
function check.near(got, want, opts, message) end

---Claims that a number is less than another.
---
---Raises `check`, with both, if it is not.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.less(got, limit, message) end

---Claims that a number is not greater than another.
---
---Raises `check`, with both, if it is.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.at_most(got, limit, message) end

---Claims that a number is greater than another.
---
---Raises `check`, with both, if it is not.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.greater(got, limit, message) end

---Claims that a number is not less than another.
---
---Raises `check`, with both, if it is.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.at_least(got, limit, message) end

---Claims that a Lua pattern is found in a text, and returns its captures.
---
---Raises `check` if it is not, `argument` for a malformed pattern.
---@param text string the text that came
---@param pattern string the pattern that must be found in it, as `string.find` has it
---@param opts? nsh.check.MatchOptions|string options
---@return string ... # the pattern's captures, or what it matched if it has none
function check.match(text, pattern, opts) end

---Claims that a Lua pattern is not found in a text.
---
---Raises `check` if it is, `argument` for a malformed pattern.
---@param text string the text that came
---@param pattern string the pattern that must not be found in it, as `string.find` has it
---@param opts? nsh.check.NoMatchOptions|string options
function check.no_match(text, pattern, opts) end

---Claims that a function raises an error, of a kind or with a message, and returns the error.
---
---Raises `check` if nothing is raised, or something else.
---@param fn function must raise an error
---@param kind? nsh.check.ErrorOptions|"argument"|"invalid"|"exists"|"not_found"|"permission"|"unsupported"|"busy"|"read_only"|"limit"|"network_unreachable"|"host_unreachable"|"network_down"|"connection_refused"|"connection_reset"|"address_in_use"|"address_not_available"|"timeout"|"check"|"exit"|"protocol"|"io" the kind that the error must have, or more about it; any if left out
---@param message? string what is claimed, put in front of a failure
---@return nsh.Error # the error, to look at its other fields
function check.error(fn, kind, message) end

---Claims that a host answers echo requests of a namespace.
---
---Raises `check` with what the ping came to if it doesn't; `not_found` for an unknown name.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that is to answer, or not
---@param opts? nsh.check.ReachableOptions|string options
function check.reachable(from, to, opts) end

---Claims that a host does not answer echo requests of a namespace; that there is no route to it is enough.
---
---Raises `check` if it answers; `not_found` for an unknown name.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that is to answer, or not
---@param opts? nsh.check.UnreachableOptions|string options
function check.unreachable(from, to, opts) end

---Claims that echo requests of a namespace arrive at another, whatever comes back: a socket there sees them, behind the filters of its input.
---
---Raises `check` with what was seen if none arrives; `not_found` for an unknown name, and for an address that no namespace has unless `at` is given.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that they are sent to
---@param opts? nsh.check.ArrivesOptions|string options
function check.arrives(from, to, opts) end

---Claims that echo requests of a namespace do not arrive at another; that none can leave is enough.
---
---Raises `check` if one arrives; `not_found` as `check.arrives`.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that they are sent to
---@param opts? nsh.check.LostOptions|string options
function check.lost(from, to, opts) end

---Claims that the kernel of a namespace has a route for a packet, and which way it takes: what `route.get` says. Nothing is sent.
---
---Raises `check` with the way that it takes, or why there is none; `not_found` for an unknown name or link.
---@param from nsh.Namespace|string the namespace that sends
---@param dst string|nsh.Namespace the address, name or namespace that it goes to
---@param opts? nsh.check.RouteOptions|string options
function check.route(from, dst, opts) end

---Claims that the kernel of a namespace has no route for a packet, or one that drops it.
---
---Raises `check` with the way that it takes; `not_found` for an unknown name or link.
---@param from nsh.Namespace|string the namespace that would send
---@param dst string|nsh.Namespace the address, name or namespace that it would go to
---@param opts? nsh.check.NoRouteOptions|string options
function check.no_route(from, dst, opts) end

---Counts the claims that have held so far, for a summary at the end of a script.
---@return integer # the number of claims that held so far
function check.passed() end

---The claims of `check`, but one that doesn't hold does not end the test: it goes on, and fails at its end, with all of them. Outside tests that is the end of the script, or of the group.
---
---In what `eventually` tries, a soft claim that doesn't hold means that it is not there yet, as any other.
---@class nsh.check.soft
---@overload fun(value: any, message?: any)
check.soft = {}

---As `check.equal`, but a failure is kept for the end.
---@param got any the value that came
---@param want any the value that it should be
---@param message? string what is claimed, put in front of a failure
function check.soft.equal(got, want, message) end

---As `check.differ`, but a failure is kept for the end.
---@param got any the value that came
---@param other any the value that it should not be
---@param message? string what is claimed, put in front of a failure
function check.soft.differ(got, other, message) end

---As `check.subset`, but a failure is kept for the end.
---@param got any the table that came
---@param want table what must be in it; what else is there does not matter
---@param opts? nsh.check.SubsetOptions|string options
function check.soft.subset(got, want, opts) end

---As `check.near`, but a failure is kept for the end.
---@param got number the number that came
---@param want number about what it should be
---@param opts? nsh.check.NearOptions|number options
---@param message? string what is claimed, put in front of a failure
function check.soft.near(got, want, opts, message) end

---As `check.less`, but a failure is kept for the end.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.soft.less(got, limit, message) end

---As `check.at_most`, but a failure is kept for the end.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.soft.at_most(got, limit, message) end

---As `check.greater`, but a failure is kept for the end.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.soft.greater(got, limit, message) end

---As `check.at_least`, but a failure is kept for the end.
---@param got number the number that came
---@param limit number what it is compared with
---@param message? string what is claimed, put in front of a failure
function check.soft.at_least(got, limit, message) end

---As `check.match`, but a failure is kept for the end.
---@param text string the text that came
---@param pattern string the pattern that must be found in it, as `string.find` has it
---@param opts? nsh.check.MatchOptions|string options
---@return string ... # the pattern's captures, or what it matched if it has none
function check.soft.match(text, pattern, opts) end

---As `check.no_match`, but a failure is kept for the end.
---@param text string the text that came
---@param pattern string the pattern that must not be found in it, as `string.find` has it
---@param opts? nsh.check.NoMatchOptions|string options
function check.soft.no_match(text, pattern, opts) end

---As `check.error`, but a failure is kept for the end.
---@param fn function must raise an error
---@param kind? nsh.check.ErrorOptions|"argument"|"invalid"|"exists"|"not_found"|"permission"|"unsupported"|"busy"|"read_only"|"limit"|"network_unreachable"|"host_unreachable"|"network_down"|"connection_refused"|"connection_reset"|"address_in_use"|"address_not_available"|"timeout"|"check"|"exit"|"protocol"|"io" the kind that the error must have, or more about it; any if left out
---@param message? string what is claimed, put in front of a failure
---@return nsh.Error # the error, to look at its other fields
function check.soft.error(fn, kind, message) end

---As `check.reachable`, but a failure is kept for the end.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that is to answer, or not
---@param opts? nsh.check.ReachableOptions|string options
function check.soft.reachable(from, to, opts) end

---As `check.unreachable`, but a failure is kept for the end.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that is to answer, or not
---@param opts? nsh.check.UnreachableOptions|string options
function check.soft.unreachable(from, to, opts) end

---As `check.arrives`, but a failure is kept for the end.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that they are sent to
---@param opts? nsh.check.ArrivesOptions|string options
function check.soft.arrives(from, to, opts) end

---As `check.lost`, but a failure is kept for the end.
---@param from nsh.Namespace|string the namespace that sends
---@param to string|nsh.Namespace the address, name or namespace that they are sent to
---@param opts? nsh.check.LostOptions|string options
function check.soft.lost(from, to, opts) end

---As `check.route`, but a failure is kept for the end.
---@param from nsh.Namespace|string the namespace that sends
---@param dst string|nsh.Namespace the address, name or namespace that it goes to
---@param opts? nsh.check.RouteOptions|string options
function check.soft.route(from, dst, opts) end

---As `check.no_route`, but a failure is kept for the end.
---@param from nsh.Namespace|string the namespace that would send
---@param dst string|nsh.Namespace the address, name or namespace that it would go to
---@param opts? nsh.check.NoRouteOptions|string options
function check.soft.no_route(from, dst, opts) end

---Returns the monotonic clock in seconds, with the resolution of nanoseconds. Unlike `os.time`, nobody can set it; unlike `os.clock`, it goes on while the script waits.
---@return number # seconds; only the difference of two has a meaning
function clock() end

---The connections that the kernel tracks, without the program conntrack. A namespace tracks connections only while rules need it: NAT does.
---@class nsh.conntrack
conntrack = {}

---Lists the connections. Addresses and ports of the filter are those of a connection's first packet, before any translation; `reply.dest` is where answers go to, which is the translated source.
---
---Raises `unsupported` where the kernel has no connection tracking.
---@param opts? nsh.conntrack.ListOptions options
---@return nsh.Connection[] # the connections
function conntrack.list(opts) end

---Deletes the connections that all given options fit. The next packet of each counts as its first one, so that NAT rules changed meanwhile apply to it.
---@param opts? nsh.conntrack.DelOptions options
---@return integer # how many
function conntrack.del(opts) end

---Deletes all connections from the table.
function conntrack.flush() end

---Tells how many connections the table has and may have, and what tracking counted. Where `count` has reached `max`, the kernel drops the first packets of new connections, and `drop` counts them.
---@return nsh.conntrack.Stats # the counters
function conntrack.stats() end

---What the protocols of a namespace counted since it was made: packets of IP that were received, forwarded or dropped and why, messages of ICMP, segments of TCP that were sent again, and so on. The names are those of nstat(8): the protocol's and the counter's, as /proc/net/snmp, netstat and snmp6 have them (`IpInDelivers`, `TcpExtListenDrops`, `Ip6OutNoRoutes`).
---@class nsh.counters
counters = {}

---Reads all counters. `counters.since` takes them as a mark.
---@return table<string, integer> # the counters, by name; it prints those that are not 0
function counters.list() end

---Reads one counter.
---
---Raises `not_found`, with the nearest name, if the kernel has no such counter.
---@param name string the counter's name
---@return integer # its value
function counters.get(name) end

---Tells what was counted since a mark.
---
---Raises `argument` for a table that isn't one of counters.
---@param mark table<string, integer> what `counters.list` returned before
---@return table<string, integer> # how much each counted since, by name; it prints those that changed
function counters.since(mark) end

---Registers a function to run when the test ends, or the group, or outside both the script. It runs whether that ends normally or by a failure, its time limit, `skip`, `os.exit`, Ctrl-C or SIGTERM. The function registered last runs first; handles are closed after all of them. A deferred function that fails makes the test fail; the others still run. Each may take 10 s; after an interrupt all of them together 1.5 s.
---@param fn function what to call
---@param ... any what it is called with
function defer(fn, ...) end

---DHCP for IPv4: a server that gives addresses on a link, and a client. Messages go as broadcasts.
---@class nsh.dhcp
dhcp = {}

---Starts a DHCP server that runs beside the script, on a link that is up and has an address. It gives addresses of that address's subnet, one to each client, and records what clients send.
---
---Raises `address_not_available` if the link has no IPv4 address, `argument` for addresses of another subnet, `address_in_use` if there is a server on this link already.
---@param dev string the link
---@param opts nsh.dhcp.ServeOptions options
---@return nsh.DhcpServer # the server
function dhcp.serve(dev, opts) end

---Gets an address for a link from a DHCP server, gives it to the link and adds the default route. The address goes when the lease ends, unless dhcp.renew is called before; nothing renews it by itself. The DNS servers are told, and nothing is written for them.
---
---Raises `timeout` if no server answers, `address_not_available` if it refuses, `address_in_use` if another DHCP client runs on the link, `network_down` if the link is down.
---@param dev string the link
---@param opts? nsh.dhcp.RequestOptions options
---@return nsh.DhcpLease # what the link was given
function dhcp.request(dev, opts) end

---Has the lease that dhcp.request got begin again, by asking the server that gave it.
---
---Raises `not_found` if there is no lease, `timeout` if the server doesn't answer, `address_not_available` if it refuses.
---@param dev string the link
---@param opts? nsh.dhcp.RenewOptions options
---@return nsh.DhcpLease # the lease, which begins again
function dhcp.renew(dev, opts) end

---Gives the address that dhcp.request got back to the server, and takes it and the default route from the link.
---
---Raises `not_found` if there is no lease.
---@param dev string the link
function dhcp.release(dev) end

---DNS: queries, and servers that answer for the lab's names and for others.
---@class nsh.dns
dns = {}

---Asks a DNS server. Any answer is one, also that there is no such name (`rcode` is NXDOMAIN).
---
---Raises `timeout` if none came, `connection_refused` if nothing listens there, `protocol` if what came is no answer, and what udp.request raises.
---@param name string the name to ask for; of an address, the name is asked for
---@param opts nsh.dns.QueryOptions options
---@return nsh.DnsAnswer # the answer
function dns.query(name, opts) end

---Starts a DNS server that runs beside the script and records its queries, by UDP and TCP. It answers for the namespaces of the lab and for `records`; aliases (CNAME) are followed. The lab's addresses are read anew whenever a script starts a process or calls dns.query. Answers that are too large for UDP are truncated, so that clients ask again by TCP.
---
---Processes ask it if /etc/netns/NAME/resolv.conf names it.
---
---Raises `address_in_use` if the port is taken, `address_not_available` if the namespace doesn't have the address, `argument` for a malformed record.
---@param opts? nsh.dns.ServeOptions options
---@return nsh.DnsServer # the server
function dns.serve(opts) end

---What a link leaves to its device or driver, without the program `ethtool`: offloads such as TCP segmentation (`tso`) and checksums (`tx`, `rx`), link settings, queues, rings, and the counters of its driver.
---@class nsh.ethtool
ethtool = {}

---Reads what a link's driver knows of it; what it doesn't know is left out.
---
---Raises `not_found` if there is no such link.
---@param dev string the link
---@return nsh.Ethtool # what there is
function ethtool.get(dev) end

---Changes what is given, and leaves all else: first features, then channels, rings, coalescing, pause frames and settings.
---
---Features depend on each other: without `sg` there is no `tso`. What is off for that reason is on again when the other is, and stands in `ethtool.get(DEV).wanted` meanwhile.
---
---Raises `not_found` if there is no such link, `argument` for a feature that the kernel doesn't know, `unsupported` for what the driver can't change, `invalid` for a value that it refuses, and for a feature that stays as it was.
---@param dev string the link
---@param opts? nsh.ethtool.SetOptions options
function ethtool.set(dev, opts) end

---Reads the driver's own counters; those of a queue have its number in the name. Empty where the driver has none. `link.stats` has the counters that all links have.
---
---Raises `not_found` if there is no such link.
---@param dev string the link
---@return table<string, integer> # each counter by the driver's name for it
function ethtool.stats(dev) end

---What changes in namespaces, as the kernel tells it: links, addresses, routes, rules, neighbours, nf_tables.
---@class nsh.events
events = {}

---Listens for what changes, whoever changes it, from this call on. What the kernel puts into the table local for each address is left out.
---
---The kernel keeps some thousand events that were not looked at; beyond those it drops, and tells so by an event `lost`: look anew then.
---
---Connections are told of that begin while `conntrack` is watched, in namespaces where rules need them tracked; of those of MPTCP as `ip mptcp monitor` tells.
---@param opts? nsh.events.WatchOptions options
---@return nsh.Watch # the events from here on
function events.watch(opts) end

---Calls `fn` until it works: until it returns nothing, or something other than nil and false, without raising. Returns what `fn` returned; if that is nothing, the seconds that it took. `fn` is called at least once. A check that fails in it, a soft one too, means "not yet", and doesn't count. A call that still runs 2 s after the deadline is interrupted.
---
---Raises `timeout` with the last try's reason when the time is up; if a check in it has two values side by side (`diff`), so has this error.
---@param fn function what to try
---@param opts? nsh.eventually.Options options
---@return any ... # what `fn` returned; if that is nothing, the seconds that it took
function eventually(fn, opts) end

---Forwarding databases: which hardware address is behind which port of a bridge, and behind which remote end of a vxlan. A bridge learns them from the frames that it sees.
---@class nsh.fdb
fdb = {}

---Adds an entry.
---
---Raises `exists` if the address has one, `not_found` if there is no such link, `argument` if `master` is asked of a link that is no port.
---@param mac string the hardware address
---@param opts nsh.fdb.AddOptions options
---@overload fun(list: table[])
function fdb.add(mac, opts) end

---Adds an entry, or puts it in place of the one that the address has.
---
---Raises `not_found` if there is no such link.
---@param mac string the hardware address
---@param opts nsh.fdb.ReplaceOptions options
function fdb.replace(mac, opts) end

---Adds a further remote end for an address to a vxlan's database: frames for it go to each of them. So are broadcasts (`00:00:00:00:00:00`) sent to several.
---
---In a bridge's, where an address is behind one port, it is as `fdb.replace`.
---
---Raises `not_found` if there is no such link.
---@param mac string the hardware address
---@param opts nsh.fdb.AppendOptions options
function fdb.append(mac, opts) end

---Deletes an entry.
---
---Raises `not_found` if it isn't there.
---@param mac string the hardware address
---@param opts nsh.fdb.DelOptions options
function fdb.del(mac, opts) end

---Lists the entries of all bridges and vxlans, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.fdb.ListOptions options
---@return nsh.FdbEntry[] # the entries
function fdb.list(opts) end

---Forgets what a bridge has learned, at all or behind one port.
---
---Raises `not_found` if there is no such link, `argument` if it is neither a bridge nor a port.
---@param dev string a bridge, or a port of one
function fdb.flush(dev) end

---Rules that let packets pass or not, for IPv4 and IPv6, by nf_tables and without the program nft.
---
---The rules stand in the table `inet nsh` of the namespace, in chains that are made when first needed and accept what no rule decides about unless `firewall.policy` says otherwise. The first rule with a verdict decides within a chain; what one table accepts, another one on the same hook may still drop. A rule for connections (`state`) turns on connection tracking: see `conntrack.list`.
---@class nsh.firewall
firewall = {}

---Adds a rule. All that is given must be so for it to match.
---
---Raises `argument` for options that contradict each other or never match in that chain, `not_found` for a chain, set or rule that isn't there, `unsupported` where the kernel lacks what the rule needs.
---@param opts nsh.firewall.AddOptions options
---@return nsh.FirewallRule # the rule
function firewall.add(opts) end

---Lists the rules with their counters, or those that all given options fit, chain by chain in the order in which they are tried. Rules of NAT are in `nat.list`. Those of other tables are told too, if asked for: what has no words here has the action `other` and its text.
---@param opts? nsh.firewall.ListOptions options
---@return nsh.FirewallRule[] # the rules
function firewall.list(opts) end

---Finds a rule of nsh's table by its handle.
---@param rule nsh.FirewallRule|integer a rule or its handle
---@return nsh.FirewallRule? # the rule with its present counters, or nil
function firewall.get(rule) end

---Deletes a rule.
---
---Raises `not_found` if it is gone.
---@param rule nsh.FirewallRule|integer a rule or its handle
function firewall.del(rule) end

---Deletes all rules, chains, sets and flow tables of nsh's table but those of NAT, and the table itself if nothing else is in it; policies go with the chains. Maps that a rule of NAT asks stay.
---
---Raises `not_found` for a chain that isn't there.
---@param opts? nsh.firewall.FlushOptions options
function firewall.flush(opts) end

---Puts a whole firewall in the place of the one that is there, in one transaction: packets meet the old rules or the new ones, and on any error nothing is changed. NAT stays as it is; a map that it asks stays too, and holds what the new firewall has for it, if it has it.
---
---Raises as `firewall.add`, with the rule's place in the list.
---@param opts? nsh.firewall.ApplyOptions options
---@return nsh.FirewallRule[] # the rules
function firewall.apply(opts) end

---Says what becomes of packets that no rule of a chain decides about. `firewall.chains` tells it.
---@param chain string a chain on a hook
---@param policy "accept"|"drop" what becomes of the packets
function firewall.policy(chain, policy) end

---Lists the chains with their policies, without those of NAT.
---@param opts? nsh.firewall.ChainsOptions options
---@return nsh.firewall.Chain[] # the chains
function firewall.chains(opts) end

---Makes a chain for rules with the action "jump NAME".
---
---Raises `exists` if there is one.
---@param name string the chain's name
function firewall.add_chain(name) end

---Deletes a chain with its rules.
---
---Raises `not_found` if there is none, `busy` if a rule jumps there.
---@param name string the chain's name
function firewall.del_chain(name) end

---Makes a set of addresses, ports, interfaces and so on, into which rules look by its name: `source = "@NAME"`. It can be changed while the rules stand.
---
---Raises `exists` if there is one.
---@param name string the set's name
---@param opts nsh.firewall.AddSetOptions options
function firewall.add_set(name, opts) end

---Lists the sets that have names, with what is in them.
---@return nsh.firewall.Set[] # the sets
function firewall.sets() end

---Finds a set by its name.
---@param name string the set's name
---@return nsh.firewall.Set? # the set, or nil
function firewall.get_set(name) end

---Deletes a set.
---
---Raises `not_found` if there is none, `busy` if a rule looks into it.
---@param name string the set's name
function firewall.del_set(name) end

---Makes a map, which has something for each of its keys. A rule asks it for a verdict (`action = "source vmap @NAME"`) or for a mark (`set_mark = "dport map @NAME"`), a rule of NAT where to translate to (`nat.dnat({ proto = "tcp", to = "dport map @NAME" })`). It can be changed while the rules stand.
---
---Raises `exists` if there is one, `not_found` for a chain to jump to that isn't there.
---@param name string the map's name
---@param opts nsh.firewall.AddMapOptions options
function firewall.add_map(name, opts) end

---Lists the maps that have names, with what they have.
---@return nsh.firewall.Map[] # the maps
function firewall.maps() end

---Finds a map by its name.
---@param name string the map's name
---@return nsh.firewall.Map? # the map, or nil
function firewall.get_map(name) end

---Deletes a map.
---
---Raises `not_found` if there is none, `busy` if a rule asks it.
---@param name string the map's name
function firewall.del_map(name) end

---Puts elements into a set or map, all of them or none.
---
---Raises `exists` if one is there, `not_found` for the set.
---@param name string the name of the set or map
---@param elements integer|string|(integer|string)[]|table<integer|string, integer|string> an element, or several; of a map { [KEY] = VALUE }
---@param opts? nsh.firewall.ElementOptions options
function firewall.add_elements(name, elements, opts) end

---Takes elements out of a set or map, all of them or none.
---
---Raises `not_found` if one isn't there.
---@param name string the name of the set or map
---@param elements integer|string|(integer|string)[] an element or a map's key, or several
function firewall.del_elements(name, elements) end

---Makes a flow table. A rule of `forward` puts connections into it (`action = "flow add @NAME"`), whose later packets go from link to link past the chains, with their TTL and NAT changed as before. Packets that are too large, or of a connection that ends, take the long way.
---
---Raises `exists` if there is one, `not_found` for a link, `unsupported` if the kernel has none.
---@param name string the flow table's name
---@param opts nsh.firewall.AddFlowtableOptions options
function firewall.add_flowtable(name, opts) end

---Lists the flow tables. `conntrack.list({ offloaded = true })` has the connections in them.
---@return nsh.firewall.Flowtable[] # the flow tables
function firewall.flowtables() end

---Finds a flow table by its name.
---@param name string the flow table's name
---@return nsh.firewall.Flowtable? # the flow table, or nil
function firewall.get_flowtable(name) end

---Deletes a flow table; its connections go through the chains again.
---
---Raises `not_found` if there is none, `busy` if a rule names it.
---@param name string the flow table's name
function firewall.del_flowtable(name) end

---Runs a group of tests immediately. What `before_each`, `after_each` and `defer` are given in it holds for it, and what it starts outside its tests ends with it. Its options hold for its tests, unless they say otherwise. Groups may stand in groups.
---
---If its code fails outside its tests, that is told under the group's name and the rest of the group does not run; the file goes on behind it. `skip` in it leaves the rest of it out.
---
---Raises `argument` inside a test.
---@param name string stands in front of its tests' names
---@param opts? nsh.group.Options options
---@param fn function makes the tests: it runs at once, and what stands in it outside the tests is their set-up
---@overload fun(name: string, fn: function)
function group(name, opts, fn) end

---HTTP/1.1: requests, and a server of fixed answers or of a directory. Any status is an answer, 404 and 500 as well.
---@class nsh.http
http = {}

---Sends a GET request.
---
---Raises `connection_refused`, `timeout`, `network_unreachable` and what else tcp.connect raises; `protocol` if the answer is not HTTP, `limit` if it has more than 64 MiB, `unsupported` for https.
---@param url string the http URL; "http://" may be left out
---@param opts? nsh.http.GetOptions options
---@return nsh.HttpResponse # the answer
function http.get(url, opts) end

---As http.get, with a method and a body.
---
---Raises what http.get raises.
---@param url string the http URL; "http://" may be left out
---@param opts? nsh.http.RequestOptions options
---@return nsh.HttpResponse # the answer
function http.request(url, opts) end

---Starts a server that runs beside the script and records its requests. Answers by path are given to every method. Slow clients are dropped after 10 s, idle ones after 60 s. Port 0 takes a free one.
---
---Raises `address_in_use` if the port is taken, `address_not_available` if the namespace doesn't have the address, `not_found` if there is no such directory.
---@param address string "10.0.0.1:80", "[fd00::1]:80"; ":80" and "[::]:80" for all addresses, "0.0.0.0:80" for IPv4's
---@param site nsh.http.Site what to serve
---@param opts? nsh.http.ServeOptions options
---@return nsh.HttpServer # the server
function http.serve(address, site, opts) end

---Lua values to JSON text and back.
---@class nsh.json
json = {}

---Writes a value as JSON. A table with the keys 1 to n is an array, any other an object with its keys sorted; an empty table is `{}`, an empty list that nsh returned is `[]`.
---
---Raises `argument` for what JSON has no form for: functions, NaN, strings that are not UTF-8, tables that contain themselves.
---@param value any a value, table, record or list; a namespace is its name
---@param opts? nsh.json.EncodeOptions options
---@return string # the JSON text
function json.encode(value, opts) end

---Reads JSON text. null becomes nil, so that a null field is missing.
---
---Raises `argument` with line and column for what is not JSON.
---@param text string JSON text
---@return any # the value; null is nil
function json.decode(text) end

---The lab as a whole.
---@class nsh.lab
lab = {}

---Reads the state of the whole lab: for each namespace its links, addresses, routes, rules, neighbours, forwarding databases, traffic control, NAT rules, states and policies of IPsec, WireGuard, nexthop objects, endpoints of MPTCP, routes of multicast, the nft ruleset, sockets, and the kernel parameters that aren't as in a new namespace; and the processes. A part that can't be read is named in `problems`; the others are complete.
---
---Each list is what the module's own `list` returns, so that `json.encode` makes JSON of it and `print` shows it as people know it.
---@return nsh.lab.State # everything
function lab.state() end

---Compares two states, and returns the differences as lines: `-` for what was there before, `+` for what is there after, below the namespace and the part.
---
---What the kernel does by itself is left out: link-local addresses and whether an address is still tentative, groups that links join, addresses that bridges learn, whether a learned neighbour was confirmed lately, times that are left.
---@param before nsh.lab.State what `lab.state` returned first
---@param after nsh.lab.State what it returned later
---@return string # the lines, an empty string if nothing differs
function lab.difference(before, after) end

---Describes the lab: whether it is a sandbox, on which kernel, and its namespaces.
---@return nsh.lab.Info # what is known of it
function lab.info() end

---Draws the lab: namespaces as boxes with their links, addresses, VLANs, states and NAT rules, and a line for each link between two of them, dashed where it is down.
---
---Raises `argument` for another ending, `read_only` where the sandbox lets nothing be written.
---@param path? string the file: .svg, .dot, .mmd (Mermaid) or .txt; left out, none is written
---@param opts? nsh.lab.DrawOptions options
---@return string # the picture
function lab.draw(path, opts) end

---Network interfaces: veth pairs, bridges and all other kinds.
---@class nsh.link
link = {}

---Makes a link. Of a veth pair both ends are made at once, each in its namespace; `up`, `addr` and `master` are done as well, and if one of them fails nothing stays.
---
---Raises `exists` if the name is taken, `unsupported` if the kernel has no such kind, `not_found` if `master` or `link` isn't there.
---@param name string its name, at most 15 bytes
---@param opts nsh.link.AddOptions options
function link.add(name, opts) end

---Changes a link; what isn't named stays as it is.
---
---Raises `not_found` if it isn't there.
---@param name string the link's name, or an alternative name of it
---@param opts? nsh.link.SetOptions options
function link.set(name, opts) end

---Deletes a link; with one end of a veth pair goes the other.
---
---Raises `not_found` if it isn't there.
---@param name string the link's name, or an alternative name of it
function link.del(name) end

---Finds a link by its name.
---@param name string the link's name, or an alternative name of it
---@return nsh.Link? # the link, or nil
function link.get(name) end

---Lists the links, or those that all given options fit.
---
---Raises `not_found` if `master` isn't there.
---@param opts? nsh.link.ListOptions options
---@return nsh.Link[] # the links, by index
function link.list(opts) end

---Reads a link's counters since it was made.
---
---Raises `not_found` if it isn't there.
---@param name string the link's name, or an alternative name of it
---@return nsh.LinkStats # its counters
function link.stats(name) end

---Shapes what a link sends: delay, loss, rate. It can be changed while packets flow: those that wait are kept. What isn't named is not done: `{ direction = "in" }` takes the shaping of one direction away, and `false` in place of the options that of both. `to` shapes what goes to some addresses in another way, `loss_model` has losses in bursts. `link.get(name).shape` tells how a link is shaped. The queueing discipline at the link's root does it, with a handle of nsh's own: `tc qdisc show`.
---
---Raises `not_found` if there is no such link, `exists` if somebody else has set a queueing discipline at its root, `unsupported` where the kernel has no netem and more than a rate and loss is asked for (tbf does the rate then, and a rule of nf_tables in the table `netdev nsh` the loss), `argument` for options that contradict each other.
---@param name string the link
---@param opts nsh.link.ShapeOptions|nsh.Shape|boolean options; or false: none any more
function link.shape(name, opts) end

---Multicast groups that links have joined. A socket joins one of IP (`udp.listen(ADDRESS, { join = GROUP })`) and leaves it when it is closed; the kernel joins some by itself.
---@class nsh.maddr
maddr = {}

---Lists the groups of all links, or those that all given options fit: what IPv4 and IPv6 have joined, and the hardware addresses that the links take for it.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.maddr.ListOptions options
---@return nsh.Membership[] # the groups
function maddr.list(opts) end

---Has a link take the frames to a group's hardware address, without IGMP or MLD.
---
---Raises `not_found` if there is no such link.
---@param mac string the group's hardware address
---@param opts nsh.maddr.AddOptions options
function maddr.add(mac, opts) end

---Takes back what `maddr.add` did.
---
---Raises `not_found` if it isn't there, or there is no such link.
---@param mac string the group's hardware address
---@param opts nsh.maddr.DelOptions options
function maddr.del(mac, opts) end

---Multicast databases: which port of a bridge gets the packets of which group. A bridge that snoops (`mcast_snooping`, the default) learns them from IGMP and MLD reports; until there is a querier (`mcast_querier`, or a router) it sends groups to all ports in any case.
---@class nsh.mdb
mdb = {}

---Adds an entry: the port gets the group's packets. Without `permanent` it goes as one that a host joined, after the bridge's `mcast_membership_interval`.
---
---Raises `exists` if it is there, `not_found` if there is no such link, `argument` if it is no port of a bridge, `invalid` while the bridge or the port is down.
---@param group string the group
---@param opts? nsh.mdb.AddOptions options
function mdb.add(group, opts) end

---Adds an entry, or changes the one that is there (Linux 6.3; older kernels only add).
---
---Raises as `mdb.add`.
---@param group string the group
---@param opts? nsh.mdb.ReplaceOptions options
function mdb.replace(group, opts) end

---Deletes an entry.
---
---Raises `not_found` if it isn't there, or there is no such link.
---@param group string the group
---@param opts? nsh.mdb.DelOptions options
function mdb.del(group, opts) end

---Finds an entry of a group, the first that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param group string the group
---@param opts? nsh.mdb.GetOptions options
---@return nsh.MdbEntry? # the entry, or nil
function mdb.get(group, opts) end

---Deletes the entries that all given options fit, those that hosts joined too: these come back with the next report.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.mdb.FlushOptions options
---@return integer # how many
function mdb.flush(opts) end

---Lists the entries of all bridges and vxlans, those that were learned too, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.mdb.ListOptions options
---@return nsh.MdbEntry[] # the entries
function mdb.list(opts) end

---Lists the ports behind which multicast routers are: they get all groups. A bridge learns them from queries, or is told by `mcast_router` (`bridge.set_port`).
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.mdb.RoutersOptions options
---@return nsh.MdbRouter[] # the ports
function mdb.routers(opts) end

---Routes of MPLS: what becomes of packets with a label. Each router that takes them needs `sysctl.set("net.mpls.platform_labels", 1000)`, and `sysctl.set("net.mpls.conf.eth0.input", 1)` for each link on which they come. `route.add(DST, { encap = "mpls 100", via = GATEWAY })` puts labels on packets.
---@class nsh.mpls
mpls = {}

---Adds a route: the label is replaced by those of `as`, or taken away, and the packet sent to the next router.
---
---Raises `exists` if there is one for the label, `invalid` if there is no room for it, `network_unreachable` if the next router can't be reached, `unsupported` if the kernel has no MPLS.
---@param label integer the label that packets come with
---@param opts? nsh.mpls.AddOptions options
---@overload fun(list: table[])
function mpls.add(label, opts) end

---Adds a route, or puts it in the place of the one for the label.
---
---Raises as mpls.add.
---@param label integer the label that packets come with
---@param opts? nsh.mpls.ReplaceOptions options
function mpls.replace(label, opts) end

---Deletes the route for a label.
---
---Raises `not_found` if there is none.
---@param label integer the label that packets come with
function mpls.del(label) end

---Finds the route for a label.
---@param label integer the label that packets come with
---@return nsh.MplsRoute? # the route, or nil
function mpls.get(label) end

---Lists the routes, or those that have all that is given. A kernel without MPLS has none.
---@param opts? nsh.mpls.ListOptions options
---@return nsh.MplsRoute[] # the routes, by their labels
function mpls.list(opts) end

---Deletes the routes, or those that have all that is given.
---@param opts? nsh.mpls.FlushOptions options
---@return integer # how many were deleted
function mpls.flush(opts) end

---Multipath TCP: which addresses a connection may use besides its first one, and how many. Programs ask for MPTCP by the protocol of their sockets (IPPROTO_MPTCP, `mptcpize`).
---@class nsh.mptcp
mptcp = {}

---Adds an endpoint. It needs `signal`, of which the peer is told, or `subflow`, from which this end connects.
---
---Raises `exists` if the address or the id is one already, `limit` beyond 8, `argument` for options that contradict each other, `unsupported` if the kernel has no MPTCP.
---@param address string an address of this namespace
---@param opts? nsh.mptcp.AddOptions options
function mptcp.add(address, opts) end

---Changes an endpoint, and with it the subflows that connections have from it.
---
---Raises `not_found` if there is none.
---@param id integer its number
---@param opts? nsh.mptcp.SetOptions options
function mptcp.set(id, opts) end

---Deletes an endpoint, and closes the subflows from it.
---
---Raises `not_found` if there is none.
---@param id integer its number
function mptcp.del(id) end

---Finds an endpoint.
---@param id integer its number
---@return nsh.MptcpEndpoint? # the endpoint, or nil
function mptcp.get(id) end

---Lists the endpoints, or those that all given options fit.
---@param opts? nsh.mptcp.ListOptions options
---@return nsh.MptcpEndpoint[] # the endpoints
function mptcp.list(opts) end

---Deletes all endpoints.
function mptcp.flush() end

---Reads how much connections may have besides their first subflow.
---@return nsh.MptcpLimits # the limits
function mptcp.limits() end

---Changes how much connections may have besides their first subflow.
---@param opts? nsh.mptcp.LimitOptions options
function mptcp.set_limits(opts) end

---Static routes of multicast, as smcroute has them: the packets that a sender sends to a group, and that come in by one link, go on by others. The namespace is a router of multicast while it has some; those of a link's own groups (224.0.0.0/24, ff02::/16) are never forwarded. A sender must make its packets with a TTL above 1, and `maddr.list` tells who has joined a group. Where another program routes multicast (a daemon of PIM), the routes stand beside its own.
---@class nsh.mroute
mroute = {}

---Adds a route. It goes with the script, or with `mroute.flush`.
---
---Raises `exists` if there is one for the group and sender, `not_found` for a link, `argument` for a group that no router forwards, `unsupported` if the kernel lacks it (CONFIG_IP_MROUTE, CONFIG_IPV6_MROUTE).
---@param opts nsh.mroute.AddOptions options
function mroute.add(opts) end

---Adds a route, or puts it in the place of the one for its group and sender.
---
---Raises as mroute.add.
---@param opts nsh.mroute.ReplaceOptions options
function mroute.replace(opts) end

---Deletes the route for a group and sender.
---
---Raises `not_found` if there is none.
---@param opts nsh.mroute.DelOptions options
function mroute.del(opts) end

---Lists the routes, whoever made them, or those that have all that is given. One that is `unresolved` tells of packets that came and have no route. A kernel that can't route multicast has none.
---@param opts? nsh.mroute.ListOptions options
---@return nsh.Mroute[] # the routes, those of IPv4 first
function mroute.list(opts) end

---Deletes all routes, and the namespace is no router of multicast any more.
---@return integer # how many were deleted
function mroute.flush() end

---Network namespaces: the hosts of the lab.
---
---Every binding that is a global and acts on `host` is also a field of each namespace, and acts there: `ns1.link.add(...)`, `ns1.ping(...)`. `ns1.name` is its name; `ns1.exec`, `ns1.spawn` and `ns1.shell` are short for `ns1.proc.exec` and so on.
---@class nsh.namespace
namespace = {}

---Makes a network namespace and pins it in /run/netns, so that `ip netns` finds it. All its links are down, `lo` too, unless `up` is given. It starts from the kernel's defaults, whatever the machine has set.
---
---Raises `exists` if the name is taken.
---@param name string its name: no white space, no "/", not "host"
---@param opts? nsh.namespace.AddOptions options
---@return nsh.Namespace # the new namespace
function namespace.add(name, opts) end

---Gives a network namespace that somebody else made a name here: that of a process, such as a container's first one, or of a file. Everything works on it as on one of `namespace.add`; `namespace.del` takes only the name away.
---
---In a sandbox there are only the lab's own processes. A container's namespace needs `sudo nsh --host`; its process is told by `docker inspect -f '{{.State.Pid}}' NAME` or `podman inspect -f '{{.State.Pid}}' NAME`. The name stays when nsh has ended, as one of `ip netns attach` does.
---
---Raises `not_found` if there is no such process or file, `exists` if the name is taken, `argument` for a file that is no network namespace and for the lab's own `host`.
---@param name string the name that it gets here
---@param opts? nsh.namespace.AttachOptions options
---@return nsh.Namespace # the namespace
function namespace.attach(name, opts) end

---Finds a namespace by its name: those that the script made and those that `ip netns add` made.
---@param name string its name; "host" is the one in which the lab begins
---@return nsh.Namespace? # the namespace, or nil
function namespace.get(name) end

---Lists the namespaces, sorted by name. `host` is not among them.
---@return nsh.Namespace[] # the namespaces by name, `host` left out
function namespace.list() end

---Deletes a namespace: its virtual links go, with the peers of its veths. When it returns, their names can be used again; that takes 20 ms.
---
---A process that still runs in it keeps it and its links alive, without its name: end that process before. An error about a link's name that is still taken names the process.
---
---Raises `argument` if there is none of that name.
---@param name nsh.Namespace|string the namespace or its name
function namespace.del(name) end

---Network address translation for IPv4 and IPv6, by nf_tables and without the program nft.
---
---The rules stand in the table `inet nsh` of the namespace, where `nft list table inet nsh` shows them. The first packet of a connection is matched, and the kernel then translates the whole connection, answers included: see `conntrack.list`. To pass packets on at all, the namespace needs `sysctl.set("net.ipv4.ip_forward", 1)`.
---@class nsh.nat
nat = {}

---Gives packets the address of the interface by which they leave, so that answers come back to this namespace from networks that don't know the sender's.
---
---Raises `argument` for options that contradict each other, `unsupported` where the kernel has no NAT.
---@param opts? nsh.nat.MasqueradeOptions options
---@return nsh.NatRule # the rule
function nat.masquerade(opts) end

---Gives packets a source address that is named, rather than the outgoing interface's as `nat.masquerade` does.
---
---Raises `argument` for options that contradict each other, `unsupported` where the kernel has no NAT.
---@param opts nsh.nat.SnatOptions options
---@return nsh.NatRule # the rule
function nat.snat(opts) end

---Gives packets another destination: a port of this namespace's address leads to a server behind it. Connections that begin in this namespace are translated only with `host = true`. To an address of 127.0.0.0/8 the kernel takes packets only from links with the sysctl `net.ipv4.conf.DEV.route_localnet` set.
---
---Raises `argument` for options that contradict each other, `unsupported` where the kernel has no NAT.
---@param opts nsh.nat.DnatOptions options
---@return nsh.NatRule # the rule
function nat.dnat(opts) end

---Gives packets this namespace itself as their destination, wherever they were going: a transparent proxy, or another port of one's own.
---
---Raises `argument` for options that contradict each other, `unsupported` where the kernel has no NAT.
---@param opts? nsh.nat.RedirectOptions options
---@return nsh.NatRule # the rule
function nat.redirect(opts) end

---Lists the rules with their counters, hook by hook in the order in which they are tried. What others put into nsh's table and has no words here is of the kind `other`.
---@return nsh.NatRule[] # the rules
function nat.list() end

---Finds a rule by its handle.
---@param rule nsh.NatRule|integer a rule or its handle
---@return nsh.NatRule? # the rule with its present counters, or nil
function nat.get(rule) end

---Deletes a rule. Connections that it translated stay so until they end or `conntrack.del` forgets them.
---
---Raises `not_found` if it is gone.
---@param rule nsh.NatRule|integer a rule or its handle
function nat.del(rule) end

---Deletes all NAT rules and chains of nsh's table, and the table itself if nothing else is in it.
function nat.flush() end

---Neighbours: which hardware address belongs to which IPv4 (ARP) or IPv6 (NDP) address.
---@class nsh.neigh
neigh = {}

---Adds a neighbour: packets to it are sent without asking for its hardware address first.
---
---Raises `exists` if it is known already, `not_found` if there is no such link, `limit` if the machine's table is full.
---@param dst string the neighbour's address, IPv4 or IPv6
---@param opts nsh.neigh.AddOptions options
---@overload fun(list: table[])
function neigh.add(dst, opts) end

---Adds a neighbour, or changes what is known of it.
---
---Raises `not_found` if there is no such link.
---@param dst string the neighbour's address, IPv4 or IPv6
---@param opts nsh.neigh.AddOptions options
function neigh.replace(dst, opts) end

---Forgets a neighbour.
---
---Raises `not_found` if it isn't known.
---@param dst string the neighbour's address, IPv4 or IPv6
---@param opts nsh.neigh.DelOptions options
function neigh.del(dst, opts) end

---Finds what is known of a neighbour on a link.
---
---Raises `not_found` if there is no such link.
---@param dst string the neighbour's address, IPv4 or IPv6
---@param opts nsh.neigh.GetOptions options
---@return nsh.Neigh? # the neighbour, or nil
function neigh.get(dst, opts) end

---Lists the neighbours, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.neigh.ListOptions options
---@return nsh.Neigh[] # the neighbours
function neigh.list(opts) end

---Forgets the neighbours that all given options fit. Those that the kernel is about to drop may be seen a moment longer, as FAILED.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.neigh.FlushOptions options
---@return integer # how many were forgotten
function neigh.flush(opts) end

---Nexthop objects: ways that many routes share. `route.add(DST, { nhid = ID })` makes a route that uses one, and all such routes change with it.
---@class nsh.nexthop
nexthop = {}

---Adds a nexthop object: a gateway, a link, a blackhole, or a group of others.
---
---Raises `exists` if the id is taken, `network_unreachable` or `invalid` if the gateway can't be reached, `unsupported` if the kernel has no nexthop objects.
---@param id integer its number
---@param opts? nsh.nexthop.AddOptions options
---@overload fun(list: table[])
function nexthop.add(id, opts) end

---Adds a nexthop object, or puts it in the place of the one with this id.
---
---Raises as nexthop.add.
---@param id integer its number
---@param opts? nsh.nexthop.ReplaceOptions options
function nexthop.replace(id, opts) end

---Deletes a nexthop object, and the routes that use it.
---
---Raises `not_found` if there is none.
---@param id integer its number
function nexthop.del(id) end

---Finds a nexthop object.
---@param id integer its number
---@return nsh.NexthopObject? # the nexthop object, or nil
function nexthop.get(id) end

---Lists the nexthop objects, or those that have all that is given.
---@param opts? nsh.nexthop.ListOptions options
---@return nsh.NexthopObject[] # the nexthop objects, by their ids
function nexthop.list(opts) end

---Deletes the nexthop objects that have all that is given, and the routes that use them.
---@param opts? nsh.nexthop.FlushOptions options
---@return integer # how many were deleted
function nexthop.flush(opts) end

---Raw nf_tables rulesets, where the program nft is installed. The bindings `firewall`, `nat` and `conntrack` don't need it.
---@class nsh.nft
nft = {}

---Loads a ruleset: whole, or on any error not at all. It adds to what is there; begin with `flush ruleset` or `destroy table ...` to replace.
---
---The objects of a table are commands such as `{ add = { rule = { ... } } }`, or tables, chains, rules and so on as `nft.list({ json = true })` gives them, which are added. Where JSON has null an empty table stands: `{ accept = {} }`. Wrong types, missing fields and misspelt names are errors with their place in the table; what nsh doesn't know goes to nft, which decides.
---
---Raises `argument` for a table that is wrong in itself, `invalid` with the line or the object for what nft doesn't understand, the kernel's errno for what it refuses, `unsupported` where nft isn't installed.
---@param ruleset string|table nft's language, its JSON form if it begins with "{", or a table: a list of the objects of libnftables-json(5), alone or as the field `nftables`
---@param opts? nsh.nft.LoadOptions options
function nft.load(ruleset, opts) end

---Lists the ruleset of the namespace.
---
---Raises `unsupported` where nft isn't installed, `not_found` for a table that isn't there.
---@param opts? nsh.nft.ListOptions options
---@return string|any # the ruleset in nft's language, empty if there is none; with `json` the objects of libnftables-json(5) as tables
function nft.list(opts) end

---Lists the ruleset of the namespace as tables, each with one field that names what it is: `table`, `chain`, `rule` and so on.
---
---Raises as `nft.list` does.
---@param opts? nsh.nft.ObjectsOptions options
---@return table[] # the ruleset as the objects of libnftables-json(5)
function nft.objects(opts) end

---Sends as much as passes, and counts what arrives. Both ends are nsh's: nothing has to listen there. Rates are of the data alone, as of iperf3: headers come on top. A link of 10 mbit carries 9.56 mbit of TCP's data, and 9.72 mbit of UDP's.
---
---Raises what tcp.connect raises; `timeout` if no datagram arrives at the beginning, or if `bytes` stop arriving; `connection_reset` if something ends a connection; `not_found` if no namespace has the address.
---@param dst string|nsh.Namespace the target: a namespace, or an address that one has
---@param opts? nsh.perf.Options options
---@return nsh.Perf # what came of it
function perf(dst, opts) end

---Echo requests, IPv4 and IPv6: `ping(dst)` sends them and waits for the replies, `ping.start(dst)` runs beside the script.
---
---An ICMP error of another host (unreachable, time exceeded, too big) is part of the result. What keeps a request from being sent (no route, a prohibit route, a firewall) is an error. Routers limit how often they say "unreachable": see net.ipv4.icmp_ratelimit.
---@class nsh.ping
---@overload fun(dst: string|nsh.Namespace, opts?: nsh.ping.Options): nsh.PingResult
ping = {}

---Starts a ping that runs beside the script until it is stopped or the count is reached, and returns immediately. It shows what is lost while something else happens: `outages` of the result tells when, and `longest_outage` how long at most.
---
---Raises what ping raises, if the first request can't be sent; later ones that can't be sent are errors in the result.
---@param dst string|nsh.Namespace the target; a link-local address with its link, as "fe80::1%eth0"
---@param opts? nsh.ping.StartOptions options
---@return nsh.Ping # the running ping
function ping.start(dst, opts) end

---Pings from each host to each other one. Losses, and what keeps a request from being sent, are part of the result. Pairs are tried side by side: a host that is cut off takes no longer than `timeout`.
---
---Of more than 300 pairs the neighbours that were learned meanwhile are forgotten again: the kernel has room for 1024 of them, for all namespaces together.
---
---Raises `not_found` if a host has no address, or there is no family of which all have one.
---@param hosts (nsh.Namespace|string)[] the hosts: namespaces, or their names
---@param opts? nsh.ping_all.Options options
---@return nsh.PingMatrix # who reaches whom
function ping_all(hosts, opts) end

---Sends echo requests that must not be fragmented, of the size that the first link takes, and then of the sizes that routers tell. Where larger ones are lost and nobody says anything, it searches for the size, and says behind which host they vanish: a black hole. What the kernel remembers of the path is left out of account.
---
---Raises `timeout` if even a small packet is not answered, `host_unreachable` if somebody refuses it, `network_unreachable` without a route, `not_found` for an unknown name or link.
---@param dst string|nsh.Namespace the target; a link-local address with its link, as "fe80::1%eth0"
---@param opts? nsh.pmtu.Options options
---@return nsh.PathMtu # the MTU and where it comes from
function pmtu(dst, opts) end

---Processes inside a namespace.
---
---A process sees the namespace's network and its devices in `/sys`, and finds each namespace of the lab by its name (in `/etc/hosts`). It has a process group of its own, ends with the lab at the latest, and reads nothing unless given `stdin`. What lies in `/etc/netns/NAME`, such as `resolv.conf`, stands over `/etc` for the processes of the namespace NAME; in a sandbox that directory is the lab's own, and empty at first.
---@class nsh.proc
proc = {}

---Runs a process, and waits until it ends. Processes that it leaves in the background keep running, but their output is lost.
---
---Raises `not_found` for a missing program or directory, `permission` for a file that can't be executed, `timeout` when `timeout` ran out (it is then ended), and with `check` `exit` unless its status is 0.
---@param command string|string[] a line for `/bin/sh -c`, or a program (looked for in PATH) and its arguments, given as they are
---@param opts? nsh.proc.ExecOptions options
---@return nsh.proc.Result # how it ended
function proc.exec(command, opts) end

---Starts a process that runs beside the script; returns when its program has been executed, with `ready` when it is ready. It is ended at the end of the script, or of the handle's block (`<close>`).
---
---Raises as `proc.exec` does for a program that can't be started; with `ready` also `timeout` if it doesn't get ready, `exit` if it ends before (each with what it printed last; nothing of it is left running), and `exists` if something listens on the port already.
---@param command string|string[] a line for `/bin/sh -c`, or a program (looked for in PATH) and its arguments, given as they are
---@param opts? nsh.proc.SpawnOptions options
---@return nsh.Process # the running process
function proc.spawn(command, opts) end

---Gives the processes of the namespace private directories: empty at first, writable, and shared by all processes that are started in this namespace from now on. Several daemons of one kind then each find their own configuration and sockets in the usual place: `r1.proc.private({ "/etc/frr", "/run/frr" })`. The script reaches what is in them by the returned paths, or writes it with `files`.
---
---Raises `unsupported` with `--host`.
---@param paths string|string[] an absolute path, or an array of such; they need not exist
---@return string ... # where each of them lies in the lab
function proc.private(paths) end

---Lists the processes that ended by themselves while the script goes on, each with the reason: those spawned with `ready`, and others that failed. Processes that the script sent a signal to, or whose result it has from `wait`, are left out. In a lab that is up, `nsh ls` and `nsh logs` show them too, and a prompt of `nsh attach` shows those that the script started.
---@return string[] # one line for each, oldest first
function proc.deaths() end

---Opens the user's `$SHELL` on the terminal, inside the namespace, and waits until it is left.
---
---Raises `unsupported` if there is no terminal.
---@param opts? nsh.proc.ShellOptions options
---@return integer? # its exit status; nil if a signal ended it
function proc.shell(opts) end

---IPv4 and IPv6 routes, and the kernel's own lookup.
---@class nsh.route
route = {}

---Adds a route. A `default` route is of the gateway's family.
---
---Raises `exists` if there is one to the destination with the same metric, `network_unreachable` if the gateway is in no subnet of a link that is up, `argument` if the destination has host bits.
---@param dst string the destination, without host bits; "default" for all
---@param opts? nsh.route.AddOptions options
---@overload fun(list: table[])
function route.add(dst, opts) end

---Adds a route, or puts it in the place of the one to the same destination with the same metric.
---
---Raises `network_unreachable` as route.add.
---@param dst string the destination, without host bits; "default" for all
---@param opts? nsh.route.ReplaceOptions options
function route.replace(dst, opts) end

---Deletes the first route to the destination that all given options fit.
---
---Raises `not_found` if there is none.
---@param dst string the destination, without host bits; "default" for all
---@param opts? nsh.route.DelOptions options
function route.del(dst, opts) end

---Asks the kernel which way a packet takes: link, gateway and source address.
---
---Raises `network_unreachable` if there is no route, and the error of an unreachable, prohibit or blackhole route.
---@param dst string the address that a packet goes to
---@param opts? nsh.route.GetOptions options
---@return nsh.Route # the way that the packet takes
function route.get(dst, opts) end

---Lists the routes of the main table, or those that all given options fit; IPv4 first.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.route.ListOptions options
---@return nsh.Route[] # the routes, in the kernel's order
function route.list(opts) end

---Deletes the routes of the main table, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.route.FlushOptions options
---@return integer # how many were deleted
function route.flush(opts) end

---Rules of policy routing: which routing table is asked for which packets.
---
---The kernel asks the rules in the order of their priorities. It begins with three: 0 for the table local, 32766 for main and 32767 for default. IPv4 and IPv6 have rules of their own, and IPv6 has none for default.
---@class nsh.rule
rule = {}

---Adds a rule for the packets that all given options fit. `table` (default main), `l3mdev`, `type` or `goto_priority` says what happens to them. The rule is one of IPv4 unless an address or `family` says otherwise. Without `priority` the kernel puts it before all rules but the one of priority 0, so also before those that were added like this earlier.
---
---Raises `exists` if the same rule is there, `argument` if options contradict each other.
---@param opts? nsh.rule.AddOptions options
---@overload fun(list: nsh.rule.AddOptions[])
function rule.add(opts) end

---Deletes the first rule that has all that is given; IPv4's are looked through first.
---
---Raises `not_found` if there is none.
---@param opts? nsh.rule.DelOptions options
function rule.del(opts) end

---Finds the first rule that has all that is given; IPv4's are looked through first.
---@param opts? nsh.rule.GetOptions options
---@return nsh.Rule? # the rule, or nil
function rule.get(opts) end

---Lists the rules of IPv4 and IPv6, or those that have all that is given.
---@param opts? nsh.rule.ListOptions options
---@return nsh.Rule[] # the rules, in the order in which they are asked, IPv4 first
function rule.list(opts) end

---Deletes the rules that have all that is given, those of the tables main and default too, but those of priority 0 only if `priority` says so.
---@param opts? nsh.rule.FlushOptions options
---@return integer # how many were deleted
function rule.flush(opts) end

---Sends a frame by a link, whatever it says: Ethernet, VLAN tags, ARP, IPv4 and IPv6, ICMP, neighbour discovery, TCP, UDP, and any payload. Lengths and checksums are right unless they are given. The source is the kernel's choice, and the hardware address of the destination is asked for, unless `eth.dst` has it. The names of fields are those of `capture`'s packets.
---
---Firewall rules and routes of the sender don't see the frame.
---
---Raises `argument` for headers that contradict each other, `not_found` if there is no such link, `timeout` if nobody tells the destination's hardware address, `network_down` if the link is down, `invalid` if the frame is longer than its MTU.
---@param dev string the link that sends it
---@param opts? nsh.send.Options options
---@return nsh.Sent # what was sent
function send(dev, opts) end

---Ends the test as skipped: neither passed nor failed. Outside a test it leaves out the rest of the group, or of the file. What was deferred still runs, and a soft check that has failed already counts.
---@param reason string the reason, which is reported
function skip(reason) end

---Waits for this time. Ctrl-C and a test's time limit end it.
---
---Look at `wait` and `eventually` first: a sleep that is too short makes a test fail now and then, and one that is long enough costs its time on each run. `wait` waits for links, addresses, routes, neighbours, ports and counters; `ready` of `proc.spawn` for a program; `eventually` tries anything else until it works. `sleep` is for what takes a known time, such as an entry that expires.
---@param seconds number how long, in seconds and fractions
function sleep(seconds) end

---Which sockets are open in a namespace.
---@class nsh.socket
socket = {}

---Lists the sockets of TCP and UDP, or those that all given options fit. nsh's own (of servers, and of probes that run) are among them.
---@param opts? nsh.socket.ListOptions options
---@return nsh.Socket[] # the sockets, TCP's first
function socket.list(opts) end

---Kernel parameters. Those below `net` are each namespace's own; the others are the machine's, and can be read but not set in a sandbox.
---
---Names are written with dots or with slashes, as sysctl(8) takes them: whichever comes first separates. For an interface with a dot in its name write `net.ipv4.conf.eth0/1.forwarding` or `net/ipv4/conf/eth0.1/forwarding`.
---@class nsh.sysctl
sysctl = {}

---Reads a parameter. It is always a string; several numbers have tabs between them.
---
---Raises `not_found` if there is none of that name.
---@param name string its name, such as net.ipv4.ip_forward
---@return string # its value as the kernel writes it
function sysctl.get(name) end

---Sets a parameter.
---
---Raises `not_found` if there is none of that name, `invalid` if the kernel refuses the value, `read_only` if it can't be set here: in a sandbox everything but `net`, and below `net` what the kernel keeps for the machine as a whole (`rmem_max` and `wmem_max`, `nf_conntrack_max`, `tcp_mem`, `gc_thresh*`).
---@param name string its name, such as net.ipv4.ip_forward
---@param value string|integer|boolean its new value; true is 1 and false 0
function sysctl.set(name, value) end

---Lists the parameters that can be read.
---
---Raises `not_found` if no name begins so.
---@param prefix? string the beginning of the names, in whole parts; default net
---@return nsh.Parameter[] # the parameters, by name
function sysctl.list(prefix) end

---Traffic control, in the words of tc(8): `tc.qdisc` has queueing disciplines, `tc.class` their classes, `tc.filter` filters and what they do. For a link that is slow or lossy, `link.shape` is simpler.
---@class nsh.tc
tc = {}

---Deletes the queueing disciplines that somebody has set on a link, at its root and at the way in, with their classes and filters. What `link.shape` has set stays.
---
---Raises `not_found` if there is no such link.
---@param dev string the link
---@return integer # how many disciplines were deleted
function tc.flush(dev) end

---Classes of queueing disciplines that have some: htb, hfsc, drr. Filters choose which packets go to which.
---@class nsh.tc.class
tc.class = {}

---Adds a class to a queueing discipline, or to another class of it (`parent`).
---
---Raises `exists` if there is one, `not_found` if the discipline isn't there.
---@param dev string the link
---@param classid string its handle: the discipline's number, and its own, both in hexadecimal
---@param opts? nsh.tc.class.AddOptions options
function tc.class.add(dev, classid, opts) end

---Adds a class, or changes the one there is.
---
---Raises as `tc.class.add`.
---@param dev string the link
---@param classid string its handle: the discipline's number, and its own, both in hexadecimal
---@param opts? nsh.tc.class.AddOptions options
function tc.class.replace(dev, classid, opts) end

---Deletes a class.
---
---Raises `not_found` if there is none, `busy` if classes stand in it or filters lead to it.
---@param dev string the link
---@param classid string its handle: the discipline's number, and its own, both in hexadecimal
function tc.class.del(dev, classid) end

---Lists the classes of all links, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.tc.class.ListOptions options
---@return nsh.tc.Class[] # the classes, with their counters
function tc.class.list(opts) end

---Filters: which packets go to which class, and what is done with them. The options of a kind stand in a table of its name, those of an action too: `tc.filter.add("eth0", { parent = "ingress", flower = { dst_ip = "10.0.0.1" }, actions = "drop" })`.
---@class nsh.tc.filter
tc.filter = {}

---Adds a filter to a queueing discipline (`parent = "1:"`), or at the way in or out of a link that has a `clsact` (`parent = "ingress"`, `"egress"`); or to a block, by its number, which links share whose clsact names it (`ingress_block`, `egress_block`).
---
---Raises `exists` if there is such a one, `not_found` if the discipline isn't there, `unsupported` if the kernel lacks the kind or an action.
---@param on string|integer the link, or the number of a block of filters that links share
---@param opts? nsh.tc.filter.AddOptions options
function tc.filter.add(on, opts) end

---Adds a filter, or puts it in the place of the one with this `pref`, `protocol` and `handle`.
---
---Raises as `tc.filter.add`.
---@param on string|integer the link, or the number of a block of filters that links share
---@param opts? nsh.tc.filter.AddOptions options
function tc.filter.replace(on, opts) end

---Deletes filters of a place: the one with this `pref`, `kind` and `handle`, all with this `pref`, or, with `parent` alone, all.
---
---Raises `not_found` if there is none.
---@param on string|integer the link, or the number of a block of filters that links share
---@param opts? nsh.tc.filter.DelOptions options
function tc.filter.del(on, opts) end

---Lists the filters of all links, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.tc.filter.ListOptions options
---@return nsh.tc.Filter[] # the filters, with their actions and how many packets these met
function tc.filter.list(opts) end

---Queueing disciplines: in which order, how fast and how many packets leave a link. The options of a kind stand in a table of its name: `tc.qdisc.add("eth0", { handle = "1:", htb = { default = "10" } })`.
---@class nsh.tc.qdisc
tc.qdisc = {}

---Adds a queueing discipline: at the link's root, or in the class that `parent` names; `clsact` and `ingress` stand beside it.
---
---Raises `exists` if there is one, `not_found` if the link or the class isn't there, `unsupported` if the kernel lacks the kind.
---@param dev string the link
---@param opts? nsh.tc.qdisc.AddOptions options
function tc.qdisc.add(dev, opts) end

---Adds a queueing discipline, or puts it in the place of the one there is. One of the same kind is changed, and the packets that wait in it stay.
---
---Raises as `tc.qdisc.add`.
---@param dev string the link
---@param opts? nsh.tc.qdisc.AddOptions options
function tc.qdisc.replace(dev, opts) end

---Deletes a queueing discipline, the one at the link's root unless `parent` or `kind` ("clsact") says another; with it go its classes and filters.
---
---Raises `not_found` if nobody has set one there.
---@param dev string the link
---@param opts? nsh.tc.qdisc.DelOptions options
function tc.qdisc.del(dev, opts) end

---Finds a queueing discipline, the one at the link's root unless told otherwise; the kernel's own, too.
---
---Raises `not_found` if there is no such link.
---@param dev string the link
---@param opts? nsh.tc.qdisc.DelOptions options
---@return nsh.tc.Qdisc? # the queueing discipline, or nil
function tc.qdisc.get(dev, opts) end

---Lists the queueing disciplines of all links, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.tc.qdisc.ListOptions options
---@return nsh.tc.Qdisc[] # the queueing disciplines, with their counters
function tc.qdisc.list(opts) end

---TCP connections, and servers to make them to.
---@class nsh.tcp
tcp = {}

---Connects to a server; of a name with several addresses, to the first one that answers.
---
---Raises `connection_refused` if nothing listens there, `timeout` if nothing comes back, `network_unreachable`, `host_unreachable`, `permission`, `not_found` for an unknown name or link.
---@param address string "10.0.0.1:80", "[fd00::1]:80", "ns1:80"; or without the port
---@param opts? nsh.tcp.ConnectOptions options
---@return nsh.TcpConnection # the connection
function tcp.connect(address, opts) end

---Starts a server that runs beside the script, sends back what comes, and records its connections. Port 0 takes a free one.
---
---Raises `address_in_use` if the port is taken, `address_not_available` if the namespace doesn't have the address.
---@param address string "10.0.0.1:80", "[fd00::1]:80"; ":80" and "[::]:80" for all addresses, "0.0.0.0:80" for IPv4's
---@param opts? nsh.tcp.ListenOptions options
---@return nsh.TcpServer # the server
function tcp.listen(address, opts) end

---Tests of a file: each with a name, a result and a time of its own, in the file's one lab, in the order in which they stand.
---
---A test runs where it stands, so that code between tests is set-up for those that follow. One that fails does not keep the others from running; code outside tests that fails ends the file. `nsh test` runs many files and reports on them; `nsh FILE` runs the tests of one, and prints a line each.
---
---What a test starts (processes, servers, captures) ends with it, after what it deferred has run. What is to serve several tests is started outside them.
---@class nsh.test
---@overload fun(name: string, opts?: nsh.test.Options, fn: function)
---@overload fun(name: string, fn: function)
test = {}

---Runs a test for each of several cases: those of an array in its order, those of a table by name in the order of their names.
---
---Raises `exists` if two of them have the same name, `argument` for a field that a case doesn't have.
---@param name string what they show: `{mtu}` stands for a case's field of that name, `{}` for the case itself, or for its name if the cases have names. Without either, what tells the case from the others is put behind
---@param cases table an array of cases, or a table of cases by name
---@param opts? nsh.test.Options options
---@param fn function the test: it gets the case, and its index or name
---@overload fun(name: string, cases: table, fn: function)
function test.each(name, cases, opts, fn) end

---Sends packets whose time to live ends at each router on the way, which says so. A hop that is silent for a second is asked once more: routers limit how often they say it (net.ipv4.icmp_ratelimit).
---
---Raises `network_unreachable` without a route, `host_unreachable` or `permission` by a route of type unreachable or prohibit, `permission` by a firewall rule, `not_found` for an unknown name or link.
---@param dst string|nsh.Namespace the target; a link-local address with its link, as "fe80::1%eth0"
---@param opts? nsh.traceroute.Options options
---@return nsh.Trace # the way
function traceroute(dst, opts) end

---Tun and tap links, whose packets a program reads and writes: a VPN, a virtual machine, or the script itself. `link.get` tells how one was made.
---@class nsh.tun
tun = {}

---Makes a link that stays until `tun.del` or `link.del`, for a program to open.
---
---Raises `exists` if the name is taken, `unsupported` without /dev/net/tun.
---@param name string the link's name
---@param opts nsh.tun.AddOptions options
function tun.add(name, opts) end

---Deletes such a link.
---
---Raises `not_found` if there is none, `argument` if it is of another kind, `busy` while a program has it open.
---@param name string the link's name
function tun.del(name) end

---Opens a link that is there, or makes one, a tap unless `mode` says tun, that goes when it is closed. It has to be set up, as any link.
---
---Raises `busy` if somebody has it open, `argument` if it is of another kind or mode.
---@param name string the link's name
---@param opts? nsh.tun.OpenOptions options
---@return nsh.OpenTun # the link, to read from and to write to
function tun.open(name, opts) end

---UDP datagrams, and servers that get them.
---@class nsh.udp
udp = {}

---Sends one datagram, and doesn't wait for an answer. Broadcast addresses and groups may be sent to.
---
---Raises `network_unreachable` and the like, `permission` by a firewall rule, `invalid` if it is too big.
---@param address string "10.0.0.1:53", "[fd00::1]:53", "ns1:53"; or without the port
---@param data string what to send, up to 65507 bytes
---@param opts? nsh.udp.SendOptions options
function udp.send(address, data, opts) end

---Sends a datagram and waits for one back from the same address and port.
---
---Raises `timeout` if none came, `connection_refused` if ICMP says that nothing receives there, and what udp.send raises.
---@param address string "10.0.0.1:53", "[fd00::1]:53", "ns1:53"; or without the port
---@param data string what to send, up to 65507 bytes
---@param opts? nsh.udp.RequestOptions options
---@return nsh.UdpReply # the answer
function udp.request(address, data, opts) end

---Starts a server that runs beside the script, records the datagrams that come, and sends them back from the address that they were sent to.
---
---Raises `address_in_use` and `address_not_available`.
---@param address string "10.0.0.1:53", "[fd00::1]:53", ":53" for all addresses
---@param opts? nsh.udp.ListenOptions options
---@return nsh.UdpServer # the server
function udp.listen(address, opts) end

---VLANs of bridges that filter by them (`vlan_filtering`): which port, and the bridge itself, belongs to which. A port joins the bridge's `vlan_default_pvid`, 1, when it is attached.
---@class nsh.vlan
vlan = {}

---Adds a port, or a bridge itself, to VLANs; where it is in one, it gets these flags there. What a bridge sends and receives itself, by its own addresses, belongs to the bridge's own VLANs.
---
---Raises `argument` if the link is neither, `not_found` if there is no such link.
---@param vids integer|string a VLAN, or a range of them
---@param opts nsh.vlan.AddOptions options
function vlan.add(vids, opts) end

---Changes a port's options of VLANs that it is in.
---
---Raises `not_found` if it is not in one of them, `invalid` for an option that the bridge's own options don't allow.
---@param vids integer|string a VLAN, or a range of them
---@param opts nsh.vlan.SetOptions options
function vlan.set(vids, opts) end

---Takes a port, or a bridge itself, out of VLANs.
---
---Raises `not_found` if it is in none of them.
---@param vids integer|string a VLAN, or a range of them
---@param opts nsh.vlan.DelOptions options
function vlan.del(vids, opts) end

---Lists the VLANs of all ports and bridges, or those that all given options fit, with their counters.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.vlan.ListOptions options
---@return nsh.BridgeVlan[] # a record for each VLAN of each port and bridge
function vlan.list(opts) end

---What holds for a VLAN at all ports of a bridge: multicast snooping of its own, where the bridge has `mcast_vlan_snooping`, and its spanning tree.
---@class nsh.vlan.global
vlan.global = {}

---Changes options of a bridge's VLANs.
---
---Raises `not_found` for a VLAN that neither the bridge nor a port of it is in, `argument` if the link is no bridge, `invalid` for an option that the bridge's own options don't allow.
---@param vids integer|string a VLAN, or a range of them
---@param opts nsh.vlan.global.SetOptions options
function vlan.global.set(vids, opts) end

---Lists the VLANs of all bridges with these options, or those that all given options fit.
---
---Raises `not_found` if there is no such link.
---@param opts? nsh.vlan.global.ListOptions options
---@return nsh.BridgeVlanGlobal[] # a record for each VLAN of each bridge
function vlan.global.list(opts) end

---Waits for a state of the lab: by the kernel's events where it sends some, else by asking every few milliseconds. Each function returns the seconds that it took, about 0 if the state was there already. Each has a deadline, `timeout`, 5 seconds by default, and raises `timeout` with the state found instead. A wait that succeeds counts as a check that passed. For anything else there is `eventually`; for processes, `ready` of `proc.spawn`.
---@class nsh.wait
wait = {}

---Waits until a link is ready to carry packets: up, with its carrier and its state (RFC 2863), and as a port of a bridge forwarding. With options, until it is as they say; other things don't count then.
---
---Raises `timeout` with the reason, such as "eth0 has no carrier: its peer veth0 in host is down".
---@param name string the link's name; it needn't be there yet
---@param opts? nsh.wait.LinkOptions options
---@return number # how long it took, in seconds
function wait.link(name, opts) end

---Waits until the namespace has an address that it can use: of IPv6, past duplicate address detection.
---
---Raises `address_in_use` as soon as that found another host with the address, `timeout` with how it is.
---@param addr string the address; a prefix length must fit too
---@param opts? nsh.wait.AddrOptions options
---@return number # how long it took, in seconds
function wait.addr(addr, opts) end

---Waits until there is a route to a destination that all given options fit; with `gone`, until there is none. `wait.route("default", { family = "inet6" })` waits for one of IPv6.
---
---Raises `timeout` with the routes to it that there are.
---@param dst string the destination: "default", "10.0.0.0/8" or "fd00::/64", exactly
---@param opts? nsh.wait.RouteOptions options
---@return number # how long it took, in seconds
function wait.route(dst, opts) end

---Waits until the hardware address of a neighbour is known. The kernel is made to ask for it (ARP, NDP), and again when nobody answered, unless `probe` is false.
---
---Raises `timeout` with what is known instead, such as that it FAILED; `network_unreachable` or `argument` if no link leads to it.
---@param dst string the neighbour's address
---@param opts? nsh.wait.NeighOptions options
---@return number # how long it took, in seconds
function wait.neigh(dst, opts) end

---Waits until a process in this namespace listens on a port, on every address or on the one given; with `gone`, until none does. Nothing is sent: `wait.connect` tries it from outside.
---
---Raises `timeout` with the addresses on which something listens there.
---@param port integer|string the port, or "ADDRESS:PORT" for one address of this namespace
---@param opts? nsh.wait.PortOptions options
---@return number # how long it took, in seconds
function wait.port(port, opts) end

---Waits until a TCP connection from this namespace to an address succeeds, and closes it again.
---
---Raises `timeout` with what the last try came to.
---@param address string "HOST:PORT": an address or a namespace's name, and a port
---@param opts? nsh.wait.ConnectOptions options
---@return number # how long it took, in seconds
function wait.connect(address, opts) end

---Waits until the counters of a link (those of `link.stats`) have reached the given values, all of them; or until a function returns at least `value`.
---
---Raises `timeout` with how far they are, `not_found` if there is no such link.
---@param what string|function a link's name; or a function that returns a number
---@param opts? nsh.wait.CounterOptions options
---@return number # how long it took, in seconds
function wait.counter(what, opts) end

---Waits until there is a namespace of that name, such as one that another program makes; with `gone`, until there is none.
---
---Raises `timeout`.
---@param name string its name
---@param opts? nsh.wait.NamespaceOptions options
---@return number # how long it took, in seconds
function wait.namespace(name, opts) end

---Follows a packet to a host and back by the kernel's own lookups, sends a probe, and watches it on all links on its way. A cause is named only with evidence; where none is found, it says where the probe was seen last. Nothing is changed.
---
---Raises `not_found` for an unknown name or link.
---@param dst string|nsh.Namespace the target; a link-local address with its link, as "fe80::1%eth0"
---@param opts? nsh.why.Options options
---@return nsh.Verdict # what was found
function why(dst, opts) end

---Keys and peers of WireGuard links (`link.add(NAME, { kind = "wireguard" })`), without the program `wg`.
---@class nsh.wireguard
wireguard = {}

---Makes a private key. The public one that belongs to it is `wireguard.get(DEV).public_key`, once a link has the private one.
---@return string # the key, in base64
function wireguard.genkey() end

---Makes a key for two peers to share.
---@return string # the key, in base64
function wireguard.genpsk() end

---Sets a link's key and port, and adds, changes or removes peers. Peers that are not named stay as they are; of one that is named stays what is not given. `replace_peers` takes all peers away first.
---
---Raises `not_found` if there is no such link, `argument` if it is of another kind or a key is wrong, `address_in_use` if the port is taken.
---@param dev string the WireGuard link
---@param opts? nsh.wireguard.SetOptions options
function wireguard.set(dev, opts) end

---Reads a link's keys, port and peers, with what passed.
---
---Raises as `wireguard.set`.
---@param dev string the WireGuard link
---@return nsh.Wireguard # its keys, port and peers
function wireguard.get(dev) end

---Lists the WireGuard links of the namespace, with their peers.
---@return nsh.Wireguard[] # the links
function wireguard.list() end

---Marks the test as expected to fail from here on. If it fails, it counts as passed, and is reported as an expected failure. If it passes, it counts as failed, so that the mark does not outlive its reason. Outside a test the mark is for the file's own code.
---@param reason string the reason, which is reported
function xfail(reason) end

---IPsec. `xfrm.state` has the states (security associations), which say how packets are protected; `xfrm.policy` has the policies, which say which packets are. The kernel asks nobody for keys: both ends are given the same ones.
---@class nsh.xfrm
xfrm = {}

---Policies of IPsec: which packets are protected, and by what states.
---@class nsh.xfrm.policy
xfrm.policy = {}

---Adds a policy. Packets that fit must have been protected as `tmpl` says, or (`dir = "out"`) are; where there is no such state, they are dropped. A tunnel needs `out` on one end, and `in` and, for what it forwards, `fwd` on the other.
---
---Raises `exists` if there is one for the same packets.
---@param opts nsh.xfrm.PolicyOptions options
function xfrm.policy.add(opts) end

---Adds a policy, or puts it in the place of the one for the same packets.
---@param opts nsh.xfrm.PolicyOptions options
function xfrm.policy.replace(opts) end

---Deletes the policy for exactly these packets, or the one of this index.
---
---Raises `not_found` if there is none.
---@param opts nsh.xfrm.PolicyKey options
function xfrm.policy.del(opts) end

---Finds the policy for exactly these packets, or the one of this index.
---@param opts nsh.xfrm.PolicyKey options
---@return nsh.XfrmPolicy? # the policy, or nil
function xfrm.policy.get(opts) end

---Lists the policies, or those that have all that is given. Those of single sockets are left out.
---@param opts? nsh.xfrm.PolicyListOptions options
---@return nsh.XfrmPolicy[] # the policies
function xfrm.policy.list(opts) end

---Deletes all policies, or those that have all that is given.
---@param opts? nsh.xfrm.PolicyListOptions options
---@return integer # how many were deleted
function xfrm.policy.flush(opts) end

---States of IPsec: how packets are protected, by which algorithms and keys.
---@class nsh.xfrm.state
xfrm.state = {}

---Adds a state. Each direction needs its own, on both ends.
---
---Raises `exists` if there is one for its dst, proto and spi, `invalid` if a key has the wrong length, `unsupported` if the kernel lacks the protocol or an algorithm. No error shows a key.
---@param opts nsh.xfrm.StateOptions options
function xfrm.state.add(opts) end

---Deletes a state.
---
---Raises `not_found` if there is none with this dst, proto and spi.
---@param opts nsh.xfrm.StateKey options
function xfrm.state.del(opts) end

---Finds a state, with its keys and what passed by it.
---@param opts nsh.xfrm.StateKey options
---@return nsh.XfrmState? # the state, or nil
function xfrm.state.get(opts) end

---Lists the states, or those that have all that is given.
---@param opts? nsh.xfrm.StateListOptions options
---@return nsh.XfrmState[] # the states
function xfrm.state.list(opts) end

---Deletes all states, or those that have all that is given.
---@param opts? nsh.xfrm.StateListOptions options
---@return integer # how many were deleted
function xfrm.state.flush(opts) end

---The namespace in which the lab begins; the globals act on it.
---@type nsh.Namespace
host = nil

---Shows the documentation of a module, function, handle or name; a word that is none of these is searched for.
---@param what? any
function help(what) end

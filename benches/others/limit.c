/*
 * The least that the kernel must be asked for the work of hosts.lua, chain.lua and routes.lua: raw netlink, one request
 * after the other, no names looked up, nothing checked but the kernel's answer.
 *
 *   limit hosts|chain|routes N      (in namespaces of its own, with a private /run: see `../run`)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	struct nlmsghdr h;
	char body[4096];
} m;
static unsigned sequence;

static void begin(int type, int flags, const void *fixed, size_t length)
{
	memset(&m, 0, sizeof m.h + 256);
	m.h.nlmsg_len = NLMSG_LENGTH(length);
	m.h.nlmsg_type = type;
	m.h.nlmsg_flags = NLM_F_REQUEST | flags;
	m.h.nlmsg_seq = ++sequence;
	memcpy(NLMSG_DATA(&m.h), fixed, length);
}

static struct rtattr *put(int type, const void *value, size_t length)
{
	struct rtattr *a = (void *)((char *)&m + NLMSG_ALIGN(m.h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(a), value, length);
	m.h.nlmsg_len = NLMSG_ALIGN(m.h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void put_u32(int type, unsigned value)
{
	put(type, &value, sizeof value);
}

static void put_str(int type, const char *value)
{
	put(type, value, strlen(value) + 1);
}

static void end(struct rtattr *a)
{
	a->rta_len = (char *)&m + m.h.nlmsg_len - (char *)a;
}

/* Sends the request; returns when it is acknowledged, or its dump has ended. */
static void ask(int fd)
{
	static char answer[1 << 16];
	struct nlmsghdr *h;
	int n;

	if (send(fd, &m, m.h.nlmsg_len, 0) < 0)
		err(1, "send");
	for (;;) {
		if ((n = recv(fd, answer, sizeof answer, 0)) < 0)
			err(1, "recv");
		for (h = (void *)answer; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_ERROR) {
				errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
				if (errno)
					err(1, "request %u of type %u", m.h.nlmsg_seq, m.h.nlmsg_type);
				return;
			}
			if (h->nlmsg_type == NLMSG_DONE)
				return;
		}
	}
}

static int rtnetlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static void address(int fd, int index, unsigned ip, int bits)
{
	struct ifaddrmsg a = { .ifa_family = AF_INET, .ifa_prefixlen = bits, .ifa_index = index };
	unsigned wire = htonl(ip), broadcast = htonl(ip | 0xffffffff >> bits);

	begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &a, sizeof a);
	put(IFA_LOCAL, &wire, 4);
	put(IFA_ADDRESS, &wire, 4);
	put(IFA_BROADCAST, &broadcast, 4);
	ask(fd);
}

static void up(int fd, int index)
{
	struct ifinfomsg i = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	begin(RTM_NEWLINK, NLM_F_ACK, &i, sizeof i);
	ask(fd);
}

static void route(int fd, unsigned dst, int bits, unsigned gateway, int index)
{
	struct rtmsg r = { .rtm_family = AF_INET, .rtm_dst_len = bits, .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST,
			   .rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK };

	begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &r, sizeof r);
	dst = htonl(dst);
	if (bits)
		put(RTA_DST, &dst, 4);
	gateway = htonl(gateway);
	if (gateway)
		put(RTA_GATEWAY, &gateway, 4);
	put_u32(RTA_OIF, index);
	ask(fd);
}

/* Both ends of a veth where they belong, the near one up and in its bridge, by one request. */
static void veth(int fd, const char *name, int index, int master, const char *peer, int peer_index, int peer_ns)
{
	struct ifinfomsg i = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct ifinfomsg p = { .ifi_index = peer_index };
	struct rtattr *info, *data, *inner;

	begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &i, sizeof i);
	put_str(IFLA_IFNAME, name);
	if (master)
		put_u32(IFLA_MASTER, master);
	/* One queue: the default is one a CPU, and then a wait to give them back. */
	put_u32(IFLA_NUM_TX_QUEUES, 1);
	put_u32(IFLA_NUM_RX_QUEUES, 1);
	info = put(IFLA_LINKINFO, NULL, 0);
	put_str(IFLA_INFO_KIND, "veth");
	data = put(IFLA_INFO_DATA, NULL, 0);
	inner = put(VETH_INFO_PEER, &p, sizeof p);
	put_str(IFLA_IFNAME, peer);
	if (peer_ns >= 0)
		put_u32(IFLA_NET_NS_FD, peer_ns);
	put_u32(IFLA_NUM_TX_QUEUES, 1);
	put_u32(IFLA_NUM_RX_QUEUES, 1);
	end(inner);
	end(data);
	end(info);
	ask(fd);
}

/* A new namespace, pinned: its descriptor, and by `inside` a socket in it. */
static int namespace(const char *name, int home, int *inside)
{
	char path[64];
	int ns;

	snprintf(path, sizeof path, "/run/netns/%s", name);
	close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
	if (unshare(CLONE_NEWNET) < 0)
		err(1, "unshare");
	if (mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) < 0)
		err(1, "mount");
	*inside = rtnetlink();
	if (setns(home, CLONE_NEWNET) < 0 || (ns = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		err(1, "setns");
	return ns;
}

static void bridge(int fd, const char *name, int index)
{
	struct ifinfomsg i = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct rtattr *info;

	begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &i, sizeof i);
	put_str(IFLA_IFNAME, name);
	info = put(IFLA_LINKINFO, NULL, 0);
	put_str(IFLA_INFO_KIND, "bridge");
	end(info);
	ask(fd);
}

/* A bridge has 1,023 ports at most: one more, on a cable from the first. */
static int next_bridge(int fd, int n)
{
	int index = 100000 + 3 * n;
	struct ifinfomsg far = { .ifi_index = index + 2, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	char name[32], near[32], peer[32];

	snprintf(name, sizeof name, "br%d", n);
	snprintf(near, sizeof near, "c%d", n);
	snprintf(peer, sizeof peer, "d%d", n);
	bridge(fd, name, index);
	veth(fd, near, index + 1, 2, peer, index + 2, -1);
	begin(RTM_NEWLINK, NLM_F_ACK, &far, sizeof far);
	put_u32(IFLA_MASTER, index);
	ask(fd);
	return index;
}

static void hosts(int n)
{
	int fd = rtnetlink(), home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int switch_ = 2;
	struct rlimit files = { 65536, 65536 };

	if (setrlimit(RLIMIT_NOFILE, &files) < 0 && getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	bridge(fd, "br0", 2);
	address(fd, 2, 0x0a000001, 16);
	for (int i = 1; i <= n; i++) {
		char name[32];
		int ns, inside;

		if (i > 1 && i % 1000 == 1)
			switch_ = next_bridge(fd, i / 1000);
		snprintf(name, sizeof name, "h%d", i);
		ns = namespace(name, home, &inside);
		snprintf(name, sizeof name, "v%d", i);
		veth(fd, name, 10 + i, switch_, "eth0", 2, ns);
		address(inside, 2, 0x0a000000 | (i / 250 + 1) << 8 | (i % 250 + 1), 16);
		up(inside, 2);
		route(inside, 0, 0, 0x0a000001, 2);
	}
}

static void chain(int n)
{
	int before, home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	namespace("r1", home, &before);
	for (int i = 2; i <= n; i++) {
		unsigned net = 0x0a000000 | i / 250 << 16 | i % 250 << 8;
		char name[32];
		int ns, inside;

		snprintf(name, sizeof name, "r%d", i);
		ns = namespace(name, home, &inside);
		/* `left` of the cable before, if there is one, is link 2. */
		veth(before, "right", 3, 0, "left", 2, ns);
		address(before, 3, net | 1, 24);
		address(inside, 2, net | 2, 24);
		up(inside, 2);
		before = inside;
	}
}

static void routes(int n)
{
	struct rtmsg all = { .rtm_family = AF_INET };
	int fd = rtnetlink();

	veth(fd, "v1", 2, 0, "v2", 3, -1);
	for (int i = 0; i < n; i++)
		route(fd, 0x0a000000 | (i / 250 + 1) << 16 | (i % 250) << 8, 24, 0, 2);
	begin(RTM_GETROUTE, NLM_F_DUMP, &all, sizeof all);
	ask(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "hosts"))
		hosts(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "chain"))
		chain(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "routes"))
		routes(atoi(argv[2]));
	else
		errx(2, "usage: limit hosts|chain|routes N");
	return 0;
}

//! A link as people read it.

/// As in `ip -br link`, with what people look for besides:
/// `2: veth1@eth0  UP  02:42:...  mtu 1500 <BROADCAST,MULTICAST,UP,LOWER_UP>`. `of` gives what the link has, by the
/// name that scripts know it by.
pub fn line(of: impl Fn(&str) -> Option<String>) -> String {
    let text = |name: &str| of(name).unwrap_or_default();
    let other = of("link").or_else(|| of("link_index").map(|index| format!("if{index}")));
    let index = of("index").map(|index| format!("{index}: ")).unwrap_or_default();
    let name =
        format!("{index}{}{}", text("name"), other.map(|other| format!("@{other}")).unwrap_or_default());
    let flags = text("flags").replace(' ', ",");
    let mut line =
        format!("{name:<18} {:<7} {:<17} mtu {} <{flags}>", text("operstate"), text("mac"), text("mtu"));
    for (name, word) in [("master", "master"), ("link_netns", "link-netns")] {
        line.extend(of(name).map(|value| format!(" {word} {value}")));
    }
    line
}

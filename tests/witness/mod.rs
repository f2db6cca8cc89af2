//! What stands in namespaces, told by iproute2, nft and sysctl, and made comparable.
#![allow(dead_code)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Map, Value, json};

pub fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|d| d.join(program).is_file())
}

pub fn root() -> bool {
    // SAFETY: geteuid has no preconditions.
    unsafe { libc::geteuid() == 0 }
}

/// Whether the real programs can be run here; says why not.
pub fn witness_can_run() -> bool {
    for program in ["ip", "bridge", "tc", "nft", "sysctl", "unshare"] {
        if !in_path(program) {
            eprintln!("skipped: {program} is not installed");
            return false;
        }
    }
    if !root() {
        eprintln!("skipped: it needs root");
    }
    root()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An ordinary user that every machine has: `nobody`.
const NOBODY: u32 = 65534;

/// A place that every user can read, with nsh in it.
pub struct Stage(pub PathBuf);

impl Stage {
    pub fn new(name: &str) -> Stage {
        let place = std::env::temp_dir().join(format!("nsh-witness-{}-{name}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
        let nsh = place.join("nsh");
        // Not a copy, whose descriptor for writing a fork of another thread could keep: ETXTBSY.
        fs::hard_link(env!("CARGO_BIN_EXE_nsh"), &nsh)
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_nsh"), &nsh).map(drop))
            .unwrap();
        Stage(place)
    }

    pub fn run(&self, options: &[&str], lua: &str, ordinary: bool) -> Output {
        let file = self.0.join("script.lua");
        fs::write(&file, lua).unwrap();
        self.nsh(ordinary).args(["--timeout", "60"]).args(options).arg(&file).output().unwrap()
    }

    /// nsh there, as root or as an ordinary user.
    pub fn nsh(&self, ordinary: bool) -> Command {
        let mut command = Command::new(self.0.join("nsh"));
        command.current_dir(&self.0).stdin(Stdio::null());
        if ordinary && root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Prints what stands in a namespace, a line of JSON each.
pub const DUMP: &str = "for c in 'ip -j -d link' 'ip -j addr' 'ip -j -4 route show table all' 'ip -j -6 route show table \
    all' 'ip -j neigh' 'ip -j neigh show proxy' 'ip -j -4 rule' 'ip -j -6 rule' 'bridge -j fdb' 'tc -j qdisc' \
    'tc -j filter show dev shaped' 'tc -j filter show dev shaped ingress' 'nft -j list ruleset'; do \
    $c 2>/dev/null | tr -d '\\n'; echo; done; for k in net.ipv4.ip_forward net.ipv6.conf.all.forwarding \
    net.ipv4.conf.all.rp_filter net.ipv4.tcp_rmem; do sysctl -n $k; done; \
    { ip xfrm policy list nosock; ip mptcp endpoint; ip mptcp limits; } 2>/dev/null | tr -d '\\n'; echo";

const TABLES: usize = 13;

/// The state of all namespaces, as the dump's lines, made comparable.
pub fn normal(dump: &str) -> Value {
    let mut out = Map::new();
    for part in dump.split("=== ").skip(1) {
        let (name, rest) = part.split_once('\n').unwrap();
        let lines: Vec<&str> = rest.lines().collect();
        let tables: Vec<Value> = lines[..TABLES]
            .iter()
            .enumerate()
            .map(|(i, line)| {
                table(i, if line.is_empty() { json!([]) } else { serde_json::from_str(line).unwrap() })
            })
            .collect();
        out.insert(name.to_owned(), json!({ "tables": tables, "sysctl": lines[TABLES..].join(",") }));
    }
    Value::Object(out)
}

/// A list without what differs from run to run, sorted.
fn table(number: usize, value: Value) -> Value {
    let items = match value {
        Value::Array(items) => items,
        Value::Object(mut fields) => match fields.remove("nftables") {
            Some(Value::Array(items)) => items.into_iter().filter(|i| i.get("metainfo").is_none()).collect(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other}"),
    };
    let mut items: Vec<Value> = items.into_iter().filter_map(|item| entry(number, item)).collect();
    // The order of nft's rules is part of what they mean.
    if number != TABLES - 1 {
        items.sort_by_key(Value::to_string);
    }
    Value::Array(items)
}

const DIFFERS: &[&str] = &[
    "ifindex",
    "link_index",
    "link_netnsid",
    "broadcast",
    "operstate",
    "num_tx_queues",
    "num_rx_queues",
    "qdisc",
    "gso_max_size",
    "gso_max_segs",
    "tso_max_size",
    "tso_max_segs",
    "gro_max_size",
    "gso_ipv4_max_size",
    "gro_ipv4_max_size",
    "hello_timer",
    "gc_timer",
    "tcn_timer",
    "topology_change_timer",
    "bridge_id",
    "root_id",
    "root_port",
    "root_path_cost",
    "designated_root",
    "designated_bridge",
    "id",
    "refcnt",
    "no",
    "hold_timer",
    "message_age_timer",
    "forward_delay_timer",
    "tentative",
    "nodad",
    "handle",
    "used",
    "packets",
    "bytes",
    "flags",
    "promiscuity",
    "allmulti",
    "min_mtu",
    "max_mtu",
    "parentbus",
    "topology_change_detected",
    "topology_change",
    "config_pending",
    "topology_change_ack",
    "dadfailed",
    "state_timer",
    "xdp",
    "multicast_router",
    "mcast_bridge_querier",
    "fdb_n_learned",
    "linkmode",
    "inet6_addr_gen_mode",
    "updated",
    "confirmed",
    "state",
];

fn entry(table: usize, mut item: Value) -> Option<Value> {
    let shown = item.to_string();
    match table {
        // What the kernel adds by itself, at its own time.
        1 => {
            let infos = item["addr_info"].as_array().cloned().unwrap_or_default();
            let infos: Vec<Value> = infos
                .into_iter()
                .filter(|i| !i["local"].as_str().unwrap_or_default().starts_with("fe80:"))
                .collect();
            item["addr_info"] = Value::Array(infos);
        }
        // The local route of an IPv6 address comes some time after it.
        3 if shown.contains("\"fe80:")
            || shown.contains("ff00::")
            || item["table"] == "local" && item["protocol"] == "kernel" =>
        {
            return None;
        }
        4 if !shown.contains("PERMANENT") && !shown.contains("NOARP")
            || shown.contains("\"ff02:")
            || shown.contains("33:33:")
            || shown.contains("01:00:5e") =>
        {
            return None;
        }
        8 if !shown.contains("\"02:00:00") => return None,
        // Those of the kernel's own depend on how many queues a link has.
        9 if item["handle"] == "0:" => return None,
        _ => {}
    }
    if let Some(flags) = item["flags"].as_array() {
        let up = flags.contains(&json!("UP"));
        let noarp = flags.contains(&json!("NOARP"));
        item["up"] = json!([up, noarp, flags.contains(&json!("onlink")), flags.contains(&json!("PROMISC"))]);
    }
    if item["address"].as_str().is_some_and(|mac| table <= 1 && !mac.starts_with("02:00:00")) {
        item["address"] = json!("any");
    }
    strip(&mut item, table);
    // The order of what a rule matches doesn't matter.
    if let Some(expr) = item.get_mut("rule").and_then(|r| r.get_mut("expr")).and_then(Value::as_array_mut) {
        expr.sort_by_key(Value::to_string);
    }
    Some(item)
}

fn strip(value: &mut Value, table: usize) {
    match value {
        Value::Object(fields) => {
            // While its topology changes, a bridge with STP forgets addresses after two forward delays.
            if fields.get("stp_state") == Some(&json!(1)) {
                fields.remove("ageing_time");
            }
            // A VLAN's or vxlan's id is not a bridge's.
            fields.retain(|name, value| {
                let kept = name == "id" && value.is_number() || name == "state" && table >= 4 && table != 8;
                kept || !DIFFERS.contains(&name.as_str())
            });
            // Lifetimes run.
            for name in ["valid_life_time", "preferred_life_time", "expires"] {
                if let Some(n) = fields.get(name).and_then(Value::as_u64) {
                    fields.insert(name.to_owned(), json!(n.div_ceil(100)));
                }
            }
            fields.values_mut().for_each(|v| strip(v, table));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| strip(v, table)),
        _ => {}
    }
}

/// Runs the shell's script in a network of its own.
pub fn by_shell(script: &str) -> Value {
    let whole = format!(
        "mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up\n{script}\n\
         dump() {{ {DUMP}; }}\nfor ns in $(ip netns list | cut -d' ' -f1); do echo \"=== $ns\"; \
         ip netns exec $ns sh -c \"$(cat <<'DUMPED'\n{DUMP}\nDUMPED\n)\"; done; echo '=== host'; dump"
    );
    let output = Command::new("unshare").args(["-nm", "sh", "-ec", &whole]).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", text(&output.stderr));
    let out = text(&output.stdout);
    normal(&out[out.find("=== ").unwrap()..])
}

/// The first place where both differ.
pub fn difference(path: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        _ if a == b => None,
        (Value::Object(x), Value::Object(y)) if x.keys().all(|k| y.contains_key(k)) && x.len() == y.len() => {
            x.iter().find_map(|(k, v)| difference(&format!("{path}.{k}"), v, &y[k]))
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            x.iter().zip(y).enumerate().find_map(|(i, (v, w))| difference(&format!("{path}[{i}]"), v, w))
        }
        _ => Some(format!("{path}:\n  shell: {a}\n  nsh:   {b}")),
    }
}

/// Lua that prints the state of all namespaces, for [`normal`].
pub fn dump_in_lua() -> String {
    format!(
        "local dump = [==[{DUMP}]==]\nfor _, ns in ipairs(namespace.list()) do\n  print(\"=== \" .. ns.name)\n  \
         io.write(ns.exec(dump, {{ check = true }}).stdout)\nend\nprint(\"=== host\")\n\
         io.write(proc.exec(dump, {{ check = true }}).stdout)\n"
    )
}

/// The state that a program's output ends with.
pub fn dumped(output: &[u8]) -> Value {
    let out = text(output);
    normal(&out[out.find("=== ").unwrap()..])
}

//! What runs beside the prompt, programs on its terminal, and commands as people know them from elsewhere.

use super::screen::Screen;

fn missing(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = !std::env::split_paths(&path).any(|directory| directory.join(program).exists());
    if missing {
        eprintln!("skipped: there is no {program}");
    }
    missing
}

fn two_hosts(s: &mut Screen) {
    s.line("h1, h2 = namespace.add(\"h1\"), namespace.add(\"h2\")");
    s.line("h1.link.add(\"eth0\", { kind = \"veth\", up = true, addr = \"10.0.0.1/24\", peer = { name = \"eth0\", ns = h2, up = true, addr = \"10.0.0.2/24\" } })");
}

#[test]
fn jobs_have_names_of_their_own_and_go_on() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        "python3 -m http.server 8000 &",
        "python3 -m http.server 8001 &",
        "ping 127.0.0.1 &",
        "http.serve(\"127.0.0.1:9000\", { [\"/\"] = \"nine\" })",
        "collectgarbage() collectgarbage()",
        "http.get(\"http://127.0.0.1:8000/\").status + http.get(\"http://127.0.0.1:8001/\").status",
        "http.get(\"http://127.0.0.1:9000/\").body",
        ":jobs",
        ":stop server2",
        ":stop job1",
        ":stop nothing",
        ":jobs",
        ":save jobs.lua",
    ] {
        s.line(line);
    }
    let text = s.text();
    for part in [
        "\nserver = http.serve(\":8000\"",
        "\nserver2 = http.serve(\":8001\"",
        "\npinging = ping.start(\"127.0.0.1\")\nnsh>",
        "\njob1 = _; :stop job1 ends it\n",
        "\n400\n",
        "\n\"nine\"\n",
        "\njob1     http server on 127.0.0.1:9000\npinging  ping 127.0.0.1: ",
        "\nserver2  http server on [::]:8001\n",
        "there is no job nothing; there is pinging, server\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let (_, last) = text.rsplit_once("> :jobs\n").unwrap();
    assert!(!last.contains("job1") && !last.contains("server2"), "{text}");
    let script = std::fs::read_to_string(s.file("jobs.lua")).unwrap();
    assert!(script.contains("job1 = http.serve(") && script.contains("\njob1:stop()\n"), "{script}");
}

#[test]
fn commands_in_a_namespace_as_in_mininet() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    two_hosts(&mut s);
    for line in [
        "h1 ping -c 1 h2",
        "h2 ip addr show dev eth0",
        "h1 sh -c 'echo in; ls /sys/class/net'",
        "host ip link show lo",
        "pingall",
        "nodes",
        "links",
        ":net h2",
        "h1 nosuchprogram -x",
        "h1 - 1",
    ] {
        s.line(line);
    }
    let text = s.text();
    for part in [
        "\nprint(h1.ping(\"h2\", { count = 1 }))\n--- h2 ping statistics ---\n1 packets transmitted, 1 received",
        "\nprint(h2.addr.list({ dev = \"eth0\" }))\n2: eth0    inet 10.0.0.2/24 scope global eth0",
        "\nin\neth0  lo\n",
        "\nprint(link.get(\"lo\"))\n1: lo  ",
        "\nh1 -> h2\nh2 -> h1\n2 of 2 received\n",
        "> nodes\nhost\nh1    eth0  10.0.0.1/24\n",
        "> links\nhost\nh1\n└─ eth0 UP 10.0.0.1/24 ── h2:eth0\nh2\n└─ eth0 UP 10.0.0.2/24 ← h1\n",
        "> :net h2\nh2\n└─ eth0 UP 10.0.0.2/24 ── h1:eth0 10.0.0.1/24\n",
        "\nnosuchprogram: there is no such program to run in h1\n",
        "attempt to perform arithmetic",
    ] {
        let part =
            part.replace("eth0  lo", if text.contains("\neth0  lo\n") { "eth0  lo" } else { "eth0\nlo" });
        assert!(text.contains(&part), "{part:?} is not in\n{text}");
    }
    for (typed, completed) in [
        ("h1 ip lin\t", "h1 ip link"),
        ("nft list rul\t", "nft list ruleset"),
        ("tc qd\t", "tc qdisc"),
        ("curl http://10.0.0.2\t", "curl http://10.0.0.2"),
    ] {
        s.send(typed);
        s.expect(&format!("nsh> {completed}"));
        s.key("\x03");
    }
    // A variable of that name is what it is.
    s.line("nodes = 5");
    s.line("nodes");
    assert!(s.text().ends_with("> nodes\n5\nnsh>\n"), "{}", s.text());
}

#[test]
fn nothing_of_a_shell_is_dropped_in_silence() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for (line, shown) in [
        ("# a comment (with a bracket", ""),
        ("#and one more", ""),
        ("#{ 1, 2 }", "2"),
        ("A=lo", "lo is nil, and so is A; a text stands in quotes: A = \"lo\""),
        ("ip adr show", "Object \"adr\" is unknown, try \"ip help\"; did you mean \"addr\"?"),
        (
            "ip link | grep lo",
            "1: lo              UNKNOWN 00:00:00:00:00:00 mtu 65536 <LOOPBACK,UP,LOWER_UP>",
        ),
        ("ip addr | grep nothing-of-that", "exited with status 1"),
        ("ip addr | sort -r | head -n 1 | cut -c 1-5", "1: lo"),
        ("ifconfig -a", "1: lo    inet 127.0.0.1/8 scope host lo"),
        ("ip link help", "help(link)"),
        ("iptables -L", ""),
    ] {
        if line == "iptables -L" && missing("nft") {
            continue;
        }
        s.line(line);
        let text = s.text();
        let (_, told) = text.rsplit_once(&format!("> {line}\n")).unwrap();
        match shown {
            "" => assert!(!told.contains("nil") && !told.contains("no such"), "{line}: {text}"),
            shown => assert!(told.contains(&format!("{shown}\n")), "{line}: {text}"),
        }
    }
}

/// What a program prints is there before it ends; Ctrl-C ends it.
#[test]
fn output_comes_as_it_is_printed() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    if missing("ip") {
        return;
    }
    s.send("ip monitor link\r");
    s.expect("ip\", \"monitor");
    let mut t = Screen::with(100, &["attach"], |command| {
        command.env("NSH_LABS", &s.labs);
    });
    t.prompt();
    // The monitor may not listen yet at the first changes.
    for number in 0.. {
        assert!(number < 500, "{}", s.text());
        t.line(&format!("link.add(\"b{number}\", {{ kind = \"bridge\" }})"));
        if s.shows(": <BROADCAST") {
            break;
        }
    }
    s.key("\x03");
    s.line("40 + 2");
    assert!(s.text().contains("\n42\n"), "{}", s.text());
}

#[test]
fn values_of_ones_own_are_told() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        "function twice(x) return 2 * x end",
        "t = { 1, 2, mtu = { 1500 } }",
        "twice?",
        "twice??",
        "t?",
        "??t",
        "x = 4 / 2",
        "x?",
        ":time -n 3 twice(2)",
        ":time -n 0 twice(2)",
        ":history twi",
    ] {
        s.line(line);
    }
    let text = s.text();
    for part in [
        "> twice?\ntwice: a function, defined in line 1 of an input\n  function twice(x)",
        "> twice??\nfunction twice(x) return 2 * x end\n",
        "> t?\nt: a table with 2 items and 1 field\n  { 1, 2, mtu = { 1500 } }\n",
        "> ??t\n{ 1, 2, mtu = { 1500 } }\n",
        "\nx: a float, 2.0\n",
        "\n3 times: least ",
        ":time -n: expected a number from 1, got \"0\"\n",
        "\n 1  function twice(x) return 2 * x end\n 3  twice?\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// The editor is a program that changes the file it is given.
#[test]
fn an_input_of_before_is_edited() {
    let mut s = Screen::with(100, &[], |command| {
        command.env("EDITOR", "sed -i s/40/41/").env_remove("VISUAL");
    });
    s.prompt();
    for line in ["40 + 2", ":edit", "1", ":edit 1", ":edit 99"] {
        s.line(line);
    }
    let text = s.text();
    assert!(text.contains("> :edit\n41 + 2\n43\n"), "{text}");
    assert!(text.contains("> :edit 1\n41 + 2\n43\n"), "{text}");
    assert!(text.contains("the history has no number 99; :history lists them"), "{text}");
}

/// Namespaces that are drawn at the other end of their only cable are left out of a picture that is too long.
#[test]
fn many_namespaces_have_a_compact_picture() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.set_size(100, 80);
    s.line("link.add(\"br0\", { kind = \"bridge\", up = true, addr = \"10.0.0.254/24\" })");
    s.line("for i = 1, 60 do local n = namespace.add(\"h\" .. i) link.add(\"p\" .. i, { kind = \"veth\", master = \"br0\", up = true, peer = { name = \"eth0\", ns = n, up = true, addr = \"10.0.0.\" .. i .. \"/24\" } }) end");
    s.line("for i = 1, 60 do wait.link(\"p\" .. i) end wait.link(\"br0\")");
    s.line("eventually(function() return link.get(\"br0\").operstate == \"UP\" end)");
    s.line(":net");
    let text = s.text();
    let (_, picture) = text.split_once("> :net\n").unwrap();
    assert!(
        picture.starts_with("host\n└─ br0 UP bridge 10.0.0.254/24\n   ├─ p1 UP ── h1:eth0 10.0.0.1/24\n"),
        "{text}"
    );
    assert!(picture.contains("   └─ p60 UP ── h60:eth0 10.0.0.60/24\n:net NAMESPACE shows one"), "{text}");
    s.line(":net h7");
    assert!(s.text().contains("> :net h7\nh7\n└─ eth0 UP 10.0.0.7/24 ── host:p7\n"), "{}", s.text());
    s.line(":net h99");
    assert!(s.text().contains("no namespace named \"h99\""), "{}", s.text());
}

/// What only a shell knows goes to one shell, for which what it was told before holds.
#[test]
fn lines_of_a_shell_go_to_one_that_goes_on() {
    if ["ip", "bash"].into_iter().any(missing) {
        return;
    }
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for (line, shown) in [
        ("export A=br7", ""),
        ("cd /usr/bin", ""),
        ("!echo $A in $PWD", "br7 in /usr/bin"),
        ("alias named='echo alias'", ""),
        ("named here", "alias here"),
        ("both() { ip link add $1 type bridge; ip link set $1 up; }", ""),
        ("both $A", ""),
        ("link.get(\"br7\").up", "true"),
        ("ip -br link show $A | awk '{ print $1 }'", "br7"),
        ("ip link show $A | while read -r n rest; do echo got $n; break; done", "got 2:"),
        ("B=10.0.0.1/24", ""),
        ("ip addr add $B dev $A", ""),
        ("addr.list({ dev = \"br7\", family = \"inet\" })[1].address", "10.0.0.1"),
        ("both", "exited with status 255"),
        ("A = 5", ""),
        ("A", "5"),
        ("!echo $A", "br7"),
    ] {
        s.line(line);
        let text = s.text();
        let (_, told) = text.rsplit_once(&format!("> {line}\n")).unwrap();
        assert!(told.contains(shown), "{line}: {text}");
        assert!(!shown.is_empty() || !told.contains("nil") && !told.contains("not "), "{line}: {text}");
    }
}

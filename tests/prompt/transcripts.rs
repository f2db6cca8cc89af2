//! What people do at the prompt.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use super::screen::{Screen, golden, steady};

/// Compares what the screen shows to a golden file.
fn transcript(name: &str, screen: &Screen) {
    golden(name, &steady(&screen.text()));
}

#[test]
fn first_steps() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        "link.list()",
        "local ns1 = namespace.add(\"ns1\", { up = true })",
        "link.add(\"veth0\", { kind = \"veth\", up = true, addr = \"10.0.0.1/24\", peer = { name = \"eth0\", ns = ns1, up = true, addr = \"10.0.0.2/24\" } })",
        "ping(\"10.0.0.2\")",
        "_.received",
        ":net",
        ":use ns1",
        "addr.list({ family = \"inet\" })",
        "link.get(\"eth1\")",
        "link.del(\"eth1\")",
        "lnik.list()",
        "x = = 2",
        "{ { name = \"a\", mtu = 1500 }, { name = \"b\", mtu = 9000 } }",
        "for i = 1, 2 do\r  print(i)\rend",
        ":us",
        ":bogus",
        "!echo from the shell",
        "!!",
    ] {
        s.line(line);
    }
    transcript("first-steps.txt", &s);
    s.send("\x04");
    assert_eq!(s.status(), 0);
}

/// The commands of other texts, as they stand there.
#[test]
fn commands_of_iproute2_typed_as_they_are() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        "sudo ip netns add ns1",
        "sudo ip link add veth0 type veth peer name ceth0",
        "sudo ip link set ceth0 netns ns1",
        "sudo ip link set veth0 up",
        "sudo ip addr add 172.16.0.1/24 dev veth0",
        "sudo ip -n ns1 link set ceth0 up",
        "sudo ip -n ns1 addr add 172.16.0.2/24 dev ceth0",
        "sudo ip netns exec ns1 ping -c 1 172.16.0.1",
        "sudo sysctl -w net.ipv4.ip_forward=1",
        "sudo iptables -t nat -A POSTROUTING -s 172.16.0.0/24 ! -o veth0 -j MASQUERADE",
        "ip adr add 10.0.0.1/24 dev veth0",
        ":net",
        "nat.list()",
    ] {
        s.line(line);
    }
    transcript("iproute2.txt", &s);
}

/// Scripts and transcripts as they are pasted, and what can't be understood of them.
#[test]
fn pasted_commands_run_line_by_line() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~");
    for text in [
        "ip netns add m4\nip netns add m5\nip netns list",
        "#!/bin/sh\n# c\n\nN=m6\nsudo ip netns add $N\nx = 1\nfoo bar\n[ -z x ]\nprint(x)\nfor i in 7 8; do\n  ip netns add m$i\ndone",
        "set -e\nip netns add m4\nip netns add m9",
        "sudo ip netns exec m4 bash\nip link add br0 type bridge\nexit\nip -n m4 link show br0",
        "root@h:~# ip netns del m8\nroot@h:~# ip netns del m7\nm7\nroot@h:~# ip netns list",
    ] {
        s.line(&paste(text));
    }
    transcript("paste.txt", &s);
}

/// What strangers typed, and got no answer to.
#[test]
fn what_means_nothing_is_told() {
    let mut s = Screen::new(60, &[]);
    s.prompt();
    for line in [
        "foo --bar",
        ":load /no/such.lua",
        "\x1b[200~# A namespace.\n$ ip netns add d1\n$ ip netns list\nd1\x1b[201~",
        ":help",
        "help help",
    ] {
        s.line(line);
    }
    let text = s.text();
    for told in [
        "foo is nil, and --bar a comment; !foo --bar would run a program",
        "/no/such.lua: no such file or directory (ENOENT)",
        "d1 = namespace.add(\"d1\")",
        "help(what?)",
    ] {
        assert!(text.replace('\n', "").contains(told), "{told}: {text}");
    }
    // Wrapped between words, and indented.
    let wrapped = text.lines().any(|line| line.starts_with("                         ") && line.len() <= 60);
    assert!(wrapped, "{text}");
}

/// A shell in another namespace, one that is missing, and programs that nsh has nothing for.
#[test]
fn shells_of_namespaces_and_other_programs() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        "ip netns add a",
        "sudo nsenter --net=/run/netns/a",
        "ip link",
        "ip netns exec zz bash",
        "exit",
        "if ping -c 1 zz; then\recho up\rfi",
        "ip netns exec zz ip link",
        "ip -n a route show default",
        "ss -ltn",
        "ls",
        "ls -l",
        "cat /etc/hostname",
        "$ ip netns add d1",
        "nsh> 1 + 1",
        "namespace.add(\"b\").name",
        "link.add(\"v0\", { kind = \"veth\", peer = { name = \"v1\", ns = b } })",
        "b.link.get(\"v1\").kind",
        "x = \"abc",
        "x = 1\x1b\ry = f(1 2)",
        "nothing",
    ] {
        s.line(line);
    }
    transcript("shells.txt", &s);
    s.send("exit\r");
    assert_eq!(s.status(), 0);
}

/// And the commands that calls stand for.
#[test]
fn calls_are_shown_as_commands() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        ":echo on",
        "ns1 = namespace.add(\"ns1\")",
        "link.add(\"v0\", { kind = \"veth\", up = true, peer = { name = \"eth0\", ns = ns1, addr = \"10.0.0.2/24\" } })",
        "ns1.link.get(\"eth0\").mtu",
        "ip link set v0 mtu 1400",
        "link.del(\"v1\")",
        ":echo",
        "link.del(\"v0\")",
        ":echo perhaps",
    ] {
        s.line(line);
    }
    transcript("echo.txt", &s);
}

#[test]
fn completion_inside_the_options_of_a_call() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("link.add(\"br0\", { kind = \"bridge\", up = true })");
    s.send("link.set(\"br\t, { mas\t\"br\t })");
    s.expect("link.set(\"br0\", { master = \"br0\" })");
    s.key("\x03");
    s.send("route.add(\"default\", { d\t");
    s.expect("{ dev =");
    s.send("\"\t\t");
    s.expect("lo\"");
    s.expect("br0\"");
    s.key("\x03");
    s.send("link.add(\"e\", { kind = \"ve\t");
    s.expect("kind = \"veth\"");
    s.key("\x03");
    s.line(":use host");
    transcript("completion.txt", &s);
}

/// Ctrl-C in each state: while typing, in a wait, in a loop, in a command, in the shell, in a watch.
#[test]
fn ctrl_c_ends_what_runs_and_never_the_prompt() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.send("link.li");
    s.expect("link.li");
    s.key("\x03");
    s.send("for i = 1, 2 do\rprint(i)");
    s.expect("print(i)");
    s.key("\x03");
    for waiting in [
        "print(\"wai\" .. \"ting\") eventually(function() return false end, { timeout = 100 })",
        "print(\"wai\" .. \"ting\") while true do pcall(string.rep, \"x\", 10) end",
        "print(\"wai\" .. \"ting\") proc.exec(\"sleep 100\")",
        "print(\"wai\" .. \"ting\") os.execute(\"sleep 100\")",
        // Without exec, a shell that gets the signal just before it forks waits for its child all the same.
        "!echo wai''ting; exec sleep 100",
        ":watch \"wai\" .. \"ting\" 0.1",
    ] {
        let before = s.text().matches("waiting").count();
        s.send(&format!("{waiting}\r"));
        s.until(waiting, |s| s.text().matches("waiting").count() > before);
        s.key("\x03");
    }
    s.line("1 + 1");
    assert!(s.text().contains("\n2\n"), "{}", s.text());
    s.send("\x04");
    assert_eq!(s.status(), 0);
}

#[test]
fn what_was_typed_becomes_a_script_that_runs() {
    let mut s = Screen::with(100, &[], |command| {
        let home = command.get_current_dir().unwrap().parent().unwrap().to_owned();
        command.env("HOME", home);
    });
    s.prompt();
    let name = s.directory.file_name().unwrap().to_string_lossy().into_owned();
    for line in [
        "local ns1 = namespace.add(\"ns1\", { up = true })",
        "link.del(\"nothing\")",
        ":use ns1",
        "link.add(\"br0\", { kind = \"bridge\" })",
        "link.get(\"br0\").kind",
        "print(\"it is a \" .. _)",
        "link.list()",
        "ip link show br0",
        ":use",
        "link.get(\"br0\")",
        "br0",
        "1 + 1",
        ":save session.lua",
        &format!(":save ~/{name}/nsh"),
        ":save session.lua",
        ":save /etc/session.lua",
    ] {
        s.line(line);
    }
    assert_eq!(s.text().matches("runs them").count(), 2, "{}", s.text());
    assert!(s.text().contains("/nsh is there already"), "{}", s.text());
    assert!(s.text().contains("cannot write /etc/session.lua"), "{}", s.text());
    let script = std::fs::read_to_string(s.file("session.lua")).unwrap();
    let want = "local ns1 = namespace.add(\"ns1\", { up = true })\n\
        ns1.link.add(\"br0\", { kind = \"bridge\" })\n\
        _ = ns1.link.get(\"br0\").kind\nprint(_)\nprint(\"it is a \" .. _)\n";
    assert_eq!(script.trim_start(), want);
    let run = std::process::Command::new(s.file("nsh")).arg(s.file("session.lua")).output().unwrap();
    let out = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && out.ends_with("it is a bridge\n"), "{out}");
}

/// As serial consoles, screen and hasty people do: lines before their prompt is there, also behind Ctrl-C.
#[test]
fn what_is_typed_ahead_waits_for_its_prompt() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.send("u1 = 1\ru2 = 2\ru3 = 3\ru1 + u2 + u3\r");
    s.expect("\n6\n");
    s.send("given up\x03u4 = 4\ru1 + u4\r");
    s.expect("\n5\n");
    s.send("print(\"be\" .. \"gun\") proc.exec(\"sleep 0.3\")\r");
    s.expect("\nbegun");
    s.send("u5 = 5\ru1 + u5\r");
    s.until("another 6", |s| s.text().matches("\n6\n").count() == 2);
    s.until("the last prompt", Screen::at_prompt);
    let history = std::fs::read_to_string(s.file("history")).unwrap();
    assert!(history.ends_with("u5 = 5\nu1 + u5\n"), "{history}");
}

#[test]
fn history_outlives_the_session() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("print(\"remem\" .. \"bered\")");
    s.line(" print(\"not kept\")");
    s.line("1");
    s.line("print(\"remem\" .. \"bered\")");
    let history = std::fs::read_to_string(s.file("history")).unwrap();
    assert_eq!(history, "1\nprint(\"remem\" .. \"bered\")\n");
    // The same file in another session: a hint while it is typed, and Ctrl-R.
    let file = s.file("history");
    let mut t = Screen::with(100, &[], |command| {
        command.env("NSH_HISTORY", &file);
    });
    t.prompt();
    t.send("pri");
    t.expect("print(\"remem\" .. \"bered\")");
    t.key("\x03");
    // The one before the last is the other one.
    t.send("\x1b[A\x1b[A1");
    t.expect("nsh> 11");
    t.key("\x03");
    t.send("\x12bered");
    t.expect("print(\"remem\"");
    t.send("\r");
    t.expect("\nremembered");
}

#[test]
fn up_searches_by_what_is_typed_and_a_suggestion_is_taken_by_words() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in ["v = { one = 1 }", "w = 2", "v.one + w", "w + 40"] {
        s.line(line);
    }
    // From entry to entry, also where the line that came begins others.
    s.send("\x1b[A\x1b[A\x1b[A");
    s.expect("nsh> w = 2\nnsh> v.one + w\n3\nnsh> w + 40\n42\nnsh> w = 2\n");
    s.key("\x03");
    s.send("v\x1b[A");
    s.until("the last that begins so", |s| s.text().ends_with("\nnsh> v.one + w\n"));
    s.send("\x1b[A");
    s.until("the one before", |s| s.text().ends_with("\nnsh> v = { one = 1 }\n"));
    s.send("\x1b[B");
    s.until("the last again", |s| s.text().ends_with("\nnsh> v.one + w\n"));
    s.key("\x03");
    // A word of the suggestion, then another one.
    s.send("v.");
    s.until("a suggestion", |s| s.text().ends_with("\nnsh> v.one + w\n"));
    s.send("\x1bf");
    s.key("\r");
    assert!(s.text().contains("\nnsh> v.one\n1\n"), "{}", s.text());
    s.send("w ");
    s.until("a suggestion", |s| s.text().ends_with("\nnsh> w + 40\n"));
    s.send("\x1b[1;5C");
    s.key("\r");
    s.line("__ + 1");
    assert!(s.text().ends_with("\nnsh> w + 40\n42\nnsh> __ + 1\n2\nnsh>\n"), "{}", s.text());
}

/// Whether all are to be shown, and the next page of them.
#[test]
fn questions_of_completion_and_pager_end_on_ctrl_c() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.set_size(100, 24);
    s.line("t = {} for i = 1, 300 do t[\"field\" .. i] = i end");
    s.send("x = t.f\t\t");
    s.expect("Display all 300 possibilities? (y or n)");
    s.send("\x03");
    s.until("the line again", |s| s.text().ends_with("\nnsh> x = t.field\n"));
    s.send("\t\t");
    s.until("the question again", |s| s.text().ends_with("possibilities? (y or n)\n"));
    s.send("y");
    s.until("the next page", |s| s.text().ends_with("--More--\n"));
    s.send("\x03");
    s.until("the line again", |s| s.text().ends_with("\nnsh> x = t.field\n"));
    // Then it gives up the input, as ever.
    s.key("\x03");
    s.line("40 + 2");
    assert!(s.text().ends_with("\nnsh> 40 + 2\n42\nnsh>\n"), "{}", s.text());
}

#[test]
fn values_as_lua_writes_them() {
    let mut s = Screen::new(60, &[]);
    s.prompt();
    s.set_size(60, 100);
    for (line, shown) in [
        ("4/2", "2.0"),
        ("1e100", "1e+100"),
        ("\"a\\255b\"", "\"a\\xffb\""),
        ("{ { 1, 2 }, { 3, 4 } }", "{ { 1, 2 }, { 3, 4 } }"),
        ("{ 1.0, { x = 2.5 } }", "{ 1.0, { x = 2.5 } }"),
    ] {
        s.line(line);
        assert!(s.text().ends_with(&format!("\n{shown}\nnsh>\n")), "{line}: {}", s.text());
    }
    s.send("t = {} for i = 1, 150 do t[i] = { n = i } end return t\r");
    s.until("the beginning", |s| s.text().ends_with("\n... and 54 more of them; print(_) shows all\nnsh>\n"));
    s.send("print(_)\r");
    s.until("all of it", |s| s.text().ends_with("\n149\n150\nnsh>\n"));
}

#[test]
fn a_narrow_terminal_and_one_that_changes() {
    let mut s = Screen::new(20, &[]);
    s.prompt();
    s.line("link.list()");
    assert!(s.text().lines().any(|line| line.starts_with("1: lo ") && line.ends_with('…')), "{}", s.text());
    s.send("x = \"a longer line than fits\"");
    s.resize(60);
    // The editor draws the input anew from where it believes it to begin, so that older lines may be gone.
    s.send("\r");
    s.until("an empty prompt", |s| s.at_prompt() && s.text().contains("fits\""));
    s.line("#x");
    s.expect("\n23");
}

#[test]
fn odd_bytes_and_pasted_programs() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    // Not UTF-8; then a paste as terminals send it: many lines, one input.
    s.master_write(b"x = \"\xff\xfe\"\r");
    s.until("a new prompt", |s| s.text().contains("not UTF-8") && s.at_prompt());
    s.send("\x1b[200~y = 0\nfor i = 1, 10 do\n  y = y + i\nend\nprint(\"y is \" .. y)\x1b[201~\r");
    s.expect("\ny is 55");
    s.prompt();
}

#[test]
fn a_fresh_lab_and_the_end() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("namespace.add(\"gone\")");
    s.send(":reset\r");
    s.until("a new session", |s| s.text().matches("a fresh lab").count() == 2 && s.at_prompt());
    s.line("#namespace.list()");
    assert!(s.text().contains("\n0\n"), "{}", s.text());
    // What runs is asked about.
    s.line("local p = proc.spawn(\"sleep 1000\")");
    s.send("\x04");
    s.expect("Leave? [y/N]");
    s.send("n\r");
    s.prompt();
    s.send("\x04");
    s.until("the second question", |s| s.text().matches("Leave? [y/N]").count() == 2);
    // Ctrl-C is a no, and the prompt goes on.
    s.key("\x03");
    s.line("1 + 1");
    s.send("\x04");
    s.until("the third question", |s| s.text().matches("Leave? [y/N]").count() == 3);
    s.send("y\r");
    assert_eq!(s.status(), 0);
}

#[test]
fn sigterm_ends_the_prompt() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.send("half a line");
    s.expect("half a line");
    kill(s.id(), Signal::SIGTERM).unwrap();
    assert_eq!(s.status(), 143);
}

#[test]
fn changes_are_told_above_the_line_that_is_typed() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line(":monitor");
    s.line("link.add(\"br0\", { kind = \"bridge\" })");
    s.expect("[host] link br0");
    // Something that happens while a line is half typed: a process that waits for our word.
    let word = s.file("word");
    nix::unistd::mkfifo(&word, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    std::fs::set_permissions(&word, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    s.line("local p = proc.spawn(\"read x < word && echo 1 > /proc/sys/net/ipv4/conf/br0/forwarding\")");
    s.send("x = \"half a li");
    s.expect("x = \"half a li");
    std::fs::write(&word, "go\n").unwrap();
    s.expect("[host] netconf br0 forwarding = 1");
    s.line("ne\"");
    s.line("x");
    assert!(s.text().contains("nsh> x = \"half a line\"\nnsh> x\n\"half a line\""), "{}", s.text());
    s.line(":monitor off");
}

#[test]
fn a_script_first_and_then_the_prompt() {
    let directory = std::env::temp_dir().join(format!("nsh-prompt-script-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("lab.lua");
    std::fs::write(&file, "ns1 = namespace.add(\"ns1\")\nprint(\"made for \" .. arg[1])\n").unwrap();
    let mut s = Screen::new(100, &["-i", file.to_str().unwrap(), "you"]);
    s.expect("made for you");
    s.prompt();
    s.line("ns1.name");
    assert!(s.text().contains("\"ns1\""), "{}", s.text());
    let _ = std::fs::remove_dir_all(directory);
}

/// Each time the pager says that it was asked, and keeps what it got.
#[test]
fn what_is_longer_than_the_terminal_goes_through_the_pager() {
    let mut s = Screen::with(100, &[], |command| {
        command.env("PAGER", "cat > paged; echo through the pager");
    });
    s.prompt();
    s.set_size(100, 30);
    s.line("for i = 1, 30 do namespace.add(\"n\" .. i) end");
    for (number, line) in [
        "help(link.add)",
        "help()",
        "help \"link.add\"",
        "help",
        "?link.add",
        "link.add?",
        "help link.add",
        ":net",
        ":ns",
    ]
    .into_iter()
    .enumerate()
    {
        s.line(line);
        let asked = s.text().matches("\nthrough the pager").count();
        assert_eq!(asked, number + 1, "{line}: {}", s.text());
    }
    let paged = std::fs::read_to_string(s.file("paged")).unwrap();
    let names: Vec<&str> = paged.lines().map(str::trim).collect();
    assert_eq!((names[0], names[1], names[2], names[10]), ("host", "n1", "n2", "n10"), "{paged}");
    s.line(":help net");
    s.line("?string.format");
    assert!(s.text().contains(":net [NAMESPACE]\n  a picture of the lab"), "{}", s.text());
    assert!(s.text().contains("6.4"), "{}", s.text());
}

#[test]
fn help_has_many_forms() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("ns1 = namespace.add(\"ns1\")");
    for line in
        ["?:net", "namespace.del", "ns1.namespace?", "ns1.link.del?", "link.list()[1]?", "?string.format"]
    {
        s.line(line);
    }
    let text = s.text();
    for part in [
        "> ?:net\n:net [NAMESPACE]\n  a picture",
        "> namespace.del\nnamespace.del(name)\n",
        "> ns1.link.del?\nlink.del(name)\n",
        "> link.list()[1]?\nLink\n",
        "section 6.4",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    // What is shown can't drive the terminal, as an error or as a value.
    s.line("error(\"a\\27[2Jb\")");
    s.line("\"c\\27[2Jd\"");
    assert!(s.text().contains("a\\x1b[2Jb") && s.text().contains("c\\x1b[2Jd"), "{}", s.text());
}

/// The time itself is told, not judged: machines are slow at times. That names come at all with so many is.
#[test]
fn completion_with_a_thousand_namespaces() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("for i = 1, 1000 do namespace.add(\"ns\" .. i) end");
    s.send("namespace.get(\"ns100");
    s.expect("get(\"ns100");
    let started = Instant::now();
    s.send("0\t");
    s.expect("get(\"ns1000\"");
    eprintln!("completed among 1000 namespaces in {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(30));
}

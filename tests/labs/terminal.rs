//! Job control: what runs in a lab behaves on the user's terminal as any program.

use super::bench::{Ends, names, prints, up};
use super::pty::on_terminal as on_any_terminal;
use super::stage::{Stage, until};

fn on_terminal(test: impl Fn(&Stage, super::pty::Terminal, &str)) {
    on_any_terminal(|stage, terminal| {
        let _ends = Ends(stage);
        up(stage, "lab", "namespace.add('ns1', { up = true })");
        test(stage, terminal, &stage.nsh().display().to_string());
    });
}

#[test]
fn ctrl_c_ctrl_z_and_the_end_of_input() {
    on_terminal(|_, mut t, nsh| {
        t.send(&format!("{nsh} exec lab ns1 -- sh -c 'echo run\"\"ning; exec cat'\n"));
        t.expect("running");
        t.send("words\n");
        t.expect("words\r\nwords");
        t.send("\x1a");
        t.expect("Stopped");
        t.expect("PROMPT> ");
        t.send("fg\n");
        t.expect("exec cat'");
        t.send("more\n");
        t.expect("more\r\nmore");
        t.send("\x04");
        t.expect_status(0);
        t.send(&format!("{nsh} exec lab -- sh -c 'echo run\"\"ning; exec sleep 1000'\n"));
        t.expect("running");
        t.send("\x03");
        t.expect_status(130);
    });
}

#[test]
fn in_the_background_it_stops_when_it_reads() {
    on_terminal(|_, mut t, nsh| {
        t.send(&format!("{nsh} exec lab cat &\n"));
        t.expect("PROMPT> ");
        for _ in 0..200 {
            t.send("jobs; echo that-\"is-all\"\n");
            if t.expect("that-is-all").contains("Stopped") {
                t.send("fg\n");
                t.expect("exec lab cat");
                t.send("words\n");
                t.expect("words\r\nwords");
                t.send("\x04");
                t.expect_status(0);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("not stopped");
    });
}

#[test]
fn the_size_of_the_window_and_the_terminals_name() {
    on_terminal(|_, mut t, nsh| {
        t.send("stty rows 33 cols 77\n");
        t.send(&format!("{nsh} exec lab -- sh -c 'stty size; echo $TERM'\n"));
        t.expect("33 77");
        t.expect("dumb");
        t.expect_status(0);
    });
}

#[test]
fn a_shell_in_a_lab_gives_the_terminal_back() {
    on_terminal(|_, mut t, nsh| {
        t.send(&format!("{nsh} exec lab ns1 -- env PS1='IN> ' bash --norc --noediting -i\n"));
        t.expect("IN> ");
        t.send("sh -c 'echo run\"\"ning; exec sleep 1000'; echo over-$((1 + 2))\n");
        t.expect("running");
        t.send("\x03");
        t.expect("IN> ");
        // Job control of its own.
        t.send("sh -c 'echo run\"\"ning; exec sleep 1000'\n");
        t.expect("running");
        t.send("\x1a");
        t.expect("Stopped");
        t.expect("IN> ");
        t.send("disown -a; exit 5\n");
        t.expect_status(5);
        t.send("cat\n");
        t.send("echoed\n");
        t.expect("echoed\r\nechoed");
    });
}

#[test]
fn the_prompt_in_a_lab() {
    on_terminal(|stage, mut t, nsh| {
        t.send(&format!("{nsh} attach lab ns1\n"));
        t.expect("namespaces: host, ns1");
        t.expect("nsh ns1> ");
        t.send("while true do end\n");
        t.send("\x03");
        t.expect("nsh ns1> ");
        t.send("print(6 * 7)\n");
        t.expect("42");
        t.send("\x1a");
        t.expect("Stopped");
        t.expect("PROMPT> ");
        t.send("fg\n");
        t.expect("attach lab ns1");
        t.send("print(6 * 8)\n");
        t.expect("48");
        t.send("proc.shell()\n");
        t.send("echo in-$((1 + 2))\n");
        t.expect("in-3");
        t.send("exit\n");
        t.expect("nsh ns1> ");
        t.send("\x04");
        t.expect_status(0);
        t.send("cat\n");
        t.send("echoed\n");
        t.expect("echoed\r\nechoed");
        t.send("\x04");
        // A lab that ends takes the prompt along, and gives the terminal back.
        t.send(&format!("{nsh} attach lab\n"));
        t.expect("nsh> ");
        prints(stage, &["down", "lab"]);
        t.expect("the lab lab has ended");
        t.expect_status(137);
    });
}

#[test]
fn ctrl_c_ends_what_comes_up() {
    on_terminal(|stage, mut t, nsh| {
        t.send(&format!(
            "{nsh} up --name other -e 'print(\"go\"..\"es\") os.execute(\"while :; do echo tick; sleep 0.1; done\")'\n"
        ));
        t.expect("goes");
        // Ctrl-Z stops it, and fg goes on.
        t.send("\x1a");
        t.expect("Stopped");
        t.expect("PROMPT> ");
        t.send("fg\n");
        t.expect("up --name other");
        // Of the output, not of the command line that fg shows.
        t.expect("tick\r\n");
        t.send("\x03");
        t.expect("nsh: interrupted");
        t.expect_status(130);
        until(|| names(stage) == ["lab"], || format!("{:?}", names(stage)));
        // The lab is not this terminal's.
        t.send(&format!("{nsh} up --name third -e ''\n"));
        t.expect("the lab third is up");
        t.expect_status(0);
        t.send("exit\n");
        until(|| names(stage) == ["lab", "third"], || format!("{:?}", names(stage)));
    });
}

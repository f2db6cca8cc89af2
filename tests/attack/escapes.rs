//! Names, messages and answers with escapes of the terminal in them.

use std::fs;

use super::frame::{Stage, each};

/// Whether what people see drives their terminal.
fn drives(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'))
}

fn file(stage: &Stage, name: &str, text: &str) {
    let path = stage.project.join(name);
    fs::write(&path, text).unwrap();
    stage.give(&path);
}

#[test]
fn nothing_that_nsh_prints_drives_the_terminal() {
    const ESCAPE: &str = "\\27]0;title\\7\\27[2J\\155";
    each(|stage| {
        for script in [
            format!("error('{ESCAPE}')"),
            format!("error({{ message = '{ESCAPE}' }})"),
            format!("error(setmetatable({{}}, {{ __tostring = function() return '{ESCAPE}' end }}))"),
            format!("check.equal('{ESCAPE}', '{ESCAPE}x')"),
            format!("check.match('a', '{ESCAPE}')"),
            format!("check.equal({{ ['{ESCAPE}'] = '{ESCAPE}' }}, 1)"),
            format!("link.get('{ESCAPE}')"),
            format!("http.get('http://{ESCAPE}/')"),
            format!("test('t', function() skip('{ESCAPE}') end)"),
            format!("test('t', {{ xfail = '{ESCAPE}' }}, function() end)"),
            format!("skip('{ESCAPE}')"),
            format!("print(proc.exec({{ 'false', '{ESCAPE}' }}))"),
            "proc.exec({ 'sh', '-c', 'printf \"\\\\033[2J\" >&2; false' }, { check = true })".to_owned(),
            format!(
                "local c = capture.start('lo')
                 local s <close> = tcp.listen('127.0.0.1:80')
                 local client = tcp.connect('127.0.0.1:80')
                 client:send('GET /{ESCAPE} HTTP/1.1\\r\\n\\r\\n')
                 eventually(function() return #c:packets() >= 4 end)
                 print(c:packets())"
            ),
        ] {
            file(stage, "a.lua", &script);
            for words in
                [&["a.lua"][..], &["test", "a.lua"], &["test", "-v", "a.lua"], &["test", "-l", "a.lua"]]
            {
                let ran = stage.run(&mut stage.command(words));
                assert!(ran.status.is_some_and(|status| status < 2), "{words:?} {script}: {ran:?}");
                assert!(!drives(&ran.stdout) && !drives(&ran.stderr), "{words:?} {script}: {ran:?}");
            }
        }
    });
}

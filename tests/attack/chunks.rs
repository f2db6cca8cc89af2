//! Chunks that are not text: bytecode can crash the interpreter, and a C module is machine code.

use std::fs;
use std::process::Stdio;

use super::frame::{Stage, each};

/// Runs a script with `code`, the bytes of a function, and `dumped.luac`, a file with them; it must come to its end.
fn attack(stage: &Stage, script: &str) {
    let prelude = "code = string.dump(function() print('RAN') end)\n\
                   local file = io.open('dumped.luac', 'wb') file:write(code) file:close()\n";
    let ran = stage.attack(&format!("{prelude}{script}"));
    assert_eq!(ran.status, Some(0), "{script}\n{ran:?}");
    assert!(!ran.stdout.contains("RAN"), "{script}\n{ran:?}");
    stage.unharmed();
}

#[test]
fn no_bytecode_is_loaded() {
    each(|stage| {
        attack(
            stage,
            "package.path = './?.luac'
             local done, why = pcall(require, 'dumped')
             assert(not done and why:find('binary chunk'), why)
             assert(not load(code) and not load(code, 'x', 'b') and not load(code, 'x', 'bt', _G))
             assert(not load(function() local piece = code code = nil return piece end, 'x', 'b'))
             assert(not loadfile('dumped.luac') and not loadfile('dumped.luac', 'b', _G))
             assert(not pcall(dofile, 'dumped.luac'))",
        );
    });
}

/// A chunk from the command line, too.
#[test]
fn no_file_of_bytecode_is_run() {
    each(|stage| {
        attack(stage, "");
        for arguments in [
            &["dumped.luac"][..],
            &["test", "dumped.luac"],
            &["-i", "dumped.luac"],
            &["-"],
            &["up", "dumped.luac"],
        ] {
            let dumped = fs::File::open(stage.project.join("dumped.luac")).unwrap();
            let ran = stage.run(stage.command(arguments).stdin(Stdio::from(dumped)));
            assert!(!ran.stdout.contains("RAN"), "{arguments:?} {ran:?}");
            assert!(
                ran.stderr.contains("binary chunk") || ran.stdout.contains("binary chunk"),
                "{arguments:?} {ran:?}"
            );
        }
    });
}

/// Lua's own loaders stand behind those for text. They can be seen at work: from the function that reads a chunk's
/// pieces, and from a finalizer that runs while a chunk is compiled.
#[test]
fn the_loaders_behind_are_out_of_reach() {
    each(|stage| {
        attack(
            stage,
            "local found = {}
             local function look()
               for level = 0, 20 do
                 for _, info in ipairs({ debug.getinfo(level) or nil, debug.getinfo(level, 'f') or nil,
                   debug.getinfo(coroutine.running(), level, 'f') or nil }) do
                   found[#found + 1] = info.func
                 end
               end
             end
             load(function() look() end)
             setmetatable({}, { __gc = look })
             for _ = 1, 50 do load('x = {' .. ('{},'):rep(1000) .. '}') end
             for _, f in ipairs(found) do pcall(f, code, 'x', 'b') end
             assert(#found == 0, #found)
             assert(debug.getinfo(1, 'l').currentline == 17 and debug.getinfo(look, 'S').what == 'Lua')",
        );
    });
}

#[test]
fn no_machine_code_is_loaded() {
    each(|stage| {
        attack(
            stage,
            "io.open('evil.so', 'w'):write('\\127ELF'):close()
             package.cpath = './?.so'
             local done, why = pcall(require, 'evil')
             assert(not done and not why:find('evil.so', 1, true), why)
             done, why = pcall(require, 'evil.part')
             assert(not done and not why:find('evil.so', 1, true), why)
             assert(package.loadlib == nil)",
        );
    });
}

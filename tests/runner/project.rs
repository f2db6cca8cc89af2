//! `nsh init`: what it makes works, and what is there stays.

use std::fs;
use std::os::unix::fs::symlink;

use super::stage::{Stage, each, once};

fn init(stage: &Stage) -> String {
    let ran = stage.run("init .");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    ran.stdout
}

#[test]
fn the_lab_runs_and_the_tests_pass() {
    each(|stage| {
        let told = init(stage);
        assert!(told.lines().filter(|line| line.starts_with("made")).count() > 5, "{told}");
        let ran = stage.run("lab.lua");
        assert!(ran.status == Some(0) && ran.stdout.contains("3 received"), "{ran:?}");
        let ran = stage.run("test --output junit:results.xml --artifacts artifacts --capture");
        assert!(ran.status == Some(0) && ran.stdout.contains("3 passed"), "{ran:?}");
        assert!(fs::read_to_string(stage.project.join("results.xml")).unwrap().contains("tests=\"3\""));
    });
}

#[test]
fn what_is_there_stays_but_for_old_types() {
    once(|stage| {
        stage.file("lab.lua", "print('mine')");
        stage.file(".luarc.json", "{}");
        stage.file("precious", "kept");
        stage.file(".nsh/types/nsh/topology.lua", "");
        symlink(stage.project.join("precious"), stage.project.join(".nsh/types/nsh.lua")).unwrap();
        let told = init(stage);
        assert!(told.contains("kept     lab.lua\n"), "{told}");
        assert!(told.contains("kept     .luarc.json: add \".nsh/types\" to its workspace.library"), "{told}");
        assert!(told.contains("updated  .nsh/types: they were another nsh's"), "{told}");
        let there = |name: &str| fs::read_to_string(stage.project.join(name)).unwrap();
        assert_eq!(there("lab.lua"), "print('mine')");
        assert_eq!(there("precious"), "kept");
        assert!(there(".nsh/types/nsh.lua").starts_with("---@meta"));
        assert!(!init(stage).contains("made"));
    });
}

#[test]
fn what_cannot_be_written_is_one_line() {
    once(|stage| {
        stage.file("file", "");
        for (line, told) in [
            ("init file", "nsh: init: file is no directory\n"),
            ("init /proc/x", "nsh: init: /proc/x/lab.lua: no such file or directory (ENOENT)\n"),
        ] {
            let ran = stage.run(line);
            assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), told));
        }
        assert_eq!(stage.run("init").status, Some(2));
    });
}

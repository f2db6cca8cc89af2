//! Links and other things that a script puts where the runner is to write its results.

use std::fs;
use std::path::Path;

use super::frame::{Ran, Stage, each};

/// Writes a file of the project, its user's.
fn file(stage: &Stage, name: &str, text: &str) {
    let path = stage.project.join(name);
    fs::write(&path, text).unwrap();
    stage.give(&path);
}

fn test(stage: &Stage, words: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    stage.run(&mut stage.command(&[&["test", "-j1"], &words[..]].concat()))
}

/// A home with a directory, as many have one.
fn with_victim(attack: impl Fn(&Stage, &Path)) {
    each(|stage| {
        let victim = stage.home.join("victim");
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("precious"), "gold").unwrap();
        [&victim, &victim.join("precious")].iter().for_each(|path| stage.give(path));
        stage.prepared();
        attack(stage, &victim);
    });
}

#[test]
fn artifacts_stay_in_their_directory() {
    with_victim(|stage, victim| {
        let victim = victim.display();
        for plant in [
            format!("ln -sfn {victim} failed/b.lua"),
            format!("mkdir -p failed/b.lua; ln -sfn {victim} failed/b.lua/t"),
            format!("mkdir -p failed/b.lua; ln -sf {victim}/precious failed/b.lua/script.lua"),
            format!("mkdir -p failed/b.lua; ln -sf {victim}/new failed/b.lua/output.txt"),
        ] {
            file(stage, "a.lua", &format!("os.execute([[{plant}]])"));
            file(stage, "b.lua", "print('printed') test('t', function() error('fails') end)");
            let ran = test(stage, "a.lua b.lua --artifacts failed");
            assert_eq!(ran.status, Some(1), "{plant}: {ran:?}");
            stage.unharmed();
            let is_link = |name: &str| {
                stage.project.join("failed").join(name).symlink_metadata().is_ok_and(|m| m.is_symlink())
            };
            let kept = !is_link("b.lua") && !is_link("b.lua/t") && !is_link("b.lua/output.txt");
            let told = ran.stderr.contains("nsh: --artifacts: b.lua");
            assert!(kept || told, "{plant}: {ran:?}");
            assert!(kept || ran.stderr.contains("a link stands there"), "{plant}: {ran:?}");
            fs::remove_dir_all(stage.project.join("failed")).unwrap();
        }
    });
}

/// What a file's process tells is its own to write: any name of an artifact, too.
#[test]
fn names_of_artifacts_lead_nowhere_else() {
    with_victim(|stage, _| {
        file(
            stage,
            "a.lua",
            "local f = io.open('/proc/self/fd/3', 'w')
             for _, name in ipairs({ '../../../home/victim/precious', '/../../home/keep', '../../.nsh', 'a/../../x' }) do
               f:write(('{\"event\":\"artifact\",\"name\":\"%s\",\"size\":4}\\nevil'):format(name)) f:flush()
             end
             error('fails')",
        );
        let ran = test(stage, "a.lua --artifacts failed");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        stage.unharmed();
        let names = fs::read_dir(&stage.project).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["a.lua", "failed"]);
    });
}

#[test]
fn a_directory_or_report_that_is_a_link_is_refused() {
    with_victim(|stage, victim| {
        file(stage, "b.lua", "error('fails')");
        let there = |name: &str| stage.project.join(name);
        std::os::unix::fs::symlink(victim, there("failed")).unwrap();
        std::os::unix::fs::symlink(victim.join("precious"), there("report.xml")).unwrap();
        std::os::unix::fs::symlink(victim.join("new.json"), there("new.json")).unwrap();
        for words in [
            "b.lua --artifacts failed",
            "b.lua --artifacts failed/deeper",
            "b.lua --output report.xml",
            "b.lua --output new.json",
            "b.lua --output failed/r.json",
            "b.lua --output failed/../../home/victim/r.json",
        ] {
            let ran = test(stage, words);
            assert_eq!(ran.status, Some(2), "{words}: {ran:?}");
            stage.unharmed();
        }
        // By its whole name, too.
        let ran = test(stage, &format!("b.lua --output {}", there("report.xml").display()));
        assert_eq!(ran.status, Some(2), "{ran:?}");
        stage.unharmed();
    });
}

#[test]
fn a_result_that_was_put_away_is_an_error() {
    with_victim(|stage, victim| {
        for (plant, words) in [
            ("ln -sf VICTIM/precious report.xml", "--output report.xml"),
            ("rm report.xml", "--output report.xml"),
            ("mv results away; ln -s VICTIM results", "--output results/report.xml"),
            ("mv failed away; ln -s VICTIM failed", "--artifacts failed"),
        ] {
            let _ = fs::create_dir(stage.project.join("results"));
            stage.give(&stage.project.join("results"));
            let plant = plant.replace("VICTIM", &victim.display().to_string());
            file(stage, "a.lua", &format!("os.execute([[{plant}]])"));
            let ran = test(stage, &format!("a.lua {words}"));
            assert_eq!(ran.status, Some(1), "{plant}: {ran:?}");
            assert!(ran.stderr.contains("replaced while the tests ran"), "{plant}: {ran:?}");
            stage.unharmed();
            for name in ["results", "failed", "report.xml"] {
                let _ = fs::remove_file(stage.project.join(name));
            }
            let _ = fs::remove_dir_all(stage.project.join("away"));
        }
    });
}

#[test]
fn what_may_be_written_is_decided_before_the_first_test() {
    with_victim(|stage, victim| {
        let allowed = stage.directory.join("allowed");
        fs::create_dir(&allowed).unwrap();
        stage.give(&allowed);
        std::os::unix::fs::symlink(&allowed, stage.project.join("link")).unwrap();
        stage.prepared();
        file(stage, "a.lua", &format!("os.execute('ln -sfn {} link')", victim.display()));
        file(stage, "b.lua", &format!("print(io.open('{}/precious', 'w'))", victim.display()));
        let ran = test(stage, "a.lua b.lua --write link");
        assert_eq!(ran.status, Some(0), "{ran:?}");
        stage.unharmed();
    });
}

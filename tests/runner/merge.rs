//! `nsh report merge`.

use std::fs;

use super::stage::{Stage, once, outcomes};

fn shards(stage: &Stage, n: u32) {
    for i in 0..8 {
        stage.file(&format!("tests/{i}.lua"), if i == 5 { "check(false)" } else { "check(true)" });
    }
    for i in 1..=n {
        let ran = stage.run(&format!("test --shard {i}/{n} --output {i}.json"));
        assert!(matches!(ran.status, Some(0 | 1)), "{ran:?}");
    }
}

#[test]
fn shards_give_what_one_run_gives() {
    once(|stage| {
        shards(stage, 3);
        let (_, whole) = stage.report("test");
        let ran = stage.run("report merge 3.json 1.json 2.json --output merged.json --output merged.xml");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(ran.stdout.contains("8 tests in 8 files: 7 passed, 1 failed"), "{}", ran.stdout);
        let merged: serde_json::Value =
            serde_json::from_slice(&fs::read(stage.project.join("merged.json")).unwrap()).unwrap();
        assert_eq!(outcomes(&merged), outcomes(&whole));
        assert_eq!(merged["totals"], whole["totals"]);
        let xml = fs::read_to_string(stage.project.join("merged.xml")).unwrap();
        assert_eq!(xml.matches("<testcase ").count(), 8);
        assert_eq!(stage.run("report merge merged.json --format tap").stdout.lines().last(), Some("1..8"));
    });
}

#[test]
fn what_can_be_written_is_written() {
    once(|stage| {
        shards(stage, 1);
        let ran = stage.run("report merge 1.json --output pretty:/dev/full --output merged.json");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(
            ran.stderr.starts_with(
                "nsh: --output /dev/full: can't write the results: no space left on device (ENOSPC)"
            ),
            "{}",
            ran.stderr
        );
        assert!(stage.project.join("merged.json").metadata().unwrap().len() > 100);
    });
}

#[test]
fn what_does_not_belong_together_is_refused() {
    once(|stage| {
        shards(stage, 2);
        stage.run("test --output whole.json");
        stage.run("test --filter 1.lua --output filtered.json");
        stage.run("test tests/1.lua tests/2.lua --output some.json");
        stage.file("empty.json", "");
        stage.file("other.json", "{\"format\":\"something else\"}");
        let whole = fs::read_to_string(stage.project.join("whole.json")).unwrap();
        stage.file("odd.json", &whole.replace("\"interrupted\": null", "\"interrupted\": 2147483647"));
        stage.file("new.json", "{\"format\":\"nsh test report\",\"version\":99}");
        for (files, error) in [
            ("1.json 1.json", "1.json and 1.json are both shard 1/2"),
            ("1.json", "the report of shard 2/2 is missing"),
            (
                "1.json whole.json",
                "1.json and whole.json are not of one run: the number of shards is 2 in the one and none in the other",
            ),
            ("whole.json some.json", "tests/1.lua is in both whole.json and some.json"),
            ("some.json filtered.json", "some.json and filtered.json are not of one run: --filter is"),
            ("some.json empty.json", "empty.json: empty: its run did not come to its end"),
            ("other.json", "other.json: not a JSON report of nsh test"),
            ("odd.json", "odd.json: not a whole report: no signal has the number 2147483647"),
            ("new.json", "new.json: has version 99 of the format; this nsh reads version 1"),
        ] {
            let ran = stage.run(&format!("report merge {files} --output out.json"));
            assert_eq!(ran.status, Some(2), "{files}: {ran:?}");
            assert!(ran.stderr.starts_with(&format!("nsh: {error}")), "{files}: {}", ran.stderr);
            assert!(!stage.project.join("out.json").exists(), "{files}");
        }
    });
}

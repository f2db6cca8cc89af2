//! The templates of docs/shards.md: what each has a machine run, on this one, one part after another; and the merged report.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::place::{finish, text};
use super::stage::{Stage, once};

const PARTS: usize = 4;

fn template(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/shards").join(name)).unwrap()
}

/// The rest of the line that begins with this.
fn line<'a>(template: &'a str, begin: &str) -> &'a str {
    template.lines().find_map(|line| line.trim_start().strip_prefix(begin)).unwrap()
}

/// Runs each part by the shell, with what the engine sets, and merges the reports.
fn all_parts(reports: &str, part: impl Fn(&Stage, usize) -> Command) {
    once(|stage| {
        for i in 0..9 {
            stage.file(&format!("tests/{i}.lua"), "check(true)");
        }
        stage.file("tests/wrong.lua", "check.equal(1, 2)");
        stage.file("results/.keep", "");
        for index in 0..PARTS {
            let mut command = part(stage, index);
            let path = format!("{}:{}", stage.directory.display(), std::env::var("PATH").unwrap());
            let ran = finish(command.env("PATH", path).spawn().unwrap());
            assert!(matches!(ran.status.code(), Some(0 | 1)), "{}", text(&ran));
        }
        let merge = format!("report merge {reports} --output junit:results.xml");
        let paths = (0..=PARTS).map(|i| reports.replace('*', &i.to_string()));
        let paths: Vec<String> = paths.filter(|path| stage.project.join(path).exists()).collect();
        let ran = stage.run(&merge.replace(reports, &paths.join(" ")));
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(ran.stdout.contains("9 passed, 1 failed"), "{ran:?}");
    });
}

fn shell(stage: &Stage, code: &str) -> Command {
    stage.program(Path::new("/bin/sh"), &["-ec", code])
}

#[test]
fn a_slurm_array() {
    let script = template("slurm.sh");
    assert_eq!(line(&script, "#SBATCH --array="), format!("1-{PARTS}"));
    all_parts("results/*.json", |stage, index| {
        let mut command = shell(stage, &script);
        command.env("SLURM_ARRAY_TASK_ID", (index + 1).to_string());
        command.env("SLURM_ARRAY_TASK_COUNT", PARTS.to_string()).env("SLURM_CPUS_PER_TASK", "2");
        command
    });
}

#[test]
fn an_indexed_job_of_kubernetes() {
    let job = template("kubernetes.yaml");
    assert_eq!(line(&job, "completions: "), PARTS.to_string());
    all_parts("results/*.json", |stage, index| {
        let mut command = shell(stage, line(&job, "- exec "));
        command.env("JOB_COMPLETION_INDEX", index.to_string()).env("RESULTS", "results");
        command
    });
}

#[test]
fn a_matrix_of_hosted_runners() {
    let workflow = template("github.yml");
    assert_eq!(line(&workflow, "shard: "), "[1, 2, 3, 4]");
    all_parts("*.json", |stage, index| {
        let options =
            line(&workflow, "run: nsh test").replace("${{ matrix.shard }}", &(index + 1).to_string());
        shell(stage, &format!("nsh test{options}"))
    });
}

//! A daemon that dies in a lab that is up does not do so in silence.

use super::bench::{PAIR, listed, prints, stdout, up, with_labs};
use super::exec::attached;
use super::stage::until;

/// Three processes that end once there is the file /tmp/end: as they should, with a status, and by a signal.
const DAEMONS: &str = "
    local wait = 'echo up; until test -e /tmp/end; do sleep 0.05; done; '
    for ns, last in pairs({ [ns1] = 'exit 3', [host] = 'kill -9 $$' }) do
      ns.spawn({ 'sh', '-c', wait .. last }, { ready = { line = 'up' } })
    end
    for i = 1, 3 do proc.spawn(wait .. 'exit 0') end";

#[test]
fn deaths_are_told_and_zombies_reaped() {
    with_labs(|stage| {
        up(stage, "a", &format!("{PAIR} {DAEMONS}"));
        up(stage, "b", "");
        assert_eq!(listed(stage)[0]["deaths"], serde_json::json!([]));
        prints(stage, &["exec", "a", "touch", "/tmp/end"]);
        let deaths = || listed(stage)[0]["deaths"].as_array().unwrap().len();
        until(|| deaths() == 2, || format!("{} deaths", deaths()));
        let of_lab = prints(stage, &["ls"]);
        let (logs, prompt) = (
            prints(stage, &["logs", "a"]),
            attached(stage, &["a"], "for _, d in ipairs(proc.deaths()) do print(d) end\n"),
        );
        let prompt = stdout(&prompt);
        for end in ["in ns1: exited with status 3; stdout ended in \"up\"", "in host: killed by SIGKILL"] {
            for told in [&of_lab, &logs, &prompt] {
                assert_eq!(told.matches(end).count(), 1, "{end}: {told}");
            }
        }
        assert!(of_lab.contains("\na: died: sh -c"), "{of_lab}");
        let zombies = "! grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null";
        let none = || prints(stage, &["exec", "a", "--", "sh", "-c", &format!("{zombies}; true")]).is_empty();
        until(none, || "zombies are left".to_owned());
    });
}

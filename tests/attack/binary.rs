//! nsh's own program file.

use super::frame::each;

#[test]
fn nsh_itself_can_not_be_changed_by_its_path() {
    each(|stage| {
        let ran = stage.attack(
            "print(os.execute('chmod 4755 ../nsh'))
             print(os.execute('chown 65534 ../nsh'))
             print(io.open('../nsh', 'a'))
             print(os.remove('../nsh'))",
        );
        assert_eq!(ran.status, Some(0), "{ran:?}");
        // In a lab with one id, chown is answered with success and changes nothing.
        stage.unharmed();
    });
}

/// Through `/proc`, a process reaches its program file on the mount that it was started from. The mode that is tried is
/// one that no filter refuses.
const THROUGH_PROC: &str = "
  local function try(name)
    os.execute('chmod 777 ' .. name .. ' && echo ACHIEVED ' .. name)
    os.execute('touch -d 2001-01-01 ' .. name .. ' && echo ACHIEVED touch ' .. name)
  end
  try('/proc/$PPID/exe')
  try('/proc/$PPID/task/$PPID/exe')
  -- Opened by nsh itself, and inherited.
  local opened = assert(io.open('/proc/self/exe'))
  for fd = 0, 20 do
    try('/proc/self/fd/' .. fd)
    try('/proc/$PPID/fd/' .. fd)
  end
  print(io.open('/proc/self/exe', 'a'))";

#[test]
fn nsh_itself_can_not_be_changed_through_proc() {
    each(|stage| {
        let ran = stage.attack(THROUGH_PROC);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let achieved = ran.stdout.lines().any(|line| line.starts_with("ACHIEVED") && line.contains("/exe"));
        assert!(!achieved, "{:?}: {ran:?}", stage.user);
        stage.unharmed();
    });
}

/// A user's own, who may write to it.
#[test]
fn nor_a_users_own() {
    super::frame::as_ordinary(|stage| {
        let own = stage.home.join("nsh");
        // By a program: a file that another thread's child still has open for writing can't be executed.
        let copied = std::process::Command::new("cp").arg(stage.nsh()).arg(&own).status();
        assert!(copied.unwrap().success());
        stage.give(&own);
        stage.prepared();
        std::fs::write(stage.project.join("attack.lua"), THROUGH_PROC).unwrap();
        let ran = stage.run(&mut stage.program(&own, &["attack.lua"]));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let achieved = ran.stdout.lines().any(|line| line.starts_with("ACHIEVED") && line.contains("/exe"));
        assert!(!achieved, "{ran:?}");
        stage.unharmed();
    });
}

#[test]
fn nor_by_a_test_of_a_run() {
    each(|stage| {
        let test = format!("test('t', function() {THROUGH_PROC} end)");
        std::fs::write(stage.project.join("a_test.lua"), test).unwrap();
        let ran = stage.run(&mut stage.command(&["test", "--verbose", "a_test.lua"]));
        assert!(!ran.stdout.contains("ACHIEVED /proc/$"), "{:?}: {ran:?}", stage.user);
        stage.unharmed();
    });
}

#[test]
fn nor_by_who_enters_a_lab() {
    each(|stage| {
        let up = stage.run(&mut stage.command(&["up", "--name", "a", "-e", ""]));
        assert_eq!(up.status, Some(0), "{up:?}");
        stage.prepared();
        let script =
            "for p in /proc/[0-9]*; do chmod 777 $p/exe; chmod 777 $p/fd/*; done; ls -l /proc/$PPID/exe";
        let ran = stage.run(&mut stage.command(&["exec", "a", "--", "sh", "-c", script]));
        assert!(ran.status.is_some(), "{ran:?}");
        stage.unharmed();
        let down = stage.run(&mut stage.command(&["down", "a"]));
        assert_eq!(down.status, Some(0), "{down:?}");
    });
}

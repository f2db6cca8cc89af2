//! What the caller's environment holds besides what programs need.

use super::frame::each;

/// Every place where a process of the lab could find it.
const LOOK: &str = "
  print(os.getenv('SECRET'), os.getenv('ASKED'), os.getenv('GIVEN'))
  os.execute('env; cat /proc/$PPID/environ | tr \"\\\\0\" \"\\\\n\"')
  local seen = {}
  for line in io.lines('/proc/self/maps') do
    local from, to = line:match('^(%x+)%-(%x+) rw')
    if from and line:match('stack') then
      local memory = io.open('/proc/self/mem', 'rb')
      memory:seek('set', tonumber(from, 16))
      seen[#seen + 1] = memory:read(tonumber(to, 16) - tonumber(from, 16))
    end
  end
  local mark = 'hun' .. 'ter2'
  print('looked', #seen > 0, table.concat(seen):find(mark, 1, true))";

#[test]
fn a_lab_sees_no_more_of_it_than_programs_need() {
    each(|stage| {
        std::fs::write(stage.project.join("attack.lua"), LOOK).unwrap();
        let mut nsh = stage.command(&["--env", "ASKED", "--env", "GIVEN=g=h", "attack.lua"]);
        let ran = stage.run(nsh.env("SECRET", "hunter2").env("ASKED", "asked").env("LANG", "C.UTF-8"));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert!(ran.stdout.starts_with("nil\tasked\tg=h\n"), "{ran:?}");
        assert!(!ran.stdout.contains("hunter2"), "{ran:?}");
        assert!(ran.stdout.contains("looked\ttrue\tnil"), "{ran:?}");
        assert_eq!(ran.stderr, "");
        let unset = stage.run(&mut stage.command(&["--env", "NOT_SET", "-e", "print(os.getenv('NOT_SET'))"]));
        let told = "nsh: --env NOT_SET: not set here, so the lab doesn't have it either\n";
        assert_eq!((unset.status, unset.stdout.as_str(), unset.stderr.as_str()), (Some(0), "nil\n", told));
        // Both what env shows and what /proc shows.
        for line in ["ASKED=asked\n", "GIVEN=g=h\n", "LANG=C.UTF-8\n", "HOME="] {
            assert_eq!(ran.stdout.matches(line).count(), 2, "{line}: {ran:?}");
        }
    });
}

#[test]
fn nor_does_a_test_or_a_lab_that_stays_up() {
    each(|stage| {
        std::fs::write(stage.project.join("a_test.lua"), "test('t', function() os.execute('env') end)")
            .unwrap();
        let mut test = stage.command(&["test", "--verbose", "--env", "ASKED=yes", "a_test.lua"]);
        let ran = stage.run(test.env("SECRET", "hunter2"));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("ASKED=yes") && !ran.stdout.contains("hunter2"), "{ran:?}");
        let mut up = stage.command(&["up", "--env", "ASKED=yes", "--name", "a", "-e", ""]);
        let up = stage.run(up.env("SECRET", "hunter2"));
        assert_eq!(up.status, Some(0), "{up:?}");
        let look = "env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'";
        let mut exec = stage.command(&["exec", "a", "--", "sh", "-c", look]);
        let ran = stage.run(exec.env("SECRET", "hunter2"));
        assert!(ran.stdout.contains("ASKED=yes") && !ran.stdout.contains("hunter2"), "{ran:?}");
        assert_eq!(stage.run(&mut stage.command(&["down", "a"])).status, Some(0));
    });
}

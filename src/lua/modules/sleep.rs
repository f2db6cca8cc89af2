//! `sleep`: lets time pass.

use crate::base::wait;
use crate::lua::registry::Module;
use crate::lua::schema::{self, param, ret, ty};

pub fn module() -> Module {
    Module::new("sleep", "Waits for a given time.").callable(
        schema::Function::new(
            "sleep",
            (param("seconds", ty::seconds(), "how long, in seconds and fractions"),),
            ret::nothing(),
            |_, (seconds,)| Ok(wait::pause(seconds)?),
        )
        .doc(
            "Waits for this time. Ctrl-C and a test's time limit end it.\n\n\
             Look at `wait` and `eventually` first: a sleep that is too short makes a test fail now and then, and \
             one that is long enough costs its time on each run. `wait` waits for links, addresses, routes, \
             neighbours, ports and counters; `ready` of `proc.spawn` for a program; `eventually` tries anything else \
             until it works. `sleep` is for what takes a known time, such as an entry that expires.",
        ),
    )
}

//! `clock`: how much time passes.

use crate::base::clock;
use crate::lua::registry::Module;
use crate::lua::schema::{self, ret};

pub fn module() -> Module {
    Module::new("clock", "A clock to measure by.").callable(
        schema::Function::new(
            "clock",
            (),
            ret::value::<f64>("number", "seconds; only the difference of two has a meaning"),
            |_, ()| Ok(clock::monotonic()),
        )
        .doc(
            "Returns the time in seconds, in fractions down to nanoseconds, on a clock that only goes forward: nobody \
             sets it, unlike that of `os.time`, and it goes on while the script waits, unlike that of `os.clock`.",
        ),
    )
}

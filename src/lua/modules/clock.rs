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
            "Returns the monotonic clock in seconds, with the resolution of nanoseconds. Unlike `os.time`, nobody \
             can set it; unlike `os.clock`, it goes on while the script waits.",
        ),
    )
}

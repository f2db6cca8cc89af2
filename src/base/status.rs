//! Exit statuses, as documented in the README.

pub const SUCCESS: i32 = 0;
/// A check or the script failed.
pub const FAILED: i32 = 1;
/// Wrong usage, or a script that can't be read or parsed.
pub const USAGE: i32 = 2;
/// This machine can't do it: no permission, no user namespaces, a missing kernel feature.
pub const CANNOT: i32 = 3;

//! Dispatch and exit status only.

fn main() {}

//! How a process of nsh's ends: with a status, or with an error that says which.

use std::fmt;

use anyhow::Result;

use crate::base::error::complain;
use crate::base::status;

/// The status to exit with, as the context of an error. It adds no words to the message.
#[derive(Clone, Copy, Debug)]
pub struct Exit(pub i32);

impl fmt::Display for Exit {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The status to exit with. Prints an error, whose status is that of its outermost [`Exit`]; without one, this machine
/// can't do what was asked for.
pub fn exit_status(result: Result<i32>) -> i32 {
    result.unwrap_or_else(|e| complain(&*e, e.downcast_ref::<Exit>().map_or(status::CANNOT, |exit| exit.0)))
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use nix::errno::Errno;

    use super::*;
    use crate::base::error::Error;

    #[test]
    fn the_outermost_status_counts_and_adds_no_words() {
        let failed = Err::<i32, _>(Errno::ENOENT).context("reading x").context(Exit(1));
        let e = failed.context(Exit(2)).context("logs").unwrap_err();
        assert_eq!(Error::of(&*e).message(), "logs: reading x: no such file or directory (ENOENT)");
        assert_eq!(exit_status(Err(e)), 2);
        assert_eq!(exit_status(Err(Errno::EPERM.into())), status::CANNOT);
    }

    #[test]
    fn the_hint_of_the_source_stays() {
        let e = Err::<(), _>(Error::argument("no").hint("do").op("call")).context("exec").unwrap_err();
        assert_eq!(Error::of(&*e).to_string(), "exec: call: no\n  hint: do");
        assert_eq!(Error::of(&*anyhow::anyhow!("plain").context("a")).message(), "a: plain");
    }
}

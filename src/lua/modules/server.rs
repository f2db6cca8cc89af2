//! The handle of a server that runs beside the script: where it listens, what came, waiting for more, and its end.

use super::traffic::{Wait, late};
use crate::io::{Reaction, Record as Came, Server};
use crate::lua::schema::{Class, Failure, Handle, MethodDoc, Record, Shape, options, opts, ret, ty};

options! {
    /// What a server does with what it gets.
    pub struct Reacting = "nsh.Reacting" {
        echo: bool = true, ty::boolean(), "send back what comes; default true without `reply`";
        reply: Option<Vec<u8>>, ty::bytes(),
            "send this instead: for each datagram, or once when a connection's first data come, and then close it";
    }
}

impl From<Reacting> for Reaction {
    fn from(r: Reacting) -> Self {
        match (r.reply, r.echo) {
            (Some(reply), _) => Reaction::Reply(reply),
            (None, true) => Reaction::Echo,
            (None, false) => Reaction::Discard,
        }
    }
}

/// The methods that all servers have: `listed` is the one that tells what came, a `record` each; `wait` gets options of
/// the shape `waits`, and raises `timeout`.
pub fn methods<S, R, W>(
    class: Class<S>,
    listed: MethodDoc,
    record: fn() -> Record<R>,
    (waits, doc): (Shape<W>, &'static str),
    wait: impl Fn(&Server<R>, W) -> Result<(), Failure> + 'static,
) -> Class<S>
where
    S: Handle + AsRef<Server<R>>,
    R: Came + Clone + Send + 'static,
    W: Default + 'static,
{
    class
        .close(|s| s.as_ref().stop())
        .runs(|s| s.as_ref().running())
        .method(
            MethodDoc("address", "The address and port that it listens on."),
            (),
            ret::value::<String>("string", "such as \"10.0.0.1:80\""),
            |_, s, ()| Ok(s.as_ref().as_ref().address().to_string()),
        )
        .method(
            MethodDoc("port", "The port that it listens on."),
            (),
            ret::value::<u16>("integer", "the port"),
            |_, s, ()| Ok(s.as_ref().as_ref().address().port()),
        )
        .method(listed, (), ret::list(record(), "all, the oldest first"), |_, s, ()| {
            Ok(s.as_ref().as_ref().records())
        })
        .method(
            MethodDoc("wait", doc),
            (opts(waits),),
            ret::list(record(), "all so far, the oldest first"),
            move |_, s, (options,)| {
                let server = s.as_ref().as_ref();
                wait(server, options)?;
                Ok(server.records())
            },
        )
        .method(
            MethodDoc("stop", "Stops listening, and closes what is open."),
            (),
            ret::nothing(),
            |_, s, ()| {
                s.as_ref().as_ref().stop();
                Ok(())
            },
        )
}

/// Waits until so many came in all: one, unless the script says otherwise.
pub fn count<R>(server: &Server<R>, wait: &Wait, what: &str) -> Result<(), Failure>
where
    R: Came + Clone + Send + 'static,
{
    let wanted = wait.count.unwrap_or(1);
    if server.wait_for(wanted, wait.deadline())? {
        return Ok(());
    }
    Err(late(format!("{} of {wanted} {what} came", server.records().len()), wait.timeout))
}

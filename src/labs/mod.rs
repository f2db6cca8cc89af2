//! Labs that stay up, and those of prompts: `nsh up`, `ls`, `exec`, `attach`, `logs` and `down`.
//!
//! A lab is kept by a process of the user's own ([`keep`]) outside of its sandbox, which is the sandbox's first
//! process as for any script; when it ends, however it does, the kernel takes the lab away. What the other commands
//! need to know stands in a directory that is the user's alone ([`place`], [`entry`], [`record`]); they enter a lab
//! by the namespaces of the process that runs its script ([`enter`], [`crate::sandbox::join`]).

mod down;
mod enter;
mod entry;
mod everywhere;
mod follow;
mod inside;
mod keep;
mod lock;
mod log;
mod place;
mod prompt;
mod record;
mod report;
mod show;
mod up;

use crate::base::error::{Error, Kind, Result, complain};
use crate::lua::lab::Place;
use crate::lua::status;
use down::Ending;
pub use enter::Words;
use entry::{Lab, Labs};
pub use prompt::prompt;
pub use up::{Request, up};

/// `nsh ls`: the text to print.
pub fn list(json: bool) -> Result<String> {
    show::show(&Labs::open()?, json)
}

/// `nsh exec`: returns the command's status, or 125 if it could not be tried.
pub fn exec(lab: &str, words: Words, all: bool) -> i32 {
    let result = Labs::open().and_then(|labs| labs.find(lab)).and_then(|lab| enter::exec(&lab, words, all));
    result.unwrap_or_else(|e| complain(&e.op("exec"), enter::status::NOT_TRIED))
}

/// `nsh attach`: runs `prompt` in the lab, with the name of the namespace to begin in. Without a name in the only one.
pub fn attach(lab: Option<&str>, namespace: Option<&str>, prompt: impl FnOnce(Place, &str) -> i32) -> i32 {
    let labs = match Labs::open() {
        Ok(labs) => labs,
        Err(e) => return complain(&e.op("attach"), status::CANNOT),
    };
    let found = lab.map_or_else(|| only(&labs), |lab| labs.find(lab));
    let result = found.and_then(|lab| enter::attach(&lab, namespace, prompt));
    result.unwrap_or_else(|e| complain(&e.op("attach"), status::FAILED))
}

/// The lab that is there, if there is no other.
fn only(labs: &Labs) -> Result<Lab> {
    let (mut all, elsewhere) = labs.all()?;
    match (all.len(), elsewhere.is_empty()) {
        (1, true) => Ok(all.remove(0)),
        (0, true) => Err(Error::new(Kind::NotFound, "there is no lab")
            .hint("nsh up SCRIPT makes one that stays, nsh alone a prompt with one of its own")),
        _ => {
            let names: Vec<String> = all.into_iter().map(|lab| lab.name).chain(elsewhere).collect();
            Err(Error::argument(format!("there are several labs: {}", names.join(", ")))
                .hint("nsh attach LAB says which"))
        }
    }
}

/// `nsh logs`.
pub fn logs(lab: &str, follow: bool) -> i32 {
    let labs = match Labs::open() {
        Ok(labs) => labs,
        Err(e) => return complain(&e.op("logs"), status::CANNOT),
    };
    match labs.find(lab).and_then(|lab| follow::logs(&lab, follow)) {
        Ok(()) => status::SUCCESS,
        Err(e) => complain(&e.op("logs"), status::FAILED),
    }
}

/// Which labs `nsh down` ends.
#[derive(Debug)]
pub enum Which {
    These(Vec<String>),
    All,
}

/// `nsh down`: ends them side by side, and returns when nothing of them is left.
pub fn down(which: &Which) -> i32 {
    let labs = match Labs::open() {
        Ok(labs) => labs,
        Err(e) => return complain(&e.op("down"), status::CANNOT),
    };
    let mut status = status::SUCCESS;
    let found = match which {
        Which::These(names) => names.iter().map(|name| labs.find(name)).collect(),
        Which::All => match labs.all() {
            Ok((all, elsewhere)) => {
                let elsewhere = elsewhere.iter().map(|name| Err(entry::elsewhere(name)));
                all.into_iter().map(Ok).chain(elsewhere).collect()
            }
            Err(e) => vec![Err(e)],
        },
    };
    let begun: Vec<Result<Ending>> = found.into_iter().map(|lab| lab.and_then(Ending::begin)).collect();
    for ending in begun {
        let ended = ending.and_then(|ending| {
            let name = ending.name().to_owned();
            ending.finish(&labs).map_err(|e| e.on(name))
        });
        if let Err(e) = ended {
            status = complain(&e.op("down"), status::FAILED);
        }
    }
    status
}

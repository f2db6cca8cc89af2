//! Labs that stay up, and those of prompts: `nsh up`, `ls`, `exec`, `draw`, `attach`, `logs` and `down`.
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
mod tools;
mod up;

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};

use crate::base::error::{Error, Kind, complain};
use crate::base::status;
use crate::draw::Form;
use crate::lua::lab::Place;
use crate::model::Words as _;
use crate::sandbox::Exit;
use down::Ending;
pub use enter::Words;
use entry::{Labs, LiveLab};
pub use prompt::prompt;
pub use up::{Request, up};

/// `nsh ls`: the text to print.
pub fn list(json: bool) -> Result<String> {
    show::show(&Labs::open()?, json)
}

/// The names of the labs that can be entered.
pub fn names() -> Result<Vec<String>> {
    Ok(Labs::open()?.all()?.0.into_iter().map(|lab| lab.name).collect())
}

/// The names of a lab's namespaces, `host` first.
pub fn namespaces(lab: &str) -> Result<Vec<String>> {
    inside::Inside::of(&Labs::open()?.find(lab)?)?.namespaces()
}

/// `nsh exec`: returns the command's status. An error's is 125.
pub fn exec(lab: &str, words: Words, all: bool) -> Result<i32> {
    let lab = Labs::open().and_then(|labs| labs.find(lab));
    lab.and_then(|lab| enter::exec(&lab, words, all)).context("exec").context(Exit(enter::status::NOT_TRIED))
}

/// `nsh draw`: prints the picture of a lab, or writes it to a file, whose ending tells the form.
pub fn draw(lab: &str, file: Option<&Path>) -> Result<i32> {
    let form = file.map_or(Ok(Form::Text), Form::of).context("draw").context(Exit(status::USAGE))?;
    if let Some(path) = file {
        // The lab doesn't see the machine's files: it writes to what is opened here.
        let opened = File::create(path).with_context(|| path.display().to_string());
        nix::unistd::dup2_stdout(opened.context("draw").context(Exit(status::USAGE))?)?;
    }
    let command = Some(vec!["draw".into(), form.name().into()]);
    exec(lab, Words { first: Vec::new(), command }, false)
}

/// `nsh attach`: runs `prompt` in the lab, with the name of the namespace to begin in. Without a name in the only one.
pub fn attach(
    lab: Option<&str>,
    namespace: Option<&str>,
    prompt: impl FnOnce(Place, &str) -> i32,
) -> Result<i32> {
    let labs = Labs::open().context("attach")?;
    let lab = lab.map_or_else(|| only(&labs), |lab| labs.find(lab));
    lab.and_then(|lab| enter::attach(&lab, namespace, prompt)).context("attach").context(Exit(status::FAILED))
}

/// The lab that is there, if there is no other.
fn only(labs: &Labs) -> Result<LiveLab> {
    let (mut all, elsewhere) = labs.all()?;
    match (all.len(), elsewhere.is_empty()) {
        (1, true) => Ok(all.remove(0)),
        (0, true) => Err(Error::new(Kind::NotFound, "there is no lab")
            .hint("nsh up SCRIPT makes one that stays, nsh alone a prompt with one of its own")
            .into()),
        _ => {
            let names: Vec<String> = all.into_iter().map(|lab| lab.name).chain(elsewhere).collect();
            Err(Error::argument(format!("there are several labs: {}", names.join(", ")))
                .hint("nsh attach LAB says which")
                .into())
        }
    }
}

/// `nsh logs`.
pub fn logs(lab: &str, follow: bool) -> Result<()> {
    let labs = Labs::open().context("logs")?;
    labs.find(lab).and_then(|lab| follow::logs(&lab, follow)).context("logs").context(Exit(status::FAILED))
}

/// Which labs `nsh down` ends.
#[derive(Debug)]
pub enum Which {
    These(Vec<String>),
    All,
}

/// `nsh down`: ends them side by side, and returns the exit status when nothing of them is left.
pub fn down(which: &Which) -> Result<i32> {
    let labs = Labs::open().context("down")?;
    let found: Vec<Result<LiveLab>> = match which {
        Which::These(names) => names.iter().map(|name| labs.find(name)).collect(),
        Which::All => {
            let (all, elsewhere) = labs.all().context("down").context(Exit(status::FAILED))?;
            let elsewhere = elsewhere.iter().map(|name| Err(entry::elsewhere(name).into()));
            all.into_iter().map(Ok).chain(elsewhere).collect()
        }
    };
    let begun: Vec<Result<Ending>> = found.into_iter().map(|lab| lab.and_then(Ending::begin)).collect();
    let mut status = status::SUCCESS;
    for ending in begun {
        if let Err(e) = ending.and_then(|ending| ending.finish(&labs)).context("down") {
            status = complain(&*e, status::FAILED);
        }
    }
    Ok(status)
}

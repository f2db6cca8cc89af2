//! `:history` and `:edit`: inputs of before.

use std::fs;
use std::path::PathBuf;

use super::Flow;
use crate::proc::{self, Context, Exit, Place, Spec};
use crate::repl::Session;
use crate::repl::screen;

/// The inputs that have a word in them, or all, with their numbers.
pub fn list(session: &mut Session<'_>, word: &str) -> mlua::Result<Flow> {
    let entries = session.source.entries();
    let wide = entries.len().to_string().len();
    let mut text = String::new();
    for (i, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.contains(word)) {
        // What follows the first line stands below it.
        let indent = format!("\n{:wide$}  ", "");
        text.push_str(&format!("{:wide$}  {}\n", i + 1, screen::harmless(entry).replace('\n', &indent)));
    }
    match text.is_empty() {
        true => session.hint("the history has nothing of that"),
        false => session.page(&text),
    }
    Ok(Flow::GoOn)
}

/// Has the last input, or the one of this number, edited by the user's editor, and runs what comes of it.
pub fn edit(session: &mut Session<'_>, number: &str) -> mlua::Result<Flow> {
    let entries = session.source.entries();
    let chosen = match number {
        "" => entries.iter().rev().find(|entry| !entry.starts_with(":edit")).cloned().unwrap_or_default(),
        number => match number.parse().ok().and_then(|n: usize| entries.get(n.checked_sub(1)?)) {
            Some(entry) => entry.clone(),
            None => {
                return session.refuse(&format!("the history has no number {number}; :history lists them"));
            }
        },
    };
    match edited(session, &chosen) {
        Ok(Some(text)) => {
            session.hint(&screen::harmless(&text));
            session.source.remember(&text);
            session.answer(&text)
        }
        Ok(None) => Ok(Flow::GoOn),
        Err(message) => session.refuse(&message),
    }
}

fn editor() -> String {
    let given = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
    given.filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned())
}

/// What the editor made of a text; `None` if nothing is left of it, or the editor failed.
fn edited(session: &Session<'_>, text: &str) -> Result<Option<String>, String> {
    let path = PathBuf::from(format!("/tmp/nsh-edit-{}.lua", std::process::id()));
    let failed = |what: &str, e: &dyn std::fmt::Display| format!(":edit: {what} {}: {e}", path.display());
    // Nothing that somebody else put there, under --host.
    fs::File::options()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes()))
        .map_err(|e| failed("cannot write", &e))?;
    let editor = editor();
    let ns = session.current.borrow().clone();
    let place = &session.lab.place;
    let context = Context { open_files: place.open_files, on_host: !place.sandboxed };
    let spec = Spec::shell(format!("{editor} {}", path.display()));
    let exit = Place::of(&ns).and_then(|place| proc::foreground(place, &spec, &context));
    let read = fs::read_to_string(&path).map_err(|e| failed("cannot read", &e));
    let _ = fs::remove_file(&path);
    match exit {
        Ok(Exit::Code(0)) => Ok(Some(read?.trim_end().to_owned()).filter(|text| !text.trim().is_empty())),
        Ok(Exit::Code(126 | 127)) => {
            Err(format!(":edit: {editor} can't be run; VISUAL or EDITOR names another editor"))
        }
        Ok(exit) => Err(format!(":edit: {editor}: {exit}")),
        Err(e) => Err(format!(":edit: {e}")),
    }
}

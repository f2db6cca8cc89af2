//! What the processes of a test's file printed, for `--artifacts`.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::lua::modules::test::Tests;
use crate::lua::schema::Cx;
use crate::proc::{Output, Printed, Process, Spec, Which};

/// So much is kept of each output: its end.
const OF_ONE: usize = 64 << 10;
/// And so much of all that have ended: of the last ones.
const OF_ALL: usize = 8 << 20;

enum Entry {
    Running(Printed),
    Ended(Vec<u8>),
}

thread_local! {
    static ALL: RefCell<VecDeque<Entry>> = const { RefCell::new(VecDeque::new()) };
}

/// A process was started.
pub(super) fn spawned(cx: &Cx<'_>, process: &Process) {
    if Tests::of(cx.lab).wants_artifacts() {
        add(Entry::Running(process.output()));
    }
}

/// A process ran to its end.
pub(super) fn ran(cx: &Cx<'_>, spec: &Spec, output: &Output) {
    if Tests::of(cx.lab).wants_artifacts() {
        let printed = [&output.stdout, &output.stderr].map(|kept| kept.last(OF_ONE));
        add(Entry::Ended(text(cx.ns.name(), &spec.shown(), &output.reason(), printed)));
    }
}

/// Lets go of what holds more than the text of processes that have ended.
fn add(entry: Entry) {
    ALL.with_borrow_mut(|all| {
        all.push_back(entry);
        let mut size = 0;
        for entry in all.iter_mut().rev() {
            if let Entry::Running(printed) = entry
                && printed.exit().is_some()
            {
                *entry = Entry::Ended(of(printed));
            }
            if let Entry::Ended(text) = entry {
                size += text.len();
                if size > OF_ALL {
                    *text = Vec::new();
                }
            }
        }
        all.retain(|entry| !matches!(entry, Entry::Ended(text) if text.is_empty()));
    });
}

fn of(printed: &Printed) -> Vec<u8> {
    let end = printed.exit().map_or("runs".to_owned(), |exit| exit.to_string());
    let streams = [Which::Stdout, Which::Stderr].map(|which| printed.last(which, OF_ONE));
    text(&printed.place, &printed.shown, &end, streams)
}

fn text(place: &str, shown: &str, end: &str, streams: [Vec<u8>; 2]) -> Vec<u8> {
    let mut out = format!("== {place}: {shown}: {end}\n").into_bytes();
    for (name, mut bytes) in ["stdout", "stderr"].into_iter().zip(streams) {
        if bytes.is_empty() {
            continue;
        }
        out.extend(format!("-- {name}\n").bytes());
        out.append(&mut bytes);
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
    }
    out
}

/// All of it, in the order in which the processes were started.
pub fn outputs() -> Vec<u8> {
    let whole = |entry: &Entry| match entry {
        Entry::Running(printed) => of(printed),
        Entry::Ended(text) => text.clone(),
    };
    ALL.with_borrow(|all| all.iter().flat_map(whole).collect())
}

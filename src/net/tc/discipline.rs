//! The discipline that shapes, at a link's root or in a class of it.

use nix::errno::Errno;

use super::kind::Details;
use super::object::{Device, Object, ROOT};
use super::shape::Shape;
use super::tbf::Tbf;
use super::{NETEM, PFIFO, TBF, loss, own};
use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::Attributes;
use crate::net::done::Verb;

/// Shapes what goes through a place: netem does it; where the kernel has none, tbf does a rate, and at the root a rule of
/// nf_tables loss.
///
/// Raises `unsupported` for what the kernel lacks.
pub fn shape_at(device: &Device, parent: u32, verb: Verb, shape: &Shape) -> Result<()> {
    match put(device, parent, verb, shape, NETEM) {
        Err(e) if is_missing(&e) => without_netem(device, parent, verb, shape),
        result => result,
    }
}

fn put(device: &Device, parent: u32, verb: Verb, shape: &Shape, kind: &str) -> Result<()> {
    let (options, text) = match kind {
        TBF => {
            let tbf = Tbf::new(shape, device.mtu()?);
            (Details::of(tbf.clone()).write(Attributes::new())?, tbf.text())
        }
        PFIFO => (shape.pfifo(), format!("limit {}", shape.packets())),
        _ => (shape.netem(), shape.netem_text()),
    };
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let place = if parent == ROOT { own(kind) } else { Object::qdisc(parent, 0, kind) };
    device.change(verb, &place.with(options), &words)
}

fn without_netem(device: &Device, parent: u32, verb: Verb, shape: &Shape) -> Result<()> {
    let mut lacking = shape.for_netem();
    // The rule knows no classes, and the kernel spares what was redirected its hook on the way out.
    let ruled = parent == ROOT && !device.redirected;
    lacking.extend(shape.loss.filter(|_| !ruled).map(|_| "loss"));
    if !lacking.is_empty() {
        return Err(lacks("sch_netem", &lacking));
    }
    let (kind, needed) = if shape.rate.is_some() { (TBF, "rate") } else { (PFIFO, "loss") };
    if let Some(share) = shape.loss {
        loss::set(device, share)?;
    }
    put(device, parent, verb, shape, kind)
        .map_err(|e| if is_missing(&e) { lacks(&format!("sch_{kind}"), &[needed]) } else { e })
}

/// Whether the kernel doesn't know the kind that was asked for.
pub fn is_missing(e: &Error) -> bool {
    e.raw() == Some(Errno::ENOENT)
}

/// Says which options need a module that the kernel lacks.
pub fn lacks(module: &str, options: &[&str]) -> Error {
    let verb = if options.len() == 1 { "needs" } else { "need" };
    let kind = module.rsplit('_').next().unwrap_or(module);
    let message = format!(
        "{} {verb} {kind}, which this kernel lacks (CONFIG_NET_{})",
        list(options),
        module.to_uppercase()
    );
    Error::new(Kind::Unsupported, message).hint(format!(
        "load it on the machine: modprobe {module}; if that fails, take a kernel that has it. A link's rate and loss work \
         without netem"
    ))
}

/// `delay, jitter and loss`.
fn list(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

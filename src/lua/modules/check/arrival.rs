//! `check.arrives` and `check.lost`: one way alone, witnessed at the receiver.

use std::rc::Rc;

use super::reach::{Requests, cannot_leave, refused, requests};
use super::{Reason, WithMessage, claim, clues, told};
use crate::base::error::{Error, Kind};
use crate::lua::modules::ping;
use crate::lua::modules::traffic;
use crate::lua::schema::{Cx, Failure, Function, Shape, param, ret};
use crate::net::namespace::Namespace;
use crate::probe::endpoint::Host;
use crate::probe::ping::Arrival;

#[derive(Default)]
struct Watched {
    at: Option<Rc<Namespace>>,
    requests: Requests,
    message: Option<String>,
}

impl WithMessage for Watched {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

fn options(name: &'static str, wanted: bool) -> Shape<Watched> {
    Shape::<Watched>::new(name)
        .field(
            "at",
            crate::lua::modules::namespace::ty(),
            "the namespace to which they must get; default the one that has the address. Behind DNAT it is another",
            |o, v| o.at = Some(v),
        )
        .include(requests(wanted), |o| &mut o.requests)
}

/// The namespace that has the address of `to`.
fn receiver(cx: &Cx<'_>, to: &Host) -> Result<Rc<Namespace>, Failure> {
    let all = &cx.lab.namespaces;
    match to {
        Host::Name(name) => {
            if let Some(ns) = all.get(name)? {
                return Ok(ns);
            }
        }
        Host::Address(address, _) => {
            if let Some(ns) = clues::owners(cx, *address)?.into_iter().next() {
                return Ok(ns);
            }
        }
        Host::Any => {}
    }
    Err(Error::new(Kind::NotFound, format!("no namespace of the lab has {to}"))
        .hint("say where they are to arrive: { at = ns1 }")
        .into())
}

fn evidence(arrival: &Arrival, at: &Namespace) -> String {
    let mut text =
        format!("{} sent to {}, {} arrived at {}", arrival.sent, arrival.to, arrival.arrived, at.name());
    if let Some(source) = arrival.source {
        text.push_str(&format!(" from {source}"));
    }
    if let Some(refusal) = &arrival.refusal {
        text.push_str(&format!("; {refusal}"));
    }
    text
}

/// Whether packets arrive, and the evidence. That none can even leave counts as lost.
fn arrives_at(
    cx: &Cx<'_>,
    from: &Rc<Namespace>,
    to: &Host,
    at: &Namespace,
    o: &Watched,
) -> Result<(bool, String), Failure> {
    let there = Cx { ns: from, ..*cx };
    let family = o.requests.family;
    match ping::one_way(&there, to, at, &o.requests) {
        Ok(arrival) => {
            let clue = clues::duplicate(cx, arrival.to).filter(|_| arrival.arrived == 0).unwrap_or_default();
            Ok((arrival.arrived > 0, evidence(&arrival, at) + &clue))
        }
        Err(Failure::User(e)) if cannot_leave(&e) => Ok((false, refused(&there, to, family, &e))),
        Err(e) => Err(e),
    }
}

fn function(name: &'static str, options_name: &'static str, wanted: bool) -> Function {
    Function::new(
        name,
        (
            param("from", crate::lua::modules::namespace::ty(), "the namespace that sends"),
            param("to", traffic::host(), "the address, name or namespace that they are sent to"),
            told(options(options_name, wanted)),
        ),
        ret::nothing(),
        move |cx, (from, to, mut options)| {
            options.requests = options.requests.or_usual(wanted);
            let at = match &options.at {
                Some(at) => at.clone(),
                None => receiver(cx, &to)?,
            };
            let (arrived, evidence) = arrives_at(cx, &from, &to, &at, &options)?;
            let what = if wanted { "to arrive" } else { "to be lost" };
            let held = match arrived == wanted {
                true => Ok(()),
                false => {
                    let there = Cx { ns: &from, ..*cx };
                    let hint = wanted.then(|| clues::fault(&there, &to, &options.requests, true)).flatten();
                    let text = format!("expected packets from {} to {to} {what}: {evidence}", from.name());
                    Err(Reason { hint, ..text.into() })
                }
            };
            claim(cx, options.message.as_deref(), held)
        },
    )
}

pub fn arrives() -> Function {
    function("check.arrives", "nsh.check.ArrivesOptions", true)
        .doc(
            "Claims that echo requests of a namespace arrive at another, whatever comes back: a socket there sees them, \
             behind the filters of its input.\n\nRaises `check` with what was seen if none arrives; `not_found` for an \
             unknown name, and for an address that no namespace has unless `at` is given.",
        )
}

pub fn lost() -> Function {
    function("check.lost", "nsh.check.LostOptions", false)
        .doc(
            "Claims that echo requests of a namespace do not arrive at another; that none can leave is enough.\n\n\
             Raises `check` if one arrives; `not_found` as `check.arrives`.",
        )
}

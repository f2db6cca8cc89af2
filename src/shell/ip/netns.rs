//! `ip netns`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::{Done, Global, verb};

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Done> {
    let list = || Done::from(vec![global.show(&Space::Here, "namespace.list", Vec::new())]);
    let Some(word) = args.take() else { return Ok(list()) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("list", &["show", "lst", "ls", "sh", "sho"]),
        ("list-id", &[]),
        ("help", &[]),
        ("add", &[]),
        ("set", &[]),
        ("identify", &[]),
        ("pids", &[]),
        ("delete", &[]),
        ("exec", &[]),
        ("monitor", &[]),
        ("attach", &[]),
    ];
    let acts = match verb("netns", &word, verbs.iter().copied())? {
        "list" => return Ok(list()),
        "add" => {
            let name = args.take().ok_or_else(|| Reason::new("No netns name specified"))?;
            vec![Act::AddNamespace(name)]
        }
        "delete" if global.all => vec![Act::Lua(vec![
            "for _, ns in ipairs(namespace.list()) do".to_owned(),
            "  namespace.del(ns)".to_owned(),
            "end".to_owned(),
        ])],
        "delete" => {
            let name = args.take().ok_or_else(|| Reason::new("No netns name specified"))?;
            vec![Act::DelNamespace(name)]
        }
        "attach" => {
            let name = args.take().ok_or_else(|| Reason::new("No netns name specified"))?;
            let pid = args.take().ok_or_else(|| Reason::new("No PID specified"))?;
            let mut options = Fields::default();
            options.set("pid", pid.integer("pid")?);
            vec![Act::Do(Call::new(&Space::Here, "namespace.attach", options.after([name.expr()])))]
        }
        "exec" if global.all => return Err(Reason::beyond("ip -all netns exec has no binding")),
        "exec" => {
            let name = args.take().ok_or_else(|| Reason::new("No netns name specified"))?;
            if args.is_empty() {
                return Err(Reason::new("No command specified"));
            }
            return Ok(Done { acts: Vec::new(), inner: Some((Space::Named(name), args.rest().to_vec())) });
        }
        "identify" if args.is_empty() => {
            return Ok(vec![Act::Show(Call::new(space, "", vec![Expr::code("name")]))].into());
        }
        other => return Err(Reason::beyond(format!("ip netns {other} has no binding"))),
    };
    match args.rest().first() {
        Some(more) => {
            Err(Reason::new(format!("\"{}\" is too much behind ip netns {}", more.shown(), word.shown())))
        }
        None => Ok(acts.into()),
    }
}

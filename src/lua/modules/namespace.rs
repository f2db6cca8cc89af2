//! `namespace`: the hosts of the lab.

use std::rc::Rc;

use mlua::{AnyUserData, MetaMethod, MultiValue, UserData, UserDataFields, UserDataMethods, Value};

use crate::base::error::{Error, Kind};
use crate::lua::lab::Lab;
use crate::lua::modules::test::Bundle;
use crate::lua::registry::{Module, Modules, Scope};
use crate::lua::runtime::bind;
use crate::lua::schema::ty::No;
use crate::lua::schema::{
    Cx, Failure, Function, NAMESPACE, Return, Shape, Type, Wrong, did_you_mean, opts, param, ret, tag_list,
    ty,
};
use crate::net::link::{self, End};
use crate::net::namespace::{Namespace, Whose};
use crate::net::sysctl;
use crate::proc::private;

/// What a script holds: `ns1.link.add(...)`, `ns1.name`.
struct Object(Rc<Namespace>);

/// Short ways on a namespace: `ns1.exec(...)` is `ns1.proc.exec(...)`.
pub const SHORT: &[(&str, &str)] = &[("exec", "proc"), ("spawn", "proc"), ("shell", "proc")];

/// The registry key under which an interpreter keeps its namespace objects, so that equal ones are the same.
const OBJECTS: &str = "nsh.namespaces";

impl UserData for Object {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type.name(), NAMESPACE);
        fields.add_meta_field_with(MetaMethod::Index.name(), |lua| {
            bind::raising(lua, |lua, (this, key): (AnyUserData, Value)| {
                let ns = of(&this).ok_or_else(|| Wrong::new("expected a namespace"))?;
                Ok(MultiValue::from_iter([index(lua, &this, &ns, &key)?]))
            })
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0.name().to_owned()));
        methods.add_meta_method(MetaMethod::Eq, |_, this, other: AnyUserData| {
            Ok(of(&other).is_some_and(|other| other.inode() == this.0.inode()))
        });
    }
}

/// The namespace behind a Lua object, if it is one.
pub fn of(ud: &AnyUserData) -> Option<Rc<Namespace>> {
    ud.borrow::<Object>().ok().map(|object| object.0.clone())
}

/// The Lua object of a namespace; the same one each time.
pub fn handle(cx: &Cx<'_>, ns: &Rc<Namespace>) -> mlua::Result<Value> {
    let objects = match cx.lua.named_registry_value::<mlua::Table>(OBJECTS) {
        Ok(objects) => objects,
        Err(_) => {
            let objects = cx.lua.create_table()?;
            let meta = cx.lua.create_table()?;
            // Weak: what no script holds any more goes, with its modules.
            meta.raw_set("__mode", "v")?;
            objects.set_metatable(Some(meta))?;
            cx.lua.set_named_registry_value(OBJECTS, &objects)?;
            objects
        }
    };
    let there = objects.raw_get::<Option<AnyUserData>>(ns.inode())?;
    // An inode may come again after a namespace has gone.
    if let Some(ud) = there.filter(|ud| of(ud).is_some_and(|there| Rc::ptr_eq(&there, ns))) {
        return Ok(Value::UserData(ud));
    }
    let ud = cx.lua.create_userdata(Object(ns.clone()))?;
    ud.set_user_value(cx.lua.create_table()?)?;
    objects.raw_set(ns.inode(), &ud)?;
    Ok(Value::UserData(ud))
}

/// A namespace, or the name of one that is there.
pub fn ty() -> Type<Rc<Namespace>> {
    Type::new("nsh.Namespace|string", "a namespace or its name", |cx, v| match v {
        Value::String(s) => {
            let name = s.to_string_lossy();
            cx.lab.namespaces.require(&name).map_err(|e| No::Wrong(Wrong::not_found(e.message())))
        }
        Value::UserData(ud) => of(ud).ok_or(No::Other),
        _ => Err(No::Other),
    })
}

/// A namespace.
fn returned(doc: &'static str) -> Return<Rc<Namespace>> {
    ret::one("nsh.Namespace", doc, |cx, ns: Rc<Namespace>| handle(cx, &ns))
}

/// A namespace, or nil.
fn returned_if_there(doc: &'static str) -> Return<Option<Rc<Namespace>>> {
    ret::one("nsh.Namespace?", doc, |cx, ns: Option<Rc<Namespace>>| match ns {
        Some(ns) => handle(cx, &ns),
        None => Ok(Value::Nil),
    })
}

/// An array of namespaces.
fn returned_list(doc: &'static str) -> Return<Vec<Rc<Namespace>>> {
    ret::one("nsh.Namespace[]", doc, |cx, all: Vec<Rc<Namespace>>| {
        let list = cx.lua.create_table_with_capacity(all.len(), 0)?;
        for ns in &all {
            list.raw_push(handle(cx, ns)?)?;
        }
        tag_list(cx.lua, &list)?;
        Ok(Value::Table(list))
    })
}

/// A field of a namespace: a module, made when first asked for, a short way, or `name`.
fn index(lua: &mlua::Lua, this: &AnyUserData, ns: &Rc<Namespace>, key: &Value) -> Result<Value, Failure> {
    let Value::String(key) = key else { return Ok(Value::Nil) };
    let key = key.to_string_lossy();
    if key == "name" {
        return Ok(Value::String(lua.create_string(ns.name())?));
    }
    let cache: mlua::Table = this.user_value()?;
    let cached: Value = cache.raw_get(key.as_str())?;
    if !cached.is_nil() {
        return Ok(cached);
    }
    let modules = Modules::of(lua);
    let value = if let Some(entry) = modules.find(&key).filter(|entry| entry.scope == Scope::Namespace) {
        bind::module(lua, ns, entry)?
    } else if let Some((short, module)) = SHORT.iter().find(|(short, _)| *short == key) {
        let module = index(lua, this, ns, &Value::String(lua.create_string(module)?))?;
        match module {
            Value::Table(module) => module.get(*short)?,
            _ => Value::Nil,
        }
    } else {
        let names = || modules.per_namespace().map(|entry| entry.name);
        let fields = || names().chain(SHORT.iter().map(|(s, _)| *s)).chain(["name"]);
        let wrong = match did_you_mean(&key, fields()) {
            Some(near) => Wrong::new(format!("a namespace has no {key:?}; did you mean {near:?}?")),
            None => Wrong::new(format!("a namespace has no {key:?}"))
                .hint(format!("it has {}", fields().collect::<Vec<_>>().join(", "))),
        };
        return Err(bind::named(wrong, ns.name().to_owned()));
    };
    cache.raw_set(key, &value)?;
    Ok(value)
}

#[derive(Default)]
struct AddOptions {
    up: bool,
    ipv6: Option<bool>,
}

/// Makes a namespace as the options say; nothing stays when one of them fails.
fn add(lab: &Lab, name: &str, options: &AddOptions) -> crate::base::error::Result<Rc<Namespace>> {
    let ns = lab.namespaces.add(name)?;
    if lab.place.sandboxed {
        private::forget(&ns);
    }
    lab.part::<Bundle>().watch(&ns);
    set_up(&ns, options).inspect_err(|_| {
        lab.part::<Bundle>().unwatch(name);
        let _ = lab.namespaces.del(name);
    })?;
    Ok(ns)
}

fn set_up(ns: &Namespace, options: &AddOptions) -> crate::base::error::Result<()> {
    if options.ipv6 == Some(false) {
        // The kernel sets `default` too, which links made later have. Without IPv6 there is nothing to switch off.
        match sysctl::set(ns, "net.ipv6.conf.all.disable_ipv6", "1") {
            Err(e) if e.kind() != Kind::NotFound => return Err(e.detail("switching IPv6 off")),
            _ => {}
        }
    }
    if options.up {
        link::set(ns, "lo", &End::up(true).into()).map_err(|e| e.detail("setting lo up"))?;
    }
    Ok(())
}

#[derive(Default)]
struct AttachOptions {
    pid: Option<u32>,
    path: Option<String>,
}

/// Gives a namespace of somebody else a name.
fn attach(lab: &Lab, name: &str, options: AttachOptions) -> crate::base::error::Result<Rc<Namespace>> {
    let whose = match (options.pid, options.path) {
        (Some(pid), None) => Whose::Pid(pid),
        (None, Some(path)) => Whose::Path(path.into()),
        (None, None) => return Err(Error::argument("the option \"pid\" or \"path\" is missing")),
        (Some(_), Some(_)) => {
            return Err(Error::argument("\"pid\" and \"path\" both say which namespace is meant"));
        }
    };
    let ns = lab.namespaces.attach(name, &whose)?;
    if lab.place.sandboxed {
        private::forget(&ns);
    }
    lab.part::<Bundle>().watch(&ns);
    Ok(ns)
}

/// Several namespaces.
#[derive(Clone)]
pub enum Where {
    All,
    These(Vec<Rc<Namespace>>),
}

/// `"all"`, or a list of namespaces.
pub fn places() -> Type<Where> {
    let all = Type::new("\"all\"", "\"all\"", |_, v| match v {
        Value::String(s) if *s.as_bytes() == b"all"[..] => Ok(Where::All),
        _ => Err(No::Other),
    });
    all.or(ty::list(ty()).try_map(|these| match these.is_empty() {
        true => Err("expected at least one namespace".to_owned()),
        false => Ok(Where::These(these)),
    }))
}

pub fn module() -> Module {
    Module::new(
        "namespace",
        "Network namespaces: the hosts of the lab.\n\n\
         Every binding that is a global and acts on `host` is also a field of each namespace, and acts there: \
         `ns1.link.add(...)`, `ns1.ping(...)`. `ns1.name` is its name; `ns1.exec`, `ns1.spawn` and `ns1.shell` are \
         short for `ns1.proc.exec` and so on."
    )
    .function(
        Function::new(
            "namespace.add",
            (
                param("name", ty::string(), "its name: no white space, no \"/\", not \"host\""),
                opts(
                    Shape::<AddOptions>::new("nsh.namespace.AddOptions")
                        .field(
                            "up",
                            ty::boolean(),
                            "also set its `lo` up; default false, as the kernel leaves it",
                            |o, v| o.up = v,
                        )
                        .field(
                            "ipv6",
                            ty::boolean(),
                            "false switches IPv6 off for all of its links; default true. With hundreds of hosts on one bridge, \
                             their IPv6 link-local addresses cost more than everything else",
                            |o, v| o.ipv6 = Some(v),
                        ),
                ),
            ),
            returned("the new namespace"),
            |cx, (name, options)| Ok(add(cx.lab, &name, &options)?),
        )
        .doc(
            "Makes a network namespace and pins it in /run/netns, so that `ip netns` finds it. All its links are down, \
             `lo` too, unless `up` is given. It starts from the kernel's defaults, whatever the machine has set.\n\nRaises `exists` if the name is taken.",
        )
        .command("ip netns add NAME"),
    )
    .function(
        Function::new(
            "namespace.attach",
            (
                param("name", ty::string(), "the name that it gets here"),
                opts(
                    Shape::<AttachOptions>::new("nsh.namespace.AttachOptions")
                        .field("pid", ty::int(1..=i32::MAX as u32), "that of this process", |o, v| o.pid = Some(v))
                        .field("path", ty::string(), "that which this file pins, such as /run/docker/netns/NAME", |o, v| {
                            o.path = Some(v);
                        }),
                ),
            ),
            returned("the namespace"),
            |cx, (name, options)| Ok(attach(cx.lab, &name, options)?),
        )
        .doc(
            "Gives a network namespace that somebody else made a name here: that of a process, such as a container's first one, or of a \
             file. Everything works on it as on one of `namespace.add`; `namespace.del` takes only the name away.\n\nIn a sandbox \
             there are only the lab's own processes. A container's namespace needs `sudo nsh --host`; its process is told by \
             `docker inspect -f '{{.State.Pid}}' NAME` or `podman inspect -f '{{.State.Pid}}' NAME`. The name stays when nsh has \
             ended, as one of `ip netns attach` does.\n\nRaises `not_found` if there is no such process or file, `exists` if the \
             name is taken, `argument` for a file that is no network namespace and for the lab's own `host`.",
        )
        .command("ip netns attach NAME PID"),
    )
    .function(
        Function::new(
            "namespace.get",
            (param("name", ty::string(), "its name; \"host\" is the one in which the lab begins"),),
            returned_if_there("the namespace, or nil"),
            |cx, (name,)| Ok(cx.lab.namespaces.get(&name)?),
        )
        .doc("Finds a namespace by its name: those that the script made and those that `ip netns add` made."),
    )
    .function(
        Function::new(
            "namespace.list",
            (),
            returned_list("the namespaces by name, `host` left out"),
            |cx, ()| {
                let mut all = Vec::new();
                for name in cx.lab.namespaces.names()? {
                    all.extend(cx.lab.namespaces.get(&name)?);
                }
                Ok(all)
            },
        )
        .doc("Lists the namespaces, sorted by name. `host` is not among them.")
        .command("ip netns list"),
    )
    .function(
        Function::new(
            "namespace.del",
            (param("name", ty(), "the namespace or its name"),),
            ret::nothing(),
            |cx, (ns,)| {
                let name = ns.name().to_owned();
                cx.lab.part::<Bundle>().unwatch(&name);
                Ok(cx.lab.namespaces.del(&name).map_err(|e| e.on(name))?)
            },
        )
        .doc(
            "Deletes a namespace: its virtual links go, with the peers of its veths. When it returns, their names \
             can be used again; that takes 20 ms.\n\n\
             A process that still runs in it keeps it and its links alive, without its name: end that process \
             before. An error about a link's name that is still taken names the process.\n\n\
             Raises `argument` if there is none of that name.",
        )
        .command("ip netns del NAME"),
    )
}

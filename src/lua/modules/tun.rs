//! `tun`: tun and tap links, and the packets that go by them.

use std::time::Duration;

use mlua::Value;

use crate::base::error::{Error, Kind};
use crate::base::wait::Deadline;
use crate::lua::registry::Module;
use crate::lua::schema::{Class, Function, Handle, MethodDoc, Shape, options, opts, param, ret, ty};
use crate::net::tun::{self, Open, Tuntap};

options! {
    struct ReadOptions = "nsh.tun.ReadOptions" {
        timeout: Duration = Duration::from_secs(5), ty::seconds(), "how long to wait; default 5 seconds";
    }
}

impl Handle for Open {
    fn class() -> Class<Self> {
        Class::new("nsh.OpenTun", "A tun or tap link that is open: who holds it is the cable's far end.", |tun: &Self| {
            let state = if tun.is_open() { "open" } else { "closed" };
            format!("{} {}, {state}", tun.mode(), tun.name())
        })
        .close(Open::close)
        .method(MethodDoc("name", "The link's name."), (), ret::value::<String>("string", "its name"), |_, tun, ()| {
            Ok(tun.name().to_owned())
        })
        .method(
            MethodDoc(
                "read",
                "Waits for a packet that is sent by the link: of a tap a frame with its Ethernet header, of a tun a packet with \
                 its IP header.\n\nRaises `timeout`.",
            ),
            (opts(ReadOptions::shape()),),
            ret::one("string", "the packet's bytes", |cx, packet: Vec<u8>| {
                Ok(Value::String(cx.lua.create_string(&packet)?))
            }),
            |_, tun, (o,)| match tun.read(Deadline::after(o.timeout))? {
                Some(packet) => Ok(packet),
                None => {
                    let text = format!("nothing was sent by {} within {} s", tun.name(), o.timeout.as_secs_f64());
                    Err(Error::new(Kind::Timeout, text).into())
                }
            },
        )
        .method(
            MethodDoc(
                "write",
                "Has the link receive a packet, as `read` gives them.\n\nRaises `invalid` for what is no packet, and while the link is \
                 down.",
            ),
            (param("packet", ty::bytes(), "the packet's bytes"),),
            ret::nothing(),
            |_, tun, (packet,)| Ok(tun.write(&packet)?),
        )
        .method(
            MethodDoc("close", "Closes it. A link that `tun.open` made goes."),
            (),
            ret::nothing(),
            |_, tun, ()| {
                tun.close();
                Ok(())
            },
        )
    }
}

pub fn module() -> Module {
    let name = || param("name", ty::link_name(), "the link's name");
    let options = |name| Shape::<Tuntap>::rows_where(name, |name| name != "dev");
    let opened = Shape::<Tuntap>::rows_where("nsh.tun.OpenOptions", |name| {
        matches!(name, "mode" | "pi" | "vnet_hdr" | "multi_queue")
    });
    Module::new(
        "tun",
        "Tun and tap links, whose packets a program reads and writes: a VPN, a virtual machine, or the script itself. `link.get` tells \
         how one was made."
    )
    .function(
        Function::new(
            "tun.add",
            (name(), opts(options("nsh.tun.AddOptions").requiring("mode"))),
            ret::nothing(),
            |cx, (name, o)| Ok(tun::add(cx.ns, &name, &o)?),
        )
        .doc(
            "Makes a link that stays until `tun.del` or `link.del`, for a program to open.\n\nRaises `exists` if the name is taken, \
             `unsupported` without /dev/net/tun.",
        )
        .command("ip tuntap add dev NAME mode MODE user UID"),
    )
    .function(
        Function::new("tun.del", (name(),), ret::nothing(), |cx, (name,)| Ok(tun::del(cx.ns, &name)?))
            .doc("Deletes such a link.\n\nRaises `not_found` if there is none, `argument` if it is of another kind, `busy` while a program has it open.")
            .command("ip tuntap del dev NAME mode MODE"),
    )
    .function(
        Function::new(
            "tun.open",
            (name(), opts(opened)),
            ret::handle("the link, to read from and to write to"),
            |cx, (name, o)| Ok(tun::open(cx.ns, &name, &o)?),
        )
        .doc(
            "Opens a link that is there, or makes one, a tap unless `mode` says tun, that goes when it is closed. It has to be set up, \
             as any link.\n\nRaises `busy` if somebody has it open, `argument` if it is of another kind or mode.",
        ),
    )
}

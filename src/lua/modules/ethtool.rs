//! `ethtool`: a link's features, settings, queues and the counters of its driver.

use std::collections::BTreeMap;

use mlua::{Table, Value};

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Return, Shape, opts, param, ret, tag, ty};
use crate::net::ethtool::{self, Ethtool, Spec};

fn options() -> Shape<Spec> {
    let features = ty::map(ty::boolean()).luals("table<string, boolean>");
    Shape::<Spec>::new("nsh.ethtool.SetOptions")
        .field(
            "features",
            features,
            "what to switch on and off, by the kernel's names or by ethtool's words for groups: rx, tx, sg, tso, ufo, gso, gro, \
             lro, rxvlan, txvlan, ntuple, rxhash",
            |spec: &mut Spec, features| spec.features = features,
        )
        .field("channels", Shape::rows("nsh.ethtool.ChannelOptions").into(), "numbers of queues", |spec, channels| {
            spec.channels = channels;
        })
        .field("rings", Shape::rows("nsh.ethtool.RingOptions").into(), "sizes of the rings", |spec, rings| {
            spec.rings = rings;
        })
        .field(
            "coalesce",
            Shape::rows("nsh.ethtool.CoalesceOptions").into(),
            "when the device interrupts",
            |spec, coalesce| spec.coalesce = coalesce,
        )
        .field("pause", Shape::rows("nsh.ethtool.PauseOptions").into(), "pause frames", |spec, pause| {
            spec.pause = pause;
        })
        .include(Shape::rows("nsh.ethtool.SetOptions"), |spec| &mut spec.settings)
}

fn record() -> Record<Ethtool> {
    Record::of("nsh.Ethtool", "What a link's device or driver does, and how. Prints its parts, a line each.")
        .field("dev", "the link", |e: &Ethtool| e.dev.clone())
        .field("driver", "its driver; of a link without hardware mostly its kind", |e| {
            Some(e.driver.name.clone()).filter(|name| !name.is_empty())
        })
        .field("driver_version", "the driver's version", |e| text(&e.driver.version))
        .field("firmware", "the version of the device's firmware", |e| text(&e.driver.firmware))
        .field("bus", "where the device is", |e| text(&e.driver.bus))
        .field("link", "whether somebody is at the cable's far end", |e| e.link)
        .include(Record::rows_plain("nsh.Ethtool", ""), |e| Some(&e.settings))
        .include(Record::rows_plain("nsh.Ethtool", ""), |e| Some(&e.plug))
        .field(
            "features",
            "which are on, by the kernel's names and by ethtool's words for groups, of which one is on",
            |e| e.features.on(),
        )
        .field("fixed", "the features that can't be changed, by the same names", |e| e.features.fixed())
        .field("wanted", "features that were asked to be other than they are, because others are off", |e| {
            e.features.wanted()
        })
        .record(
            "channels",
            Record::rows_plain("nsh.EthtoolChannels", "Queues with an interrupt of their own."),
            "numbers of queues, and the most of each",
            |e| e.channels.as_ref(),
        )
        .record(
            "rings",
            Record::rows_plain("nsh.EthtoolRings", "The rings that packets wait in."),
            "sizes of the rings, and the most of each",
            |e| e.rings.as_ref(),
        )
        .record(
            "coalesce",
            Record::rows_plain("nsh.EthtoolCoalesce", "When a device interrupts."),
            "when the device interrupts",
            |e| e.coalesce.as_ref(),
        )
        .record("pause", Record::rows_plain("nsh.EthtoolPause", "Pause frames."), "pause frames", |e| {
            e.pause.as_ref()
        })
        .record(
            "eee",
            Record::rows_plain("nsh.EthtoolEee", "Energy-efficient Ethernet."),
            "energy-efficient Ethernet",
            |e| e.eee.as_ref(),
        )
        .field("wol", "what can wake the machine (magic, ucast, ...), each with whether it does", |e| {
            e.wol.clone()
        })
        .field("fec", "the ways of forward error correction that may be used", |e| e.fec.clone())
        .field("private_flags", "the driver's own flags, each with whether it is set", |e| {
            e.private_flags.clone()
        })
        .shown(Ethtool::to_string)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// The driver's counters, which print as `ethtool -S` shows them.
fn counters() -> Return<BTreeMap<String, u64>> {
    fn show(counters: &Table) -> mlua::Result<String> {
        let lines = counters.pairs::<String, Value>().map(|pair| {
            let (name, count) = pair?;
            Ok(format!("{name}: {}", count.to_string()?))
        });
        let mut lines = lines.collect::<mlua::Result<Vec<_>>>()?;
        lines.sort();
        Ok(if lines.is_empty() { "(none)".to_owned() } else { lines.join("\n") })
    }
    ret::one(
        "table<string, integer>",
        "each counter by the driver's name for it",
        |cx, counters: BTreeMap<_, _>| {
            let table = cx.lua.create_table_from(counters)?;
            tag(cx.lua, &table, "nsh.EthtoolStats", Some(show))?;
            Ok(Value::Table(table))
        },
    )
}

pub fn module() -> Module {
    let dev = || param("dev", ty::link(), "the link");
    Module::new(
        "ethtool",
        "What a link leaves to its device or driver, without the program `ethtool`: offloads such as TCP segmentation \
         (`tso`) and checksums (`tx`, `rx`), link settings, queues, rings, and the counters of its driver."
    )
    .function(
        Function::new("ethtool.get", (dev(),), ret::record(record(), "what there is"), |cx, (dev,)| {
            Ok(ethtool::get(cx.ns, &dev)?)
        })
        .doc("Reads what a link's driver knows of it; what it doesn't know is left out.\n\nRaises `not_found` if there is no such link.")
        .command("ethtool DEV; ethtool -i -k -l -g -c -a --show-eee --show-fec --show-priv-flags DEV"),
    )
    .function(
        Function::new("ethtool.set", (dev(), opts(options())), ret::nothing(), |cx, (dev, spec)| {
            Ok(ethtool::set(cx.ns, &dev, &spec)?)
        })
        .doc(
            "Changes what is given, and leaves all else: first features, then channels, rings, coalescing, pause frames and \
             settings.\n\nFeatures depend on each other: without `sg` there is no `tso`. What is off for that reason is on again \
             when the other is, and stands in `ethtool.get(DEV).wanted` meanwhile.\n\nRaises `not_found` if there is no such link, \
             `argument` for a feature that the kernel doesn't know, `unsupported` for what the driver can't change, `invalid` for \
             a value that it refuses, and for a feature that stays as it was.",
        )
        .command("ethtool -K DEV FEATURE off; ethtool -L -G -C -A -s DEV WORD VALUE"),
    )
    .function(
        Function::new(
            "ethtool.stats",
            (dev(),),
            counters(),
            |cx, (dev,)| Ok(ethtool::stats(cx.ns, &dev)?),
        )
        .doc(
            "Reads the driver's own counters; those of a queue have its number in the name. Empty where the driver has none. \
             `link.stats` has the counters that all links have.\n\nRaises `not_found` if there is no such link.",
        )
        .command("ethtool -S DEV"),
    )
}

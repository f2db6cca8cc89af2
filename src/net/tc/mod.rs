//! Traffic control: queueing disciplines of links, as `tc` handles them.

mod act;
pub mod action;
mod apply;
mod cake;
pub mod class;
mod cls;
mod codel;
mod control;
mod discipline;
mod ether;
pub mod fields;
pub mod filter;
mod fq;
mod hfsc;
mod htb;
mod ifb;
mod kind;
mod loss;
mod netem;
mod object;
mod peers;
mod pfifo;
mod place;
mod prio;
pub mod qdisc;
mod red;
mod sfq;
mod shape;
mod silence;
mod stats;
mod tbf;
mod u32;
mod units;

pub use action::Action;
pub use apply::{del, get, get_in, set};
pub use class::Class;
pub use control::Control;
pub use filter::Filter;
pub use kind::{Details, Kind, Kinds, words};
pub use object::{INCOMING, INGRESS, INGRESS_HANDLE, ROOT};
pub use qdisc::Qdisc;
pub use shape::{LossModel, Peer, Shape, Slot};
pub use silence::silence;
pub use stats::Stats;
pub use units::{Rate, Share, Span};

use object::Object;

/// Does something for each kind, which it gets as a type.
pub trait Visit {
    fn kind<T: Kind>(&mut self);
}

/// Makes the lists of the kinds of something, and what visits them.
macro_rules! kinds {
    ($list:ident, $visit:ident, [$($kind:ty),*], [$($name:literal = $module:literal),*]) => {
        pub static $list: Kinds = Kinds {
            known: &[$((<$kind as Kind>::NAME, <$kind as Kind>::MODULE, || Details::of(<$kind>::default()))),*],
            plain: &[$(($name, $module)),*],
        };

        /// Visits each of them that has options.
        pub fn $visit(visitor: &mut impl Visit) {
            $(visitor.kind::<$kind>();)*
        }
    };
}

kinds!(
    QDISCS,
    visit_qdiscs,
    [
        Shape,
        tbf::Tbf,
        htb::Htb,
        hfsc::Hfsc,
        prio::Prio,
        codel::Codel,
        codel::FqCodel,
        fq::Fq,
        cake::Cake,
        sfq::Sfq,
        red::Red,
        sfq::Pfifo,
        sfq::Bfifo,
        prio::Mqprio,
        prio::Etf
    ],
    [
        "clsact" = "sch_ingress",
        "ingress" = "sch_ingress",
        "drr" = "sch_drr",
        "qfq" = "sch_qfq",
        "multiq" = "sch_multiq"
    ]
);
kinds!(CLASSES, visit_classes, [htb::HtbClass, hfsc::HfscClass, sfq::DrrClass], []);
kinds!(FILTERS, visit_filters, [cls::Flower, cls::Matchall, cls::U32, cls::Fw, cls::Basic], []);
kinds!(
    ACTIONS,
    visit_actions,
    [
        act::Gact,
        act::Mirred,
        act::Police,
        act::Skbedit,
        act::Vlan,
        act::Nat,
        act::Pedit,
        act::Csum,
        act::TunnelKey,
        act::Ct,
        act::Sample
    ],
    []
);

pub const NETEM: &str = "netem";
const TBF: &str = "tbf";
/// Has a class for each peer.
pub const HTB: &str = "htb";
/// Stands for nothing but that the link is shaped elsewhere: [`loss`].
const PFIFO: &str = "pfifo";
/// Drops all packets; it is part of every kernel that has any discipline.
const BLACKHOLE: &str = "blackhole";

/// The disciplines that shape a link.
pub const SHAPING: &[&str] = &[NETEM, TBF, HTB, PFIFO];

/// What [`set`] puts at a link's root, with the handle by which it knows its own: the first two letters of the kind. The
/// handles that the kernel chooses are from 8000 on, and those of people are mostly small.
const HANDLES: &[(&str, u32)] =
    &[(NETEM, 0x6e65_0000), (TBF, 0x7462_0000), (HTB, 0x6874_0000), (PFIFO, 0x7066_0000)];

/// The discipline of this kind at a link's root, as [`set`] puts it there.
fn own(kind: &str) -> Object {
    let handle = HANDLES.iter().find(|(name, _)| *name == kind).map_or(0, |(_, handle)| *handle);
    Object::qdisc(object::ROOT, handle, kind)
}

/// Whether [`set`] has put this discipline at a link's root.
fn is_own(root: &Object) -> bool {
    HANDLES.contains(&(root.kind.as_str(), root.handle))
}

/// How a discipline shapes, if it does.
fn read(qdisc: &Object) -> Option<Shape> {
    match qdisc.kind.as_str() {
        NETEM => Shape::of_netem(&qdisc.options),
        TBF => Shape::of_tbf(&qdisc.options),
        PFIFO if is_own(qdisc) || qdisc.parent != object::ROOT => Shape::of_pfifo(&qdisc.options),
        _ => None,
    }
}

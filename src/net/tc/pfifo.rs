//! pfifo (tc-pfifo(8)): `struct tc_fifo_qopt` of linux/pkt_sched.h, the limit in packets.

use super::Shape;
use super::object::word;
use crate::model::Between;

impl Shape {
    /// TCA_OPTIONS.
    pub(super) fn pfifo(&self) -> Vec<u8> {
        self.packets().to_ne_bytes().to_vec()
    }

    pub(super) fn of_pfifo(options: &[u8]) -> Option<Shape> {
        word(options, 0).map(|limit| Shape { limit: Some(Between(limit)), ..Shape::default() })
    }
}

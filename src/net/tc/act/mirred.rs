//! gact (what only decides) and mirred (to another link): linux/tc_act/tc_gact.h, tc_mirred.h; tc-mirred(8).

use super::action;
use crate::base::error::{Error, Result};
use crate::net::fields::LinkRef;
use crate::net::link::fields::{U32, named};
use crate::net::tc::control::Control;
use crate::net::tc::kind::{About, kind};

action! {
    /// Decides what becomes of a packet.
    pub struct Gact in 2 {}
}

kind!(Gact, "gact", "act_gact", "an action that decides", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 20)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.control.get_or_insert(Control::PASS);
        Ok(())
    }
});

named! {
    /// Whether a packet goes to another link, or a copy of it.
    Redirection(u8) bare (to_ne_bytes, from_ne_bytes) { 0 = "redirect", 1 = "mirror" }
    /// Whether the other link sends it or receives it.
    Side(u8) bare (to_ne_bytes, from_ne_bytes) { 0 = "egress", 1 = "ingress" }
}

action! {
    /// Sends packets to another link.
    pub struct Mirred in 2 {
        Set direction: Side = header, ip ["egress", "ingress"], "the other link sends it (egress), or receives it (ingress); default egress";
        Set action: Redirection = header, ip ["redirect", "mirror"], "the packet goes there, or (mirror) a copy of it; default redirect";
        Set dev: LinkRef = {in 2 at 24}, ip ["dev"], "the other link";
        Word eaction: U32 = {in 2 at 20}, ip [], "both in one number";
    }
}

/// TCA_EGRESS_REDIR to TCA_INGRESS_MIRROR, less 1.
fn number(side: Side, what: Redirection) -> u32 {
    u32::from(2 * side.0 + what.0) + 1
}

kind!(Mirred, "mirred", "act_mirred", "an action that sends to another link", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 28)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        if self.dev.is_none() {
            return Err(Error::argument("mirred needs dev, the other link"));
        }
        let side = *self.direction.get_or_insert(Side(0));
        let what = *self.action.get_or_insert(Redirection(0));
        self.eaction = Some(U32(number(side, what)));
        self.control.get_or_insert(if what.0 == 0 { Control::STOLEN } else { Control::PIPE });
        Ok(())
    }

    fn gather(&mut self) {
        let both = self.eaction.map_or(0, |both| both.0.saturating_sub(1)) as u8;
        (self.direction, self.action) = (Some(Side(both >> 1 & 1)), Some(Redirection(both & 1)));
    }

    fn links(&mut self) -> Vec<&mut LinkRef> {
        self.dev.iter_mut().collect()
    }

    fn words(&self) -> Vec<String> {
        // `tc` takes no other word for what becomes of a packet that went away.
        let moved = self.control == Some(Control::STOLEN);
        crate::net::tc::kind::words(self, |name| name != "control" || !moved)
    }
});

//! ct and sample (tc-ct(8), tc-sample(8)): TCA_CT_* of linux/tc_act/tc_ct.h, TCA_SAMPLE_* of tc_sample.h.

use super::action;
use crate::base::error::{Error, Result};
use crate::net::link::fields::{Bit16, U16, U32};
use crate::net::tc::cls::masked::Masked32;
use crate::net::tc::control::Control;
use crate::net::tc::kind::{About, kind};

action! {
    /// Connection tracking.
    pub struct Ct in 1 {
        Set commit: Bit16<0> = 3, ip ["commit"], "the connection is entered";
        Set force: Bit16<1> = 3, ip ["force"], "the connection is entered in this direction";
        Set clear: Bit16<2> = 3, ip ["clear"], "what is known of the packet's connection is forgotten";
        Set nat: Bit16<3> = 3, ip ["nat"], "addresses are translated as they are for the connection";
        Set zone: U16 = 4, ip ["zone"], "the zone of connection tracking; default 0";
        Set mark: Masked32 = 5, ip ["mark"], "the connection's mark, or a mark and the bits that count: \"0x1/0xff\"";
    }
}

kind!(Ct, "ct", "act_ct", "connection tracking", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 20)];

    fn mask_of(number: u16) -> Option<u16> {
        (number == 5).then_some(6)
    }

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }
});

action! {
    /// Samples of packets, for programs that listen (psample).
    pub struct Sample in 2 {
        Set rate: U32<1> = 3, ip ["rate"], "one packet of so many";
        Set group: U32 = 5, ip ["group"], "the group of listeners";
        Set trunc: U32<1> = 4, ip ["trunc"], "how many bytes of it they get";
    }
}

kind!(Sample, "sample", "act_sample", "samples of packets", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 20)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        if self.rate.is_none() || self.group.is_none() {
            return Err(Error::argument("sample needs rate and group"));
        }
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }
});

//! States: how packets are protected, as `ip xfrm state` handles them.

use std::net::IpAddr;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::fields::{Algorithm, Compression, Encap, Limit, Mode, Proto, Spi, numbered, padded};
use super::selector::{Lifetime, Selector};
use super::{Xfrm, delete, mark_attribute, named, read_mark};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Field, Table, Words, table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::done::{Done, Verb};
use crate::net::fields::{Mark, Number};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;
use crate::net::prefix::{Family, from_octets};

const XFRM_MSG_NEWSA: u16 = 16;
const XFRM_MSG_DELSA: u16 = 17;
const XFRM_MSG_GETSA: u16 = 18;

const XFRMA_REPLAY_VAL: u16 = 10;
const XFRMA_SRCADDR: u16 = 13;
const XFRMA_MARK: u16 = 21;
const XFRMA_REPLAY_ESN_VAL: u16 = 23;
const XFRMA_SA_EXTRA_FLAGS: u16 = 24;
const DONT_ENCAP_DSCP: u32 = 1;
const OSEQ_MAY_WRAP: u32 = 2;

table! {
    /// A state (ip-xfrm(8), XFRMA_* and `struct xfrm_usersa_info` of linux/xfrm.h): one to add, one that the kernel reported,
    /// or what those to be found must have.
    pub struct State {
        Set src: IpAddr = header, ip ["src"], "the outer source";
        Set dst: IpAddr = header, ip ["dst"], "the outer destination";
        Set proto: Proto = header, ip ["proto"], "what protects the packets";
        Set spi: Spi = header, ip ["spi"], "the number by which the receiver knows it";
        Set reqid: Number = header, ip ["reqid"], "the number by which a policy's template finds it";
        Set mode: Mode = header, ip ["mode"], "whether the packets are put into others (tunnel) or not; default transport";
        Set seq: Number = header, ip ["seq"], "the number of the request that it answers";
        Set auth: Algorithm<false> = 1, ip ["auth"],
            "what authenticates: an algorithm and its key, such as \"hmac(sha1) 0x0123...\"; reported as `auth_trunc`";
        Set auth_trunc: Algorithm<true> = 20, ip ["auth-trunc"],
            "the same, and to how many bits the check value is cut: \"hmac(sha256) 0x0123... 128\"";
        Set enc: Algorithm<false> = 2, ip ["enc"], "what encrypts: an algorithm and its key, such as \"cbc(aes) 0x0123...\"";
        Set aead: Algorithm<true> = 18, ip ["aead"],
            "what does both: an algorithm, its key, and the bits of the check value: \"rfc4106(gcm(aes)) 0x0123... 128\"";
        Set comp: Compression = 3, ip ["comp"], "what compresses, such as \"deflate\"";
        Set encap: Encap = 4, ip ["encap"],
            "what ESP is put into, with the ports: \"espinudp 4500 4500 0.0.0.0\"";
        Set replay_window: Between<0, 131072> = header, ip ["replay-window"],
            "how many packets late one may come; default 0, and late and repeated ones are taken";
        Set replay_seq: Number = header, ip ["replay-seq"], "the number of the last packet that came";
        Set replay_oseq: Number = header, ip ["replay-oseq"], "the number of the last packet that was sent";
        Set replay_seq_hi: Number = header, ip ["replay-seq-hi"], "the upper half of the former, with `esn`";
        Set replay_oseq_hi: Number = header, ip ["replay-oseq-hi"], "the upper half of the latter, with `esn`";
        Set mark: Mark = header, ip ["mark"], "the mark that packets must have";
        Set mask: Mark = header, ip ["mask"], "which bits of the mark count; default all";
        Set output_mark: Mark = 29, ip ["output-mark"], "the mark that packets get";
        Set output_mask: Mark = 30, ip ["mask"], "which bits of `output_mark` are set";
        Set if_id: Mark = 31, ip ["if_id"], "the xfrm links that it is for";
        Set tfcpad: Number = 22, ip ["tfcpad"], "packets are padded to this length";
        Set noecn: bool = {flag 1}, ip ["flag noecn"], "congestion isn't carried over from outer packets; default false";
        Set decap_dscp: bool = {flag 2}, ip ["flag decap-dscp"], "the DSCP is taken over from outer packets; default false";
        Set nopmtudisc: bool = {flag 4}, ip ["flag nopmtudisc"], "outer packets may be fragmented; default false";
        Set wildrecv: bool = {flag 8}, ip ["flag wildrecv"], "it is for any destination; default false";
        Set icmp: bool = {flag 16}, ip ["flag icmp"], "ICMP errors pass by what their payload is; default false";
        Set af_unspec: bool = {flag 32}, ip ["flag af-unspec"], "inner packets may be of both families; default false";
        Set align4: bool = {flag 64}, ip ["flag align4"], "headers of IPv6 are aligned to four bytes; default false";
        Set esn: bool = {flag 128}, ip ["flag esn"], "packets are numbered with 64 bits; default false";
        Set dont_encap_dscp: bool = header, ip ["extra-flag dont-encap-dscp"],
            "outer packets don't get the DSCP of the inner ones; default false";
        Set oseq_may_wrap: bool = header, ip ["extra-flag oseq-may-wrap"],
            "it goes on when its numbers are used up; default false";
        Read replay_window_errors: Number = header always, ip [], "packets that came too late";
        Read replay_errors: Number = header always, ip [], "packets that came twice";
        Read integrity_failed: Number = header always, ip [], "packets that were not authentic";
        Read lastused: Limit = 15, ip [], "when it was used last, in seconds since 1970";
    } and {
        pub sel: Selector,
        pub life: Lifetime,
    }
}

impl State {
    const BYTES: usize = 224;

    pub fn family(&self) -> Option<Family> {
        self.dst.or(self.src).map(Family::of)
    }

    /// Whether `state` has all that is given here.
    fn lets(&self, state: &State) -> bool {
        self.fits(state) && self.sel.fits(&state.sel) && self.life.fits(&state.life)
    }

    fn check_key(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        if self.src.zip(self.dst).is_some_and(|(src, dst)| src.is_ipv4() != dst.is_ipv4()) {
            return wrong("src and dst are of different families");
        }
        let by_spi = matches!(self.proto, Some(Proto::Esp | Proto::Ah | Proto::Comp));
        if by_spi && self.spi.is_none_or(|spi| spi.0 == 0) {
            return wrong("a state of esp, ah and comp needs an spi other than 0");
        }
        if self.mask.is_some() && self.mark.is_none() {
            return wrong("mask says which bits of mark count; give mark too");
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        self.check_key()?;
        self.sel.check()?;
        let auth = self.auth.is_some() || self.auth_trunc.is_some();
        if self.aead.is_some() && (auth || self.enc.is_some()) {
            return wrong("aead does what auth and enc do; give it without them");
        }
        if self.auth.is_some() && self.auth_trunc.is_some() {
            return wrong("give auth or auth_trunc");
        }
        match self.proto {
            Some(Proto::Esp) if self.aead.is_none() && self.enc.is_none() => {
                wrong("esp needs aead, or enc (\"ecb(cipher_null)\" encrypts nothing)")
            }
            Some(Proto::Ah) if !auth => wrong("ah needs auth or auth_trunc"),
            Some(Proto::Comp) if self.comp.is_none() => wrong("comp needs comp, such as \"deflate\""),
            _ if self.esn == Some(true) && self.window() == 0 => wrong("esn needs a replay_window"),
            _ => Ok(()),
        }
    }

    fn window(&self) -> u32 {
        self.replay_window.map_or(0, |window| window.0)
    }

    /// Whether the replay state doesn't fit into the small structure.
    fn is_extended(&self) -> bool {
        self.esn == Some(true) || self.window() > 32
    }

    /// `struct xfrm_usersa_info`, then the attributes.
    fn encode(&self, ns: &Namespace) -> Result<Vec<u8>> {
        let family = self.family().unwrap_or(Family::Inet);
        let mut out = self.sel.encode(ns, self.sel.family().unwrap_or(family))?;
        out.extend(padded(self.dst));
        out.extend(self.spi.map_or(0, |spi| spi.0).to_be_bytes());
        out.extend([self.proto.map_or(0, |proto| proto as u8), 0, 0, 0]);
        out.extend(padded(self.src));
        out.extend(self.life.encode());
        out.extend([0; 12]);
        for number in [self.seq, self.reqid] {
            out.extend(number.map_or(0, |number| number.0).to_ne_bytes());
        }
        out.extend(u16::from(family.number()).to_ne_bytes());
        let window = if self.is_extended() { 0 } else { self.window() as u8 };
        out.extend([self.mode.unwrap_or(Mode::Transport) as u8, window, self.flags() as u8]);
        out.resize(Self::BYTES, 0);
        let mut attributes = Attributes::new();
        Table::encode(self, &mut |number, bytes| attributes.put(number, bytes));
        mark_attribute(&mut attributes, self.mark, self.mask);
        self.put_replay(&mut attributes);
        let bit = |set: Option<bool>, bit| if set == Some(true) { bit } else { 0 };
        let extra = bit(self.dont_encap_dscp, DONT_ENCAP_DSCP) | bit(self.oseq_may_wrap, OSEQ_MAY_WRAP);
        if extra != 0 {
            attributes.put_u32(XFRMA_SA_EXTRA_FLAGS, extra);
        }
        out.extend(attributes.into_bytes()?);
        Ok(out)
    }

    /// `struct xfrm_replay_state`, or `xfrm_replay_state_esn` with its bitmap.
    fn put_replay(&self, attributes: &mut Attributes) {
        let number = |number: Option<Number>| number.map_or(0, |number| number.0);
        let (oseq, seq) = (number(self.replay_oseq), number(self.replay_seq));
        if self.is_extended() {
            let words = self.window().div_ceil(32);
            let (oseq_hi, seq_hi) = (number(self.replay_oseq_hi), number(self.replay_seq_hi));
            let fixed = [words, oseq, seq, oseq_hi, seq_hi, self.window()];
            let all = fixed.into_iter().chain((0..words).map(|_| 0));
            attributes.put(XFRMA_REPLAY_ESN_VAL, &all.flat_map(u32::to_ne_bytes).collect::<Vec<_>>());
        } else if self.replay_oseq.is_some() || self.replay_seq.is_some() {
            attributes.put(XFRMA_REPLAY_VAL, &[oseq, seq, 0].map(u32::to_ne_bytes).concat());
        }
    }

    /// `struct xfrm_usersa_id`, and what else tells states apart.
    fn key(&self) -> Result<Vec<u8>> {
        let family = self.family().unwrap_or(Family::Inet);
        let mut out = padded(self.dst).to_vec();
        out.extend(self.spi.map_or(0, |spi| spi.0).to_be_bytes());
        out.extend(u16::from(family.number()).to_ne_bytes());
        out.extend([self.proto.map_or(0, |proto| proto as u8), 0]);
        let mut attributes = Attributes::new();
        mark_attribute(&mut attributes, self.mark, self.mask);
        if self.src.is_some() {
            attributes.put(XFRMA_SRCADDR, &padded(self.src));
        }
        out.extend(attributes.into_bytes()?);
        Ok(out)
    }

    /// What tells it from others.
    fn identity(&self) -> State {
        let State { src, dst, proto, spi, mark, mask, .. } = *self;
        State { src, dst, proto, spi, mark, mask, ..State::default() }
    }
}

fn parse(payload: &[u8]) -> Option<State> {
    let fixed = payload.first_chunk::<{ State::BYTES }>()?;
    let family = Family::from_number(fixed[212])?;
    let address = |at: usize| from_octets(&fixed[at..at + if family == Family::Inet { 4 } else { 16 }]);
    let number = |at: usize| Some(Between(unsigned(&fixed[at..at + 4]) as u32));
    let some = |number: Option<Number>| number.filter(|number| number.0 != 0);
    let (sel_family, sel) = Selector::decode(fixed)?;
    let mut state = State {
        src: address(80),
        dst: address(56),
        proto: numbered(fixed[76], |proto: Proto| proto as u8),
        spi: fixed[72..76].first_chunk().map(|spi| Spi(u32::from_be_bytes(*spi))),
        reqid: number(208),
        mode: numbered(fixed[214], |mode: Mode| mode as u8),
        seq: some(number(204)),
        replay_window: Some(Between(fixed[215].into())),
        replay_window_errors: number(192),
        replay_errors: number(196),
        integrity_failed: number(200),
        sel: if sel_family.is_some() { sel } else { Selector::default() },
        life: Lifetime::decode(&fixed[96..])?,
        ..State::blank()
    };
    state.decode_flags(fixed[216].into());
    for (kind, bytes) in attributes_of(&payload[State::BYTES..]) {
        match kind {
            XFRMA_MARK => (state.mark, state.mask) = read_mark(bytes),
            XFRMA_REPLAY_VAL => replay(&mut state, bytes, [Some(0), Some(1), None, None, None]),
            XFRMA_REPLAY_ESN_VAL => replay(&mut state, bytes, [1, 2, 3, 4, 5].map(Some)),
            XFRMA_SA_EXTRA_FLAGS => {
                let bits = unsigned(bytes) as u32;
                state.dont_encap_dscp = (bits & DONT_ENCAP_DSCP != 0).then_some(true);
                state.oseq_may_wrap = (bits & OSEQ_MAY_WRAP != 0).then_some(true);
            }
            _ => state.decode(kind, bytes),
        }
    }
    // The kernel tells both, and `ip` shows the one that says more.
    if state.auth_trunc.is_some() {
        state.auth = None;
    }
    Some(state)
}

/// The numbers of oseq, seq, oseq_hi, seq_hi and the window, by their places.
fn replay(state: &mut State, bytes: &[u8], places: [Option<usize>; 5]) {
    let number = |place: Option<usize>| Number::decode(bytes.get(place? * 4..)?);
    let [oseq, seq, oseq_hi, seq_hi, window] = places.map(number);
    (state.replay_oseq, state.replay_seq) = (oseq, seq);
    (state.replay_oseq_hi, state.replay_seq_hi) = (oseq_hi, seq_hi);
    if let Some(window) = window {
        state.replay_window = Some(Between(window.0));
    }
}

/// Adds a state, as `ip xfrm state add ...`. Raises `exists` if there is one for its dst, proto and spi.
pub fn add(ns: &Namespace, state: &State) -> Result<()> {
    state.check()?;
    let request = state.encode(ns)?;
    let mut xfrm = Xfrm::open(ns)?;
    xfrm.change(XFRM_MSG_NEWSA, &request).map_err(|e| explain(state, e))?;
    ns.report(Done::XfrmState(Verb::Add, state));
    Ok(())
}

/// Keys stay out of what is told.
fn explain(state: &State, e: Error) -> Error {
    let proto = state.proto.map_or("", |proto| proto.name());
    match e.raw() {
        Some(Errno::EEXIST) => {
            e.hint("there is a state with this dst, proto and spi; xfrm.state.del deletes it")
        }
        Some(Errno::ESRCH) => {
            e.with_kind(Kind::NotFound).hint("xfrm.state.list shows the states that are there")
        }
        Some(Errno::EPROTONOSUPPORT) => {
            let six = if state.family() == Some(Family::Inet6) { '6' } else { '4' };
            let (option, module) = match (proto, six) {
                ("esp", '4') => ("INET_ESP", "esp4".to_owned()),
                ("ah", '4') => ("INET_AH", "ah4".to_owned()),
                ("comp", '4') => ("INET_IPCOMP", "ipcomp".to_owned()),
                ("comp", _) => ("INET6_IPCOMP", "ipcomp6".to_owned()),
                ("ah", _) => ("INET6_AH", "ah6".to_owned()),
                _ => ("INET6_ESP", format!("esp{six}")),
            };
            e.with_kind(Kind::Unsupported)
                .hint(format!("the kernel lacks {proto}: it needs CONFIG_{option}: sudo modprobe {module}"))
        }
        Some(Errno::ENOSYS | Errno::ENOENT) => e.with_kind(Kind::Unsupported).hint(
            "the kernel lacks an algorithm, or doesn't know the length of its check value: see /proc/crypto",
        ),
        // Some kernels say nothing of it, others that "cryptographic operations" can't be initialized.
        Some(Errno::EINVAL) if e.fields().detail.as_ref().is_none_or(|it| it.contains("cryptographic")) => {
            e.hint("is each key as long as its algorithm wants it? rfc4106 takes 4 bytes more")
        }
        _ => e,
    }
}

/// Deletes the state with this dst, proto and spi. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, state: &State) -> Result<()> {
    state.check_key()?;
    let request = state.key()?;
    Xfrm::open(ns)?.change(XFRM_MSG_DELSA, &request).map_err(|e| explain(state, e))?;
    ns.report(Done::XfrmState(Verb::Del, &state.identity()));
    Ok(())
}

/// The state with this dst, proto and spi, if there is one.
pub fn get(ns: &Namespace, state: &State) -> Result<Option<State>> {
    state.check_key()?;
    let found = Xfrm::open(ns)?.ask(XFRM_MSG_GETSA, 0, &state.key()?, parse);
    match found {
        Err(e) if e.raw() == Some(Errno::ESRCH) => Ok(None),
        found => named(ns, found?, |state| &mut state.sel).map(|found| found.into_iter().next()),
    }
}

/// The states that have all that is given, as `ip xfrm state list`.
pub fn list(ns: &Namespace, filter: &State) -> Result<Vec<State>> {
    let body = [0; 24];
    let found = Xfrm::open(ns)?.ask(XFRM_MSG_GETSA, NLM_F_DUMP, &body, parse)?;
    let mut found = named(ns, found, |state| &mut state.sel)?;
    found.retain(|state| filter.lets(state));
    Ok(found)
}

/// Deletes those that have all that is given; returns how many there were.
pub fn flush(ns: &Namespace, filter: &State) -> Result<usize> {
    delete(&list(ns, filter)?, |state| del(ns, &state.identity()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_from_the_kernel_is_left_out() {
        for length in 0..2 * State::BYTES {
            assert_eq!(parse(&vec![7; length]), None);
        }
    }
}

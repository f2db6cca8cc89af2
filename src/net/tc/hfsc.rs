//! hfsc (tc-hfsc(8)): classes with curves of service. `struct tc_hfsc_qopt` and TCA_HFSC_* of linux/pkt_sched.h.

use super::fields::{Micros, Minor16};
use super::kind::{About, kind};
use super::object::{word, words};
use super::units::{Rate, Span};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::fields::text;

/// `struct tc_service_curve`: a rate at first, for so long, and the rate from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    first: Option<(Rate, Micros)>,
    rate: Rate,
}

impl Curve {
    fn parse(text: &str) -> Option<Self> {
        fn field<T: Field>(word: Option<&String>) -> Option<T> {
            T::read(&Value::Text(word?.clone())).ok().flatten()
        }
        let all: Vec<String> = words(text).collect();
        let names: Vec<&str> = all.iter().step_by(2).map(String::as_str).collect();
        match names.as_slice() {
            ["rate" | "m2"] => Some(Curve { first: None, rate: field(all.get(1))? }),
            ["m1", "d", "m2"] => Some(Curve {
                first: Some((field(all.get(1))?, field(all.get(3))?)),
                rate: field(all.get(5))?,
            }),
            [_] if all.len() == 1 => Some(Curve { first: None, rate: field(all.first())? }),
            _ => None,
        }
    }
}

impl Field for Curve {
    fn form() -> Form {
        text("a rate such as \"10mbit\", or a curve such as \"m1 20mbit d 10ms m2 10mbit\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        Curve::parse(text).map(Some).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        Value::Text(self.word())
    }

    fn word(&self) -> String {
        match self.first {
            None => format!("rate {}", self.rate.word()),
            Some((rate, time)) => {
                let time = Span(u64::from(time.0) * 1000);
                format!("m1 {} d {} m2 {}", rate.word(), time.word(), self.rate.word())
            }
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let rate = |rate: Rate| u32::try_from(rate.bytes()).unwrap_or(u32::MAX);
        let (first, time) = self.first.map_or((0, 0), |(first, time)| (rate(first), time.0));
        Some([first, time, rate(self.rate)].iter().flat_map(|n| n.to_ne_bytes()).collect())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rate = |at| word(bytes, at).map(|bytes| Rate(u64::from(bytes) * 8));
        let time = word(bytes, 4)?;
        let first = rate(0).filter(|_| time != 0).map(|rate| (rate, Micros(time)));
        Some(Curve { first, rate: rate(8)? }).filter(|curve| curve.rate.0 != 0 || curve.first.is_some())
    }
}

table! {
    /// Classes with curves of service.
    pub struct Hfsc {
        Set default: Minor16 = {in 0 at 0}, ip ["default"], "the class of what no filter names, such as \"1:10\"; default none: that is dropped";
    }
}

kind!(Hfsc, "hfsc", "sch_hfsc", "classes with curves of service", {
    const STRUCTS: &'static [(u16, usize)] = &[(0, 2)];
});

table! {
    /// A class with curves of service.
    pub struct HfscClass {
        Set rt: Curve = 1, ip ["rt"], "what it is sure of, in time";
        Set ls: Curve = 2, ip ["ls"], "its share of what is left";
        Set ul: Curve = 3, ip ["ul"], "what it may have at most";
        Give sc: Curve = header, ip [], "`rt` and `ls` both";
    }
}

kind!(HfscClass, "hfsc", "sch_hfsc", "a class of hfsc", {
    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.rt = self.rt.or(self.sc);
        self.ls = self.ls.or(self.sc);
        match (self.rt, self.ls) {
            (None, None) => Err(Error::argument("a class of hfsc needs rt, ls or sc")),
            _ => Ok(()),
        }
    }
});

//! What a rule asks a map.

use super::matching::Subject;
use super::name::check_name;
use super::words::Family;
use crate::base::error::{Error, Result};

/// What of a packet a map is asked about, by the option that matches it, and the map: `source vmap @hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub option: &'static str,
    pub map: String,
}

impl Ask {
    const OPTIONS: [(&'static str, Subject); 9] = [
        ("iif", Subject::In),
        ("out", Subject::Out),
        ("source", Subject::Source(Family::Inet)),
        ("dest", Subject::Dest(Family::Inet)),
        ("proto", Subject::Protocol),
        ("sport", Subject::Sport),
        ("dport", Subject::Dport),
        ("mark", Subject::Mark),
        ("uid", Subject::Uid),
    ];

    pub fn parse(text: &str, verb: &str) -> Result<Self> {
        let wrong = || {
            let e = Error::argument(format!("expected \"OPTION {verb} @MAP\", got {text:?}"));
            e.hint(format!("options are {}", Self::OPTIONS.map(|(word, _)| word).join(", ")))
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [option, between, map] = words.as_slice() else { return Err(wrong()) };
        let option = Self::OPTIONS.iter().find(|(word, _)| word == option);
        let map = map.strip_prefix('@').filter(|_| *between == verb);
        let ((option, _), map) = option.zip(map).ok_or_else(wrong)?;
        check_name(map)?;
        Ok(Ask { option, map: map.to_owned() })
    }

    /// What is asked about; addresses are of the family.
    pub fn subject(&self, family: Family) -> Subject {
        match self.option {
            "source" => Subject::Source(family),
            "dest" => Subject::Dest(family),
            option => {
                Self::OPTIONS.iter().find(|(word, _)| *word == option).map_or(Subject::Mark, |(_, s)| *s)
            }
        }
    }

    /// `None` for what has no word here.
    pub fn of(subject: Subject, map: &str) -> Option<Self> {
        let plain = match subject {
            Subject::Source(_) => Subject::Source(Family::Inet),
            Subject::Dest(_) => Subject::Dest(Family::Inet),
            subject => subject,
        };
        let (option, _) = Self::OPTIONS.iter().find(|(_, of)| *of == plain)?;
        Some(Ask { option, map: map.to_owned() })
    }
}

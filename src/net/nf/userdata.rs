//! The bytes that the kernel keeps with a rule for its maker.

/// What the kernel keeps with a rule and doesn't look at: nft's comment, and whose other half the rule is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Userdata {
    pub comment: Option<String>,
    /// Rules that belong together have the same number.
    pub group: Option<u64>,
}

impl Userdata {
    /// nft's `NFTNL_UDATA_RULE_COMMENT`.
    const COMMENT: u8 = 0;
    /// nft passes over types that it doesn't know.
    const GROUP: u8 = 0x6e;

    /// Type, length and value, one byte each for the first two.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |kind: u8, value: &[u8]| {
            let length = value.len().min(255);
            out.extend_from_slice(&[kind, length as u8]);
            out.extend_from_slice(&value[..length]);
        };
        if let Some(comment) = &self.comment {
            let mut text = comment.as_bytes().to_vec();
            text.push(0);
            put(Self::COMMENT, &text);
        }
        if let Some(group) = self.group {
            put(Self::GROUP, &group.to_be_bytes());
        }
        out
    }

    pub(super) fn of(mut bytes: &[u8]) -> Self {
        let mut out = Userdata::default();
        while let [kind, length, rest @ ..] = bytes {
            let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else { break };
            match *kind {
                Self::COMMENT => {
                    let text = value.strip_suffix(&[0]).unwrap_or(value);
                    out.comment = Some(String::from_utf8_lossy(text).into_owned());
                }
                Self::GROUP => out.group = value.try_into().ok().map(u64::from_be_bytes),
                _ => {}
            }
            bytes = rest;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::test::Random;

    #[test]
    fn userdata_comes_back_and_is_as_nft_writes_it() {
        let comment = Userdata { comment: Some("hi".into()), group: None };
        assert_eq!(comment.bytes(), [0, 3, b'h', b'i', 0]);
        let both = Userdata { comment: Some("ü".into()), group: Some(7) };
        assert_eq!(Userdata::of(&both.bytes()), both);
        assert_eq!(Userdata::of(&[0, 200, 1]), Userdata::default());
    }

    #[test]
    fn garbage_is_read_without_a_panic() {
        let mut random = Random::new(5);
        for _ in 0..2000 {
            let length = random.below(20) as usize;
            Userdata::of(&random.bytes(length));
        }
    }
}

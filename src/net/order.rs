//! The order in which people look for names: n1, n2, n10.

use std::cmp::Ordering;

use super::namespace::HOST;

/// Compares names of namespaces: `host` comes first.
pub fn of_namespaces(a: &str, b: &str) -> Ordering {
    (a != HOST).cmp(&(b != HOST)).then_with(|| natural(a, b))
}

/// Compares two texts, runs of digits by the numbers that they are.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (number(&mut left), number(&mut right));
            // Without leading zeros the longer number is the larger.
            match m.len().cmp(&n.len()).then(m.cmp(n)) {
                Ordering::Equal => continue,
                order => return order,
            }
        }
        if x != y {
            return x.cmp(y);
        }
        (left, right) = (&left[1..], &right[1..]);
    }
    // `n01` and `n1` are two names.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes the digits that the text begins with, and returns them without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().position(|c| *c != b'0').unwrap_or(digits.len());
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = vec!["n10", "n2", "n", "n1", "m3", "n2b", "n01", "10.0.0.10", "10.0.0.9"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["10.0.0.9", "10.0.0.10", "m3", "n", "n01", "n1", "n2", "n2b", "n10"]);
    }
}

//! Where `unsafe` code stands: ARCHITECTURE.md counts it, and says why it is there.

use std::collections::BTreeMap;

use super::crates::table;

/// How many places a module has, and how many lines these are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    places: usize,
    lines: usize,
}

/// How many lines the block takes that begins with this text; one for what has none.
fn lines(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return code[..at].matches('\n').count() + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return 1,
            _ => {}
        }
    }
    1
}

fn count() -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for (path, module, code) in super::modules() {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        if path.ends_with("tests.rs") {
            continue;
        }
        for (at, _) in code.match_indices("unsafe ") {
            let begun = |after: &&str| code[at..].starts_with(&format!("unsafe {after}"));
            // A type `unsafe extern fn` is none.
            if ["{", "fn", "impl"].iter().any(begun) {
                let count = counts.entry(module.clone()).or_default();
                count.places += 1;
                count.lines += lines(&code[at..]);
            }
        }
    }
    counts
}

#[test]
fn the_guide_counts_it_and_says_why() {
    let told: BTreeMap<String, Count> = table("Unsafe code")
        .into_iter()
        .map(|row| {
            assert_eq!(row.len(), 4, "{row:?}");
            let number = |cell: &str| cell.parse().unwrap_or(0);
            (row[0].replace('`', ""), Count { places: number(&row[1]), lines: number(&row[2]) })
        })
        .collect();
    let counted = count();
    let wrong: Vec<String> = counted
        .iter()
        .filter(|(module, is)| told.get(*module) != Some(is))
        .map(|(module, is)| format!("| `{module}` | {} | {} |", is.places, is.lines))
        .collect();
    assert!(wrong.is_empty(), "ARCHITECTURE.md, Unsafe code: these rows begin so: {wrong:#?}");
    assert_eq!(told.len(), counted.len(), "{:?}", told.keys());
}

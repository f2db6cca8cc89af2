//! The lab with letters: each namespace with its links, and where their other ends are.

use super::{Picture, Port, Space};

impl Space {
    /// The name, each link with its addresses, each rule; as a box has them.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let links = self.tops().flat_map(|(port, depth)| {
            let indent = "  ".repeat(depth);
            port.lines().into_iter().enumerate().map(move |(i, line)| {
                if i == 0 { format!("{indent}{line}") } else { format!("{indent}  {line}") }
            })
        });
        std::iter::once(self.name.clone()).chain(links).chain(self.notes.iter().cloned())
    }

    /// Links, each followed by its ports, and how deep they stand.
    pub(super) fn tops(&self) -> impl Iterator<Item = (&Port, usize)> {
        let within = |name: &Option<String>| {
            name.as_ref().is_some_and(|name| self.ports.iter().any(|port| port.name == *name))
        };
        self.ports.iter().filter(move |port| !within(&port.master)).flat_map(|top| {
            let below = self.ports.iter().filter(move |port| port.master.as_ref() == Some(&top.name));
            std::iter::once((top, 0)).chain(below.map(|port| (port, 1)))
        })
    }
}

impl Port {
    /// `eth0 10.0.0.1/24`, what it is, how it is; further addresses on lines of their own.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut words = vec![self.name.clone()];
        words.extend([&self.kind, &self.vlans].into_iter().filter(|text| !text.is_empty()).cloned());
        words.extend(self.addresses.first().cloned());
        if !self.up {
            words.push(self.state.to_uppercase());
        }
        let mut lines = vec![words.join(" ")];
        lines.extend(self.addresses.iter().skip(1).cloned());
        lines.extend(Some(self.shape.clone()).filter(|shape| !shape.is_empty()));
        lines
    }
}

pub fn write(picture: &Picture) -> String {
    let mut out = String::new();
    for (at, space) in picture.spaces.iter().enumerate() {
        out.push_str(&format!("{}\n", space.name));
        let all: Vec<(&Port, usize)> = space.tops().collect();
        for (i, (port, depth)) in all.iter().enumerate() {
            let last = all[i + 1..].iter().all(|(_, other)| *other < *depth)
                || all.get(i + 1).is_some_and(|next| next.1 < *depth);
            let more = all[i + 1..].iter().any(|(_, other)| *other == 0);
            let stem = match (depth, more) {
                (0, _) => "",
                (_, true) => "│  ",
                (_, false) => "   ",
            };
            let branch = if last || (*depth == 0 && !more) { "└─ " } else { "├─ " };
            let mut words = port.lines().join(" ");
            for end in ends(picture, at, &port.name) {
                words.push_str(&format!(" ── {end}"));
            }
            out.push_str(&format!("{stem}{branch}{words}\n"));
        }
        for note in &space.notes {
            out.push_str(&format!("   {note}\n"));
        }
    }
    out
}

/// Where the other ends of a link are: `r1:to-a`.
fn ends(picture: &Picture, space: usize, name: &str) -> Vec<String> {
    let here = |end: &(usize, usize)| end.0 == space && picture.port(*end).name == name;
    let other = picture.cables.iter().filter_map(|cable| {
        let at = cable.ends.iter().position(here)?;
        let far = cable.ends[1 - at];
        Some(format!("{}:{}", picture.spaces[far.0].name, picture.port(far).name))
    });
    other.collect()
}

//! Graphviz: <https://graphviz.org/doc/info/lang.html>

use super::{Picture, Space};

/// A quoted string: only `"` and `\` mean anything there.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The lines of a box, each ended so that it stands at the left.
fn label(space: &Space) -> String {
    let lines: Vec<String> =
        space.lines().map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\\l\"", lines.join("\\l"))
}

pub fn write(picture: &Picture) -> String {
    let mut out = String::from("graph lab {\n  node [shape=box, fontname=\"monospace\", fontsize=10];\n");
    out.push_str("  edge [fontname=\"monospace\", fontsize=8];\n");
    for (i, space) in picture.spaces.iter().enumerate() {
        out.push_str(&format!("  n{i} [label={}];\n", label(space)));
    }
    for cable in &picture.cables {
        let [a, b] = cable.ends;
        let mut options = format!(
            "taillabel={}, headlabel={}",
            quoted(&picture.port(a).name),
            quoted(&picture.port(b).name)
        );
        if !cable.up {
            options.push_str(", color=red, style=dashed, label=\"down\"");
        } else if cable.stands {
            options.push_str(", style=dotted");
        }
        out.push_str(&format!("  n{} -- n{} [{options}];\n", a.0, b.0));
    }
    out + "}\n"
}

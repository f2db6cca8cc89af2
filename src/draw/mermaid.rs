//! Mermaid's flowcharts: <https://mermaid.js.org/syntax/flowchart.html>

use super::Picture;

/// Text in quotes: what could end it, begin markup or an entity is written as an entity.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' | '|' | ';' => {
                out.push_str(&format!("#{};", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out
}

pub fn write(picture: &Picture) -> String {
    let mut out = String::from("flowchart TB\n");
    for (i, space) in picture.spaces.iter().enumerate() {
        let lines: Vec<String> = space.lines().map(|line| escaped(&line)).collect();
        out.push_str(&format!("  n{i}[\"{}\"]\n", lines.join("<br/>")));
    }
    let mut down = Vec::new();
    for (i, cable) in picture.cables.iter().enumerate() {
        let [a, b] = cable.ends;
        let text = escaped(&format!("{} - {}", picture.port(a).name, picture.port(b).name));
        let text = if cable.up { text } else { format!("{text}<br/>down") };
        let line = if cable.up && !cable.stands { "---" } else { "-.-" };
        out.push_str(&format!("  n{} {line}|\"{text}\"| n{}\n", a.0, b.0));
        if !cable.up {
            down.push(i.to_string());
        }
    }
    if !down.is_empty() {
        out.push_str(&format!("  linkStyle {} stroke:red\n", down.join(",")));
    }
    out
}

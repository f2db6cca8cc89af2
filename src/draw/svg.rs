//! SVG: <https://www.w3.org/TR/SVG11/>

use unicode_width::UnicodeWidthStr;

use super::layout::{self, DROP, Layout, Rect, TRUNK};
use super::{Cable, Picture, Space};

/// Of a monospace font of 12 pixels.
const CHARACTER: f64 = 7.25;
const LINE: f64 = 16.0;
const PAD: f64 = 9.0;
const HEAD: f64 = 24.0;
const MARGIN: f64 = 24.0;
/// A box shows so many lines.
const MOST: usize = 14;
/// Beyond, a line is cut.
const WIDEST: usize = 64;

const STYLE: &str = "text{font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px;fill:#1f2933}\
.name{font-weight:bold;fill:#fff}.end{font-size:10px;fill:#52606d;paint-order:stroke;stroke:#fff;stroke-width:3px}\
.box{fill:#fff;stroke:#3e4c59}.head{fill:#3b6ea5}.switch{fill:#4f7a5b}.bad{fill:#c62828}.note{fill:#8a5a00}\
.cable{fill:none;stroke:#52606d;stroke-width:1.5}.down{stroke:#c62828;stroke-dasharray:6 4}.on{stroke-dasharray:2 3}";

/// Text of XML, in an element or in quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML knows no such characters, not even by their numbers.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A line of a box.
struct Line {
    text: String,
    class: &'static str,
}

fn lines(space: &Space) -> Vec<Line> {
    let mut out = Vec::new();
    for (port, depth) in space.tops() {
        for (i, text) in port.lines().into_iter().enumerate() {
            let indent = depth * 2 + if i == 0 { 0 } else { 2 };
            let class = if i == 0 && !port.up { "bad" } else { "" };
            out.push(Line { text: format!("{}{text}", "\u{a0}".repeat(indent)), class });
        }
    }
    if out.len() > MOST {
        let more = out.len() - (MOST - 1);
        out.truncate(MOST - 1);
        out.push(Line { text: format!("and {more} more lines"), class: "" });
    }
    out.extend(space.notes.iter().take(MOST).map(|note| Line { text: note.clone(), class: "note" }));
    for line in &mut out {
        crate::base::text::shorten(&mut line.text, WIDEST);
    }
    out
}

fn width(text: &str) -> f64 {
    text.width() as f64 * CHARACTER
}

fn size(space: &Space, lines: &[Line]) -> (f64, f64) {
    let wide = lines.iter().map(|line| width(&line.text)).fold(width(&space.name), f64::max);
    let high = if lines.is_empty() { 0.0 } else { lines.len() as f64 * LINE + 8.0 };
    (wide.max(50.0) + 2.0 * PAD, HEAD + high)
}

pub fn write(picture: &Picture) -> String {
    let lines: Vec<Vec<Line>> = picture.spaces.iter().map(lines).collect();
    let sizes: Vec<(f64, f64)> = picture.spaces.iter().zip(&lines).map(|(s, lines)| size(s, lines)).collect();
    let edges: Vec<(usize, usize)> =
        picture.cables.iter().map(|cable| (cable.ends[0].0, cable.ends[1].0)).collect();
    let layout = layout::place(&sizes, &edges);
    let (w, h) = (layout.width + 2.0 * MARGIN, layout.height + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {w:.0} {h:.0}\">\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n"
    );
    let mut drawing = Drawing { picture, layout: &layout, out: String::new(), names: String::new() };
    drawing.blocks();
    drawing.cables();
    out.push_str(&drawing.out);
    for (i, space) in picture.spaces.iter().enumerate() {
        out.push_str(&drawn(space, &lines[i], layout.boxes[i]));
    }
    // In front of all that could cover them.
    out.push_str(&drawing.names);
    out + "</g>\n</svg>\n"
}

fn drawn(space: &Space, lines: &[Line], at: Rect) -> String {
    let Rect { x, y, w, h } = at;
    let switch = space.ports.iter().any(|port| port.kind == "bridge");
    let head = if switch { "head switch" } else { "head" };
    let mut out = format!(
        "<rect class=\"box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"4\"/>\n\
         <rect class=\"{head}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{HEAD}\" rx=\"4\"/>\n\
         <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
        x + PAD,
        y + 16.5,
        escaped(&space.name)
    );
    for (i, line) in lines.iter().enumerate() {
        out.push_str(&format!(
            "<text class=\"{}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            line.class,
            x + PAD,
            y + HEAD + LINE * (i as f64 + 1.0) - 0.5,
            escaped(&line.text)
        ));
    }
    out
}

struct Drawing<'a> {
    picture: &'a Picture,
    layout: &'a Layout,
    out: String,
    /// Names at the ends of cables.
    names: String,
}

fn class(cable: &Cable) -> &'static str {
    match (cable.up, cable.stands) {
        (false, _) => "cable down",
        (true, true) => "cable on",
        (true, false) => "cable",
    }
}

impl Drawing<'_> {
    fn line(&mut self, class: &str, path: &str) {
        self.out.push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>\n"));
    }

    fn name(&mut self, (x, y): (f64, f64), anchor: &str, text: &str) {
        self.names.push_str(&format!(
            "<text class=\"end\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n",
            escaped(text)
        ));
    }

    /// The buses of hosts at the same box: a trunk at its right side, a branch above each row, a drop to each host.
    fn blocks(&mut self) {
        let layout = self.layout;
        for (i, own) in layout.boxes.iter().enumerate() {
            let leaves: Vec<usize> =
                (0..layout.hub.len()).filter(|leaf| layout.hub[*leaf] == Some(i)).collect();
            if leaves.is_empty() {
                continue;
            }
            let (trunk, from) = (own.right() + TRUNK / 2.0, own.y + own.h / 2.0);
            let mut rows: Vec<(f64, f64)> = Vec::new();
            for leaf in &leaves {
                let at = layout.boxes[*leaf];
                let y = at.y - DROP;
                match rows.iter_mut().find(|(row, _)| *row == y) {
                    Some((_, right)) => *right = right.max(at.middle()),
                    None => rows.push((y, at.middle())),
                }
            }
            let top = rows.iter().map(|(y, _)| *y).fold(from, f64::min);
            let bottom = rows.iter().map(|(y, _)| *y).fold(from, f64::max);
            self.line(
                "cable",
                &format!("M{:.1} {from:.1}H{trunk:.1}M{trunk:.1} {top:.1}V{bottom:.1}", own.right()),
            );
            for (y, right) in rows {
                self.line("cable", &format!("M{trunk:.1} {y:.1}H{right:.1}"));
            }
        }
    }

    fn cables(&mut self) {
        let picture = self.picture;
        let mut between = 0;
        for (i, cable) in picture.cables.iter().enumerate() {
            let [a, b] = cable.ends;
            let names = [&picture.port(a).name, &picture.port(b).name];
            let (one, two) = (a.0, b.0);
            if self.layout.hub[one] == Some(two) {
                self.drop(cable, one, names[1]);
            } else if self.layout.hub[two] == Some(one) {
                self.drop(cable, two, names[0]);
            } else if self.layout.row[one] == self.layout.row[two] {
                self.beside(cable, between, names);
                between += 1;
            } else {
                self.across(i, cable, names);
            }
        }
    }

    /// From the bus to a host, with the name of the link at the other end.
    fn drop(&mut self, cable: &Cable, leaf: usize, name: &str) {
        let at = self.layout.boxes[leaf];
        let x = at.middle();
        self.line(class(cable), &format!("M{x:.1} {:.1}V{:.1}", at.y - DROP, at.y));
        self.name((x + 4.0, at.y - 4.0), "start", name);
    }

    /// Where a cable to another row leaves a box: those of a side stand in the order of their other ends.
    fn exit(&self, i: usize, own: usize, other: usize) -> (f64, f64) {
        let (at, far) = (self.layout.boxes[own], self.layout.boxes[other]);
        let down = far.y > at.y;
        let ends = self.picture.cables.iter().enumerate().filter_map(|(n, cable)| {
            let place = cable.ends.iter().position(|end| end.0 == own)?;
            let to = cable.ends[1 - place].0;
            let there = self.layout.boxes[to];
            let counts = self.layout.hub[to] != Some(own)
                && self.layout.hub[own] != Some(to)
                && self.layout.row[to] != self.layout.row[own]
                && (there.y > at.y) == down;
            counts.then_some((there.middle(), n))
        });
        let mut ends: Vec<(f64, usize)> = ends.collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let place = ends.iter().position(|(_, n)| *n == i).unwrap_or(0) as f64;
        let x = at.x + at.w * (place + 1.0) / (ends.len() as f64 + 1.0);
        (x, if down { at.bottom() } else { at.y })
    }

    fn across(&mut self, i: usize, cable: &Cable, names: [&String; 2]) {
        let (one, two) = (cable.ends[0].0, cable.ends[1].0);
        let ends = [self.exit(i, one, two), self.exit(i, two, one)];
        // Straight down to the end of the row first: beside it may stand higher boxes.
        let low = |at: usize, own: usize| match ends[1 - at].1 > ends[at].1 {
            true => self.layout.low[own],
            false => ends[at].1,
        };
        let [(x1, y1), (x2, y2)] = ends;
        let path = format!("M{x1:.1} {y1:.1}V{:.1}L{x2:.1} {:.1}V{y2:.1}", low(0, one), low(1, two));
        self.line(class(cable), &path);
        for at in [0, 1] {
            let ((x, y), (far, other)) = (ends[at], ends[1 - at]);
            let down = other > y;
            // A little way along the line.
            let along = 16.0 / (other - y).abs().max(16.0);
            let near = x + (far - x) * along;
            let anchor = if far < x - 1.0 { ("end", -4.0) } else { ("start", 4.0) };
            self.name((near + anchor.1, if down { y + 14.0 } else { y - 6.0 }), anchor.0, names[at]);
        }
    }

    /// Between boxes of a row: straight to the next one, else in a bow below what is between them.
    fn beside(&mut self, cable: &Cable, number: usize, names: [&String; 2]) {
        let boxes = &self.layout.boxes;
        let (mut one, mut two, mut ends) = (cable.ends[0].0, cable.ends[1].0, names);
        if boxes[one].x > boxes[two].x {
            (one, two, ends) = (two, one, [names[1], names[0]]);
        }
        let (a, b) = (boxes[one], boxes[two]);
        let same = self
            .picture
            .cables
            .iter()
            .filter(|c| [c.ends[0].0, c.ends[1].0].iter().all(|e| *e == one || *e == two))
            .count();
        let row = self.layout.row[one];
        let between = boxes.iter().enumerate().any(|(i, other)| {
            i != one && i != two && self.layout.row[i] == row && other.x > a.x && other.x < b.x
        });
        let block = self.layout.hub.contains(&Some(one));
        if one != two && !between && !block && same == 1 {
            let y = a.y.max(b.y) + a.h.min(b.h) / 2.0;
            self.line(class(cable), &format!("M{:.1} {y:.1}H{:.1}", a.right(), b.x));
            self.name((a.right() + 3.0, y - 4.0), "start", ends[0]);
            self.name((b.x - 3.0, y + 11.0), "end", ends[1]);
            return;
        }
        let deep = a.bottom().max(b.bottom()) + 34.0 + 12.0 * (number % 3) as f64;
        let shift = 10.0 * (number % 5) as f64;
        let (x1, x2) = (a.right() - 14.0 - shift, b.x + 14.0 + shift);
        let path = format!(
            "M{x1:.1} {:.1}C{x1:.1} {deep:.1} {x2:.1} {deep:.1} {x2:.1} {:.1}",
            a.bottom(),
            b.bottom()
        );
        self.line(class(cable), &path);
        self.name((x1 - 3.0, a.bottom() + 11.0), "end", ends[0]);
        self.name((x2 + 3.0, b.bottom() + 11.0), "start", ends[1]);
    }
}

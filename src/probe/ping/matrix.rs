//! Who reaches whom: what came of pinging from every host to every other one.

use std::fmt;
use std::net::IpAddr;

/// Up to so many hosts have their times shown.
const WITH_TIMES: usize = 10;
/// So many losses are named one by one.
const NAMED: usize = 20;

/// From one host to another.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub sent: u64,
    pub received: u64,
    /// Of the replies, in seconds.
    sum: f64,
    /// What was said instead of a reply.
    pub message: Option<String>,
}

impl Cell {
    pub(super) fn reply(&mut self, rtt: f64) {
        self.received += 1;
        self.sum += rtt;
    }

    /// The mean round-trip time in seconds.
    pub fn rtt(&self) -> Option<f64> {
        (self.received > 0).then(|| self.sum / self.received as f64)
    }

    pub fn lost(&self) -> u64 {
        self.sent - self.received
    }
}

/// All of them, by the numbers of the hosts.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub names: Vec<String>,
    pub addresses: Vec<IpAddr>,
    cells: Vec<Cell>,
    /// Seconds.
    pub time: f64,
}

impl Matrix {
    pub(super) fn new(names: Vec<String>, addresses: Vec<IpAddr>) -> Self {
        let count = names.len();
        Matrix { names, addresses, cells: vec![Cell::default(); count * count], time: 0.0 }
    }

    pub(super) fn cell_mut(&mut self, from: usize, to: usize) -> &mut Cell {
        let count = self.names.len();
        &mut self.cells[from * count + to]
    }

    pub fn cell(&self, from: usize, to: usize) -> &Cell {
        &self.cells[from * self.names.len() + to]
    }

    /// Each host with each other one.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize, &Cell)> {
        let count = self.names.len();
        (0..count).flat_map(move |from| {
            (0..count).filter(move |to| *to != from).map(move |to| (from, to, self.cell(from, to)))
        })
    }

    pub fn sent(&self) -> u64 {
        self.cells.iter().map(|cell| cell.sent).sum()
    }

    pub fn received(&self) -> u64 {
        self.cells.iter().map(|cell| cell.received).sum()
    }

    /// The share of requests without a reply, 0 to 1.
    pub fn loss(&self) -> f64 {
        let lost = self.sent() - self.received();
        lost as f64 / self.sent().max(1) as f64
    }

    /// A host whose requests, and those to it, were all lost.
    pub fn is_cut(&self, host: usize) -> bool {
        let mut own = self.pairs().filter(|(from, to, _)| *from == host || *to == host).peekable();
        own.peek().is_some() && own.all(|(_, _, cell)| cell.received == 0)
    }

    fn shown(&self, cell: &Cell) -> String {
        let short = self.names.len() > WITH_TIMES;
        match (cell.rtt(), cell.lost()) {
            (None, _) => if short { "X" } else { "lost" }.to_owned(),
            (_, lost) if lost > 0 => {
                if short {
                    "o".to_owned()
                } else {
                    format!("-{lost}")
                }
            }
            (Some(_), _) if short => ".".to_owned(),
            (Some(rtt), _) => format!("{:.3}", rtt * 1e3),
        }
    }

    fn rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.names.len() > WITH_TIMES;
        let width = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        let column = if short { 1 } else { width };
        if !short {
            let head: Vec<String> = self.names.iter().map(|name| format!("{name:>column$}")).collect();
            writeln!(f, "{:width$}  {}   (ms)", "", head.join("  "))?;
        }
        for (from, name) in self.names.iter().enumerate() {
            let cells = (0..self.names.len()).map(|to| match from == to {
                true => format!("{:>column$}", "-"),
                false => format!("{:>column$}", self.shown(self.cell(from, to))),
            });
            let cells: Vec<String> = cells.collect();
            writeln!(f, "{name:width$}  {}", cells.join(if short { " " } else { "  " }))?;
        }
        Ok(())
    }

    /// The losses in words; those of a host that is cut off in one.
    fn losses(&self) -> Vec<String> {
        let cut: Vec<bool> = (0..self.names.len()).map(|host| self.is_cut(host)).collect();
        let name = |host: usize| &self.names[host];
        let hosts = (0..self.names.len()).filter(|host| cut[*host]);
        let mut lines: Vec<String> = hosts.map(|host| format!("{}: nobody reaches it", name(host))).collect();
        let others = self.pairs().filter(|(from, to, cell)| cell.lost() > 0 && !cut[*from] && !cut[*to]);
        lines.extend(others.map(|(from, to, cell)| {
            let said = cell.message.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            format!("{} -> {}: {} of {} lost{said}", name(from), name(to), cell.lost(), cell.sent)
        }));
        lines
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows(f)?;
        let losses = self.losses();
        for line in losses.iter().take(NAMED) {
            writeln!(f, "{line}")?;
        }
        if losses.len() > NAMED {
            writeln!(f, "... and {} more", losses.len() - NAMED)?;
        }
        let (sent, received, loss) = (self.sent(), self.received(), self.loss() * 100.0);
        write!(
            f,
            "{} hosts: {sent} sent, {received} received, {loss:.1}% lost, {:.2} s",
            self.names.len(),
            self.time
        )
    }
}

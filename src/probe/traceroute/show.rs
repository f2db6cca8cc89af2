//! The way as traceroute(8) prints it.

use std::fmt;
use std::net::IpAddr;

use super::{Answer, Hop, Trace};

impl Trace {
    /// `r1 (10.0.0.1)`, or the address alone.
    fn host(&self, ip: IpAddr) -> String {
        match self.owners.get(&ip) {
            Some(name) => format!("{name} ({ip})"),
            None => format!("{ip} ({ip})"),
        }
    }

    fn line(&self, hop: &Hop) -> String {
        let mut line = format!("{:>2} ", hop.ttl);
        let mut last = None;
        for Answer { from, rtt, sign, .. } in &hop.answers {
            if last != Some(from) {
                line.push_str(&format!(" {}", self.host(*from)));
                last = Some(from);
            }
            line.push_str(&format!("  {:.3} ms", rtt * 1e3));
            if let Some(sign) = sign {
                line.push_str(&format!(" {sign}"));
            }
        }
        line.push_str(&" *".repeat(hop.sent - hop.answers.len()));
        line
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trace { name, addr, max, length, .. } = self;
        write!(f, "traceroute to {name} ({addr}), {max} hops max, {length} byte packets")?;
        let silent = |hop: &&Hop| hop.answer().is_none();
        let tail = if self.reached { 0 } else { self.hops.iter().rev().take_while(silent).count() };
        let shown = self.hops.len() - tail;
        for hop in &self.hops[..shown] {
            write!(f, "\n{}", self.line(hop))?;
        }
        match (tail, self.hops.get(shown)) {
            (0, _) | (_, None) => Ok(()),
            (1, Some(hop)) => write!(f, "\n{}", self.line(hop)),
            // Thirty lines of stars say no more than one.
            (_, Some(hop)) => write!(f, "\n{} (no answer up to {max})", self.line(hop)),
        }
    }
}

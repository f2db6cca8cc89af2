//! A verdict as it prints.

use std::fmt;

use super::fault::{Fault, Way};
use super::packet::Proto;
use super::{Hop, Verdict};

impl Verdict {
    /// `nms1 -> 8.8.8.8   icmp echo`
    fn title(&self) -> String {
        let what = match self.proto {
            Proto::Icmp => "icmp echo",
            Proto::Tcp => "tcp connection",
            Proto::Udp => "udp datagram",
        };
        let address = self.addr.to_string();
        let address = if self.to.contains(&address) { String::new() } else { format!(" ({address})") };
        format!("{} -> {}{address}   {what}", self.from, self.to)
    }

    /// `LOST in host`, or that all is well.
    fn result(&self) -> String {
        let back = |fault: &Fault| if fault.way == Way::Back { " on the way back" } else { "" };
        match (self.ok, self.faults.first()) {
            (true, _) => match self.time {
                Some(time) => format!("OK {:.3} ms", time * 1e3),
                None => "OK".to_owned(),
            },
            (false, Some(fault)) => format!("LOST in {}{}", fault.namespace, back(fault)),
            (false, None) => "LOST".to_owned(),
        }
    }

    /// The hops that are told: up to the first fault, or to where the probe was seen last.
    fn told(&self) -> &[Hop] {
        let end = match (self.ok, self.faults.first()) {
            (true, _) => self.hops.len(),
            (false, Some(fault)) => fault.after,
            (false, None) => self.hops.iter().rposition(|hop| hop.seen).map_or(0, |last| last + 1),
        };
        &self.hops[..end.min(self.hops.len())]
    }

    /// The faults and what repairs them, a line each, for failures of checks.
    pub fn reasons(&self) -> Vec<String> {
        let lines = self.faults.iter().flat_map(|fault| {
            let fix = fault.fix().map(|fix| format!("fix: {fix}"));
            [Some(fault.to_string()), fix].into_iter().flatten()
        });
        lines.collect()
    }

    fn unexplained(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.seen.iter().rev().find(|seen| seen.way == Way::Back).or(self.seen.last());
        match last {
            Some(seen) => {
                let direction = if seen.inward { "in" } else { "out" };
                let back = if seen.way == Way::Back { ", on the way back" } else { "" };
                write!(
                    f,
                    "\n  ?  no cause found; last seen at {} {} {direction}: {} > {}{back}",
                    seen.namespace, seen.dev, seen.src, seen.dst
                )?;
            }
            None => write!(f, "\n  ?  no cause found; it was seen on no link")?,
        }
        match &self.said {
            Some(said) => write!(f, "\n     {said}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<71} {}", self.title(), self.result())?;
        let told = self.told();
        let width = |text: fn(&Hop) -> &str| told.iter().map(|hop| text(hop).len()).max().unwrap_or(0);
        let (names, devs) = (width(|hop| &hop.namespace).max(8), width(|hop| &hop.dev).max(4));
        let packets = told.iter().map(|hop| hop.packet.len()).max().unwrap_or(0);
        let mut way = Way::Forth;
        for (n, hop) in told.iter().enumerate() {
            if hop.way != way {
                way = hop.way;
                write!(f, "\n     back")?;
            }
            let direction = if hop.inward { "in " } else { "out" };
            let line = format!(
                "{:>3}  {:<names$}  {:<devs$}  {direction}  {:<packets$}  {}",
                n + 1,
                hop.namespace,
                hop.dev,
                hop.packet,
                hop.note
            );
            write!(f, "\n{}", line.trim_end())?;
        }
        for fault in &self.faults {
            let back = if fault.way == Way::Back { "on the way back: " } else { "" };
            write!(f, "\n  x  {:<names$}  {back}{}", fault.namespace, fault.text())?;
            if let (Some(fix), Some(command)) = (fault.fix(), fault.command()) {
                write!(f, "\n     fix: {fix}      # {command}")?;
            }
        }
        match !self.ok && self.faults.is_empty() {
            true => self.unexplained(f),
            false => Ok(()),
        }
    }
}

//! What came of a ping: counts, times, and each reply and refusal.

use std::fmt;
use std::net::IpAddr;

use super::outage::{Outage, Outages};
use crate::base::error::Error;

/// So many replies, and so many errors, are kept one by one at least; of runs more than twice as long only the last
/// ones. Counts and times are those of all.
pub const KEPT: usize = 32_768;

/// One echo reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The request's number, from 1.
    pub seq: u64,
    pub from: IpAddr,
    /// The time to live, or hop limit, that was left.
    pub ttl: Option<u8>,
    /// Seconds.
    pub rtt: f64,
    /// Bytes of ICMP, its header of 8 included, as `ping` tells them.
    pub size: usize,
    /// A reply to a request that had been answered already.
    pub duplicate: bool,
}

/// One request that was refused by a host on the way, or by this one.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub seq: u64,
    /// Who said so; none if the request didn't leave this host.
    pub from: Option<IpAddr>,
    /// ICMP's type and code; none for a local error.
    pub code: Option<(u8, u8)>,
    pub message: String,
    /// The MTU that was told with "fragmentation needed" or "packet too big".
    pub mtu: Option<u32>,
    /// The kernel's error, if the request didn't leave this host.
    pub local: Option<Error>,
}

/// Round-trip times of all replies, duplicates included, as `ping` sums them up. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rtt {
    pub min: f64,
    pub avg: f64,
    pub max: f64,
    /// The standard deviation, sqrt(avg(rtt^2) - avg(rtt)^2).
    pub mdev: f64,
}

/// The sums that [`Rtt`] is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
    min: f64,
    max: f64,
}

/// The result of a ping, also of one that still runs.
#[derive(Clone, Debug)]
pub struct Report {
    /// The target as it was asked for.
    pub name: String,
    pub addr: IpAddr,
    /// Bytes of payload.
    pub size: usize,
    pub sent: u64,
    pub received: u64,
    pub duplicates: u64,
    /// How many requests were refused.
    pub refused: u64,
    /// Requests that may still be answered: only in a run that was stopped or still runs.
    pub outstanding: u64,
    /// Seconds from the first request to the last event.
    pub time: f64,
    /// None without a reply.
    pub rtt: Option<Rtt>,
    pub replies: Vec<Reply>,
    pub errors: Vec<Refusal>,
    /// Runs of lost requests, of a result that is handed out.
    pub outages: Vec<Outage>,
    pub(super) tracked: Outages,
    sums: Sums,
}

impl Report {
    pub fn new(name: String, addr: IpAddr, size: usize) -> Self {
        Report {
            name,
            addr,
            size,
            sent: 0,
            received: 0,
            duplicates: 0,
            refused: 0,
            outstanding: 0,
            time: 0.0,
            rtt: None,
            replies: Vec::new(),
            errors: Vec::new(),
            outages: Vec::new(),
            tracked: Outages::default(),
            sums: Sums::default(),
        }
    }

    /// The share of requests without a reply, 0 to 1, of those that had their time; 0 if none had.
    pub fn loss(&self) -> f64 {
        match self.sent - self.outstanding.min(self.sent) {
            0 => 0.0,
            decided => 1.0 - self.received.min(decided) as f64 / decided as f64,
        }
    }

    pub(super) fn with_outages(mut self) -> Self {
        self.outages = self.tracked.so_far(self.sent - self.outstanding.min(self.sent), self.time);
        self
    }

    /// The outage that took longest.
    pub fn longest_outage(&self) -> Option<&Outage> {
        self.outages.iter().max_by(|a, b| a.time().total_cmp(&b.time()))
    }

    pub(super) fn add_reply(&mut self, reply: Reply) {
        if reply.duplicate {
            self.duplicates += 1;
        } else {
            self.received += 1;
        }
        let s = &mut self.sums;
        s.min = if s.count == 0.0 { reply.rtt } else { s.min.min(reply.rtt) };
        s.max = s.max.max(reply.rtt);
        s.count += 1.0;
        s.sum += reply.rtt;
        s.squares += reply.rtt * reply.rtt;
        let Sums { count, sum, squares, min, max } = *s;
        let avg = sum / count;
        self.rtt = Some(Rtt { min, avg, max, mdev: (squares / count - avg * avg).max(0.0).sqrt() });
        push(&mut self.replies, reply);
    }

    pub(super) fn add_refusal(&mut self, refusal: Refusal) {
        self.refused += 1;
        push(&mut self.errors, refusal);
    }
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == 2 * KEPT {
        list.drain(..KEPT);
    }
    list.push(item);
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes from {}: icmp_seq={}", self.size, self.from, self.seq)?;
        if let Some(ttl) = self.ttl {
            write!(f, " ttl={ttl}")?;
        }
        let ms = self.rtt * 1e3;
        // Three digits that count, as ping shows them.
        let digits = [1.0, 10.0, 100.0].iter().filter(|least| ms < **least).count();
        write!(f, " time={ms:.digits$} ms")?;
        if self.duplicate { f.write_str(" (DUP!)") } else { Ok(()) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            Some(from) => write!(f, "From {from} icmp_seq={} {}", self.seq, self.message),
            None => write!(f, "icmp_seq={} local error: {}", self.seq, self.message),
        }
    }
}

/// The summary that `ping` ends with; with `{:#}` all of its output.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let header = if self.addr.is_ipv4() { 28 } else { 48 };
            writeln!(
                f,
                "PING {} ({}) {}({}) bytes of data.",
                self.name,
                self.addr,
                self.size,
                self.size + header
            )?;
            // In the order of the requests, as far as they are told apart.
            let (mut replies, mut errors) = (self.replies.iter().peekable(), self.errors.iter().peekable());
            loop {
                match (replies.peek(), errors.peek()) {
                    (None, None) => break,
                    (Some(reply), error) if error.is_none_or(|e| reply.seq <= e.seq) => {
                        writeln!(f, "{reply}")?;
                        replies.next();
                    }
                    _ => {
                        if let Some(error) = errors.next() {
                            writeln!(f, "{error}")?;
                        }
                    }
                }
            }
            writeln!(f)?;
        }
        writeln!(f, "--- {} ping statistics ---", self.name)?;
        write!(f, "{} packets transmitted, {} received", self.sent, self.received)?;
        if self.duplicates > 0 {
            write!(f, ", +{} duplicates", self.duplicates)?;
        }
        if self.refused > 0 {
            write!(f, ", +{} errors", self.refused)?;
        }
        write!(f, ", {}% packet loss, time {:.0}ms", significant(self.loss() * 100.0), self.time * 1e3)?;
        if let Some(outage) = self.longest_outage().filter(|outage| outage.over) {
            let (ms, lost) = (outage.time() * 1e3, outage.lost());
            write!(f, "\nlongest outage {ms:.0} ms, {:.3} s after the start: {lost} lost", outage.at)?;
        }
        if let Some(Rtt { min, avg, max, mdev }) = self.rtt {
            let [min, avg, max, mdev] = [min, avg, max, mdev].map(|s| s * 1e3);
            write!(f, "\nrtt min/avg/max/mdev = {min:.3}/{avg:.3}/{max:.3}/{mdev:.3} ms")?;
        }
        Ok(())
    }
}

/// Six digits that count at most, as C's `%g`: 33.3333, 50, 0.
fn significant(value: f64) -> String {
    let digits = if value >= 100.0 {
        3
    } else if value >= 10.0 {
        4
    } else {
        5
    };
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rtts: &[f64], sent: u64) -> Report {
        let mut report = Report::new("8.8.8.8".into(), "8.8.8.8".parse().unwrap(), 56);
        report.sent = sent;
        report.time = 1.002;
        for (i, rtt) in rtts.iter().enumerate() {
            let (seq, from) = (i as u64 + 1, report.addr);
            report.add_reply(Reply { seq, from, ttl: Some(63), rtt: *rtt, size: 64, duplicate: false });
        }
        report
    }

    #[test]
    fn the_summary_of_the_tutorial() {
        assert_eq!(
            report(&[0.001625, 0.001700], 2).to_string(),
            "--- 8.8.8.8 ping statistics ---\n\
             2 packets transmitted, 2 received, 0% packet loss, time 1002ms\n\
             rtt min/avg/max/mdev = 1.625/1.662/1.700/0.037 ms"
        );
    }

    #[test]
    fn loss_and_refusals() {
        let mut report = report(&[0.001], 3);
        report.add_refusal(Refusal {
            seq: 2,
            from: Some("10.0.0.1".parse().unwrap()),
            code: Some((11, 0)),
            message: "Time to live exceeded".into(),
            mtu: None,
            local: None,
        });
        assert_eq!(
            format!("{report:#}"),
            "PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\n\
             64 bytes from 8.8.8.8: icmp_seq=1 ttl=63 time=1.00 ms\n\
             From 10.0.0.1 icmp_seq=2 Time to live exceeded\n\n\
             --- 8.8.8.8 ping statistics ---\n\
             3 packets transmitted, 1 received, +1 errors, 66.6667% packet loss, time 1002ms\n\
             rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms"
        );
    }

    #[test]
    fn outstanding_requests_are_not_lost() {
        let mut report = report(&[0.001], 2);
        report.outstanding = 1;
        assert_eq!(report.loss(), 0.0);
        assert_eq!(Report::new("x".into(), report.addr, 0).loss(), 0.0);
        assert_eq!(Report::new("x".into(), report.addr, 0).rtt, None);
    }

    #[test]
    fn percentages() {
        for (value, text) in
            [(0.0, "0"), (100.0, "100"), (50.0, "50"), (100.0 / 3.0, "33.3333"), (0.5, "0.5")]
        {
            assert_eq!(significant(value), text);
        }
    }
}

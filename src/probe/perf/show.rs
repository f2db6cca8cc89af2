//! A measurement as iperf3 prints it.

use std::fmt;

use super::{Part, Perf, Proto, Way};

const KIBI: f64 = 1024.0;

/// A number with three digits or four, and its unit: `1.10 GBytes`.
fn scaled(mut value: f64, step: f64, units: [&str; 5]) -> String {
    let mut unit = 0;
    while value >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {}", units[unit])
}

fn bytes(count: u64) -> String {
    scaled(count as f64, KIBI, ["Bytes", "KBytes", "MBytes", "GBytes", "TBytes"])
}

fn rate(bits: f64) -> String {
    scaled(bits, 1000.0, ["bits/sec", "Kbits/sec", "Mbits/sec", "Gbits/sec", "Tbits/sec"])
}

/// The heading of the columns.
pub fn heading(proto: Proto) -> String {
    let rest = match proto {
        Proto::Tcp => "Retr   Cwnd",
        Proto::Udp => "Jitter     Lost/Total Datagrams",
    };
    format!("[ ID] Interval           Transfer     Bitrate         {rest}")
}

/// A line of a stream, as seen by the receiver; or of all of them. A sender's window is of a moment.
pub fn line(id: &str, part: &Part, cwnd: bool) -> String {
    let mut line = columns(id, part, part.bytes, part.rate());
    if let Some(tcp) = &part.tcp {
        line.push_str(&format!("{:>4}", tcp.retransmits));
        if cwnd {
            line.push_str(&format!("   {}", bytes(tcp.cwnd)));
        }
    }
    if let Some(udp) = &part.udp {
        let (lost, total) = (udp.lost, udp.received + udp.lost);
        let share = scaled_share(udp.loss());
        line.push_str(&format!("{:.3} ms   {lost}/{total} ({share}%)", udp.jitter * 1e3));
    }
    line
}

fn columns(id: &str, part: &Part, count: u64, bits: f64) -> String {
    let span = format!("{:.2}-{:.2}", part.start, part.end);
    format!("[{id:>3}] {span:>13}  sec  {:<12} {:<15} ", bytes(count), rate(bits))
}

/// As C's `%.2g`.
fn scaled_share(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p == 0.0 || p >= 9.95 => format!("{p:.0}"),
        p if p >= 0.995 => format!("{p:.1}"),
        p => format!("{p:.2}"),
    }
}

impl Way {
    fn write(&self, f: &mut fmt::Formatter<'_>, proto: Proto) -> fmt::Result {
        write!(f, "\n{}", heading(proto))?;
        let single = self.streams.len() == 1;
        let all = if single { "1" } else { "SUM" };
        for part in self.intervals.iter().filter(|_| self.intervals.len() > 1) {
            write!(f, "\n{}", line(all, part, true))?;
        }
        if self.intervals.len() > 1 {
            write!(f, "\n{}", "- ".repeat(25).trim_end())?;
        }
        for (i, part) in self.streams.iter().enumerate().filter(|_| !single) {
            write!(f, "\n{}", line(&(i + 1).to_string(), part, false))?;
        }
        let sender = columns(all, &self.total, self.total.sent, self.total.sent_rate());
        write!(f, "\n{sender}    sender, {}", self.from)?;
        write!(f, "\n{}    receiver, {}", line(all, &self.total, false), self.to)?;
        if let Some(rtt) = &self.rtt {
            let [min, avg, max] = [rtt.min, rtt.avg, rtt.max].map(|rtt| rtt * 1e3);
            write!(f, "\nrtt min/avg/max = {min:.3}/{avg:.3}/{max:.3} ms")?;
        }
        Ok(())
    }
}

impl fmt::Display for Perf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Way { from, to, streams, .. } = &self.way;
        let proto = if self.proto == Proto::Tcp { "tcp" } else { "udp" };
        let arrow = if self.back.is_some() { "<->" } else { "->" };
        let plural = if streams.len() == 1 { "" } else { "s" };
        write!(f, "{proto} {from} {arrow} {to}, {} port {}", self.addr.ip(), self.addr.port())?;
        write!(f, ", {} stream{plural}", streams.len())?;
        self.way.write(f, self.proto)?;
        self.back.as_ref().map_or(Ok(()), |back| back.write(f, self.proto))
    }
}

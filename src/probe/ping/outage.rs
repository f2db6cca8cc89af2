//! When a ping had no replies: runs of requests that were lost, between two that were replied to.

/// Requests that were lost one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    /// The first and the last one.
    pub first: u64,
    pub last: u64,
    /// When the first one was sent, in seconds after the first request of all.
    pub at: f64,
    /// When the next one was sent that was replied to; for an outage without an end, when it was last looked.
    pub end: f64,
    /// It ended.
    pub over: bool,
}

impl Outage {
    pub fn lost(&self) -> u64 {
        self.last - self.first + 1
    }

    /// How long it took, in seconds.
    pub fn time(&self) -> f64 {
        self.end - self.at
    }
}

/// All of them so far.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    list: Vec<Outage>,
    /// The last request that was replied to, by its number.
    replied: u64,
    /// When the first one was sent that was lost after that.
    silent: Option<f64>,
}

impl Outages {
    /// Request number `seq` was replied to; `sent` tells when a request was sent.
    pub fn reply(&mut self, seq: u64, sent: impl Fn(u64) -> Option<f64>) {
        let at = |seq: u64| sent(seq).unwrap_or_default();
        if seq < self.replied {
            return self.late(seq, at);
        }
        if seq > self.replied + 1 {
            let first = self.replied + 1;
            // One that couldn't even be sent has no time of its own.
            let began = sent(first).or(self.silent).unwrap_or_else(|| at(seq));
            self.list.push(Outage { first, last: seq - 1, at: began, end: at(seq), over: true });
        }
        self.replied = seq;
        self.silent = None;
    }

    /// A reply that came after one to a later request.
    fn late(&mut self, seq: u64, at: impl Fn(u64) -> f64) {
        let Some(index) = self.list.iter().position(|o| (o.first..=o.last).contains(&seq)) else { return };
        let whole = self.list.remove(index);
        let before = Outage { last: seq - 1, end: at(seq), ..whole.clone() };
        let after = Outage { first: seq + 1, at: at(seq + 1), ..whole };
        let parts = [before, after].into_iter().filter(|part| part.first <= part.last);
        self.list.splice(index..index, parts);
    }

    /// Request number `seq`, sent at this time, is lost.
    pub fn lost(&mut self, seq: u64, at: f64) {
        if seq > self.replied {
            self.silent.get_or_insert(at);
        }
    }

    /// With the one that still lasts: `decided` requests had their time, and it is this late.
    pub fn so_far(&self, decided: u64, now: f64) -> Vec<Outage> {
        let (first, last) = (self.replied + 1, decided);
        let open = self.silent.filter(|_| first <= last);
        let open = open.map(|at| Outage { first, last, at, end: now.max(at), over: false });
        self.list.iter().cloned().chain(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request each second.
    fn sent(seq: u64) -> Option<f64> {
        Some(seq as f64 - 1.0)
    }

    fn told(outages: &Outages, decided: u64) -> Vec<(u64, u64, f64)> {
        outages.so_far(decided, 20.0).iter().map(|o| (o.first, o.last, o.time())).collect()
    }

    #[test]
    fn what_is_lost_between_two_replies_is_an_outage() {
        let mut outages = Outages::default();
        for seq in [1, 2, 5, 6, 10] {
            outages.reply(seq, sent);
        }
        assert_eq!(told(&outages, 10), [(3, 4, 2.0), (7, 9, 3.0)]);
        // A late reply ends it earlier, or divides it.
        outages.reply(8, sent);
        assert_eq!(told(&outages, 10), [(3, 4, 2.0), (7, 7, 1.0), (9, 9, 1.0)]);
        outages.reply(3, sent);
        assert_eq!(told(&outages, 10), [(4, 4, 1.0), (7, 7, 1.0), (9, 9, 1.0)]);
    }

    #[test]
    fn one_without_an_end_lasts_until_now() {
        let mut outages = Outages::default();
        assert_eq!(told(&outages, 0), []);
        outages.reply(1, sent);
        // Not lost yet.
        assert_eq!(told(&outages, 1), []);
        outages.lost(2, 1.0);
        outages.lost(3, 2.0);
        assert_eq!(told(&outages, 3), [(2, 3, 19.0)]);
        outages.reply(4, sent);
        assert_eq!(told(&outages, 4), [(2, 3, 2.0)]);
    }
}

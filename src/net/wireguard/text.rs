//! A WireGuard link as `wg show` prints it.

use std::fmt;

use super::{Device, Peer};
use crate::model::Field;

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interface: {}", self.dev.as_ref().map_or("", |dev| &dev.0))?;
        if let Some(key) = self.public_key {
            write!(f, "\n  public key: {key}\n  private key: (hidden)")?;
        }
        if let Some(port) = self.listen_port {
            write!(f, "\n  listening port: {}", port.0)?;
        }
        if let Some(mark) = self.fwmark.filter(|mark| mark.0 != 0) {
            write!(f, "\n  fwmark: {:#x}", mark.0)?;
        }
        self.peers.iter().try_for_each(|peer| write!(f, "\n\n{peer}"))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer: {}", self.public_key.map_or_else(String::new, |key| key.to_string()))?;
        if self.preshared_key.is_some() {
            f.write_str("\n  preshared key: (hidden)")?;
        }
        if let Some(end) = self.endpoint {
            write!(f, "\n  endpoint: {}", end.0)?;
        }
        let allowed = self.allowed_ips.as_ref().map(|ips| ips.word().replace(',', ", "));
        write!(
            f,
            "\n  allowed ips: {}",
            allowed.filter(|ips| !ips.is_empty()).unwrap_or("(none)".to_owned())
        )?;
        if self.latest_handshake.is_some() {
            let count = |count: Option<crate::net::link::Count>| count.map_or(0, |count| count.0);
            write!(f, "\n  transfer: {} B received, {} B sent", count(self.rx_bytes), count(self.tx_bytes))?;
        }
        match self.persistent_keepalive.filter(|keepalive| keepalive.0 != 0) {
            Some(keepalive) => write!(f, "\n  persistent keepalive: every {} seconds", keepalive.0),
            None => Ok(()),
        }
    }
}

//! Numbers that have names: iproute2's files for routing tables, protocols, scopes and link groups, and the
//! built-in names that they begin with.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use crate::base::error::{Error, Result};
pub use crate::base::text::similar;
use crate::model::{Give, Values};

/// One of iproute2's tables of names.
pub struct Names {
    /// The file's name in `/etc/iproute2`, and the word for errors.
    file: &'static str,
    word: &'static str,
    builtin: &'static [(u32, &'static str)],
    most: u32,
}

/// Routing tables, RT_TABLE_* in linux/rtnetlink.h.
pub const TABLES: Names = Names {
    file: "rt_tables",
    word: "routing table",
    builtin: &[(0, "unspec"), (253, "default"), (254, "main"), (255, "local")],
    most: u32::MAX,
};

/// Who made a route or an address, RTPROT_* in linux/rtnetlink.h.
pub const PROTOCOLS: Names = Names {
    file: "rt_protos",
    word: "routing protocol",
    builtin: &[
        (0, "unspec"),
        (1, "redirect"),
        (2, "kernel"),
        (3, "boot"),
        (4, "static"),
        (8, "gated"),
        (9, "ra"),
        (10, "mrt"),
        (11, "zebra"),
        (12, "bird"),
        (13, "dnrouted"),
        (14, "xorp"),
        (15, "ntk"),
        (16, "dhcp"),
        (17, "mrouted"),
        (18, "keepalived"),
        (42, "babel"),
        (84, "ovn"),
        (99, "openr"),
        (186, "bgp"),
        (187, "isis"),
        (188, "ospf"),
        (189, "rip"),
        (192, "eigrp"),
    ],
    most: 255,
};

/// Who made an address, IFAPROT_* in linux/if_addr.h.
pub const ADDRESS_PROTOCOLS: Names = Names {
    file: "rt_addrprotos",
    word: "address protocol",
    builtin: &[(0, "unspec"), (1, "kernel_lo"), (2, "kernel_ra"), (3, "kernel_ll")],
    most: 255,
};

/// How far an address or route reaches, RT_SCOPE_* in linux/rtnetlink.h.
pub const SCOPES: Names = Names {
    file: "rt_scopes",
    word: "scope",
    builtin: &[(0, "global"), (255, "nowhere"), (254, "host"), (253, "link"), (200, "site")],
    most: 255,
};

/// Realms of routes.
pub const REALMS: Names = Names { file: "rt_realms", word: "realm", builtin: &[(0, "cosmos")], most: 65535 };

/// Types of service.
pub const DSFIELD: Names = Names { file: "rt_dsfield", word: "type of service", builtin: &[], most: 255 };

/// Groups of links.
pub const GROUPS: Names =
    Names { file: "group", word: "link group", builtin: &[(0, "default")], most: u32::MAX };

impl Names {
    /// The number of `name`, which may be a number in digits (decimal, or hexadecimal after 0x).
    pub fn number(&self, name: &str) -> Result<u32> {
        let digits = match name.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => name.parse().ok().filter(|_| name.bytes().all(|b| b.is_ascii_digit())),
        };
        if let Some(number) = digits {
            return self.checked(number);
        }
        if let Some((number, _)) = self.builtin.iter().find(|(_, n)| *n == name) {
            return Ok(*number);
        }
        let found = self.configured().iter().find(|(_, n)| n == name).map(|(number, _)| *number);
        found.ok_or_else(|| {
            let known = self.all();
            let error = Error::argument(format!("unknown {} {name:?}", self.word));
            match similar(name, known.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error.hint("give its number, or a name from /etc/iproute2"),
            }
        })
    }

    /// The highest number.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// All names that there are.
    pub fn all(&self) -> Vec<String> {
        let builtin = self.builtin.iter().map(|(_, name)| (*name).to_owned());
        builtin.chain(self.configured().iter().map(|(_, name)| name.clone())).collect()
    }

    /// Checks a number's range.
    pub fn checked(&self, number: u32) -> Result<u32> {
        if number > self.most {
            return Err(Error::argument(format!("a {} is from 0 to {}, got {number}", self.word, self.most)));
        }
        Ok(number)
    }

    /// The name of `number`, or the number in digits.
    pub fn name(&self, number: u32) -> String {
        match self.builtin(number) {
            Some(name) => name.to_owned(),
            None => self.found(number).unwrap_or_else(|| number.to_string()),
        }
    }

    /// Writes what [`Names::name`] returns.
    pub fn write(&self, number: u32, to: &mut Values) {
        match self.builtin(number) {
            Some(name) => name.give(to),
            None => self.name(number).give(to),
        }
    }

    fn builtin(&self, number: u32) -> Option<&'static str> {
        self.builtin.iter().find(|(n, _)| *n == number).map(|(_, name)| *name)
    }

    fn found(&self, number: u32) -> Option<String> {
        self.configured().iter().find(|(n, _)| *n == number).map(|(_, name)| name.clone())
    }

    /// The name of `number`, or the number in hexadecimal.
    pub fn hexadecimal(&self, number: u32) -> String {
        self.found(number).unwrap_or_else(|| format!("{number:#04x}"))
    }

    /// What the machine's files say; empty where there are none. `/etc` goes before the distribution's own.
    fn configured(&self) -> Configured {
        let known = READ.with_borrow(|read| read.files.get(self.file).cloned());
        known.unwrap_or_else(|| {
            let found: Configured = self.read_files().into();
            READ.with_borrow_mut(|read| {
                if read.holders > 0 {
                    read.files.insert(self.file, found.clone());
                }
            });
            found
        })
    }

    fn read_files(&self) -> Vec<(u32, String)> {
        let mut out = Vec::new();
        for directory in ["/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"] {
            let base = Path::new(directory);
            read_file(&base.join(self.file), &mut out);
            let Ok(more) = std::fs::read_dir(base.join(format!("{}.d", self.file))) else { continue };
            for entry in more.filter_map(|e| e.ok()) {
                if entry.path().extension().is_some_and(|e| e == "conf") {
                    read_file(&entry.path(), &mut out);
                }
            }
        }
        out
    }
}

/// Numbers and their names.
type Configured = Rc<[(u32, String)]>;

/// What files were found to say.
#[derive(Default)]
struct Read {
    holders: usize,
    files: HashMap<&'static str, Configured>,
}

thread_local! {
    static READ: RefCell<Read> = RefCell::default();
}

/// While it is there, each file is read once: for the names of a whole list. A file that is changed is read anew by
/// the next list.
pub struct Hold(());

impl Hold {
    pub fn begin() -> Self {
        READ.with_borrow_mut(|read| read.holders += 1);
        Hold(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        READ.with_borrow_mut(|read| {
            read.holders -= 1;
            if read.holders == 0 {
                read.files.clear();
            }
        });
    }
}

/// Lines of a number and a name; `#` begins a comment.
fn read_file(path: &Path, out: &mut Vec<(u32, String)>) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let (Some(number), Some(name)) = (words.next(), words.next()) else { continue };
        let number = match number.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        if let Ok(number) = number {
            out.push((number, name.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(TABLES.number("main").unwrap(), 254);
        assert_eq!(TABLES.number("0x100").unwrap(), 256);
        assert_eq!(TABLES.name(255), "local");
        assert_eq!(TABLES.name(4242), "4242");
        assert_eq!(PROTOCOLS.number("bgp").unwrap(), 186);
        assert!(PROTOCOLS.number("256").is_err());
        assert!(SCOPES.number("-1").is_err());
        assert_eq!(
            TABLES.number("mian").unwrap_err().to_string(),
            "unknown routing table \"mian\"\n  hint: did you mean \"main\"?"
        );
    }

    #[test]
    fn files_are_read_once_while_they_are_held() {
        let read = || TABLES.configured();
        assert!(!Rc::ptr_eq(&read(), &read()));
        let hold = Hold::begin();
        let first = read();
        drop(Hold::begin());
        assert!(Rc::ptr_eq(&first, &read()));
        drop(hold);
        assert!(!Rc::ptr_eq(&first, &read()));
    }

    #[test]
    fn the_nearest_is_meant() {
        assert_eq!(similar("etho", ["eth0", "eth1", "lo"]), Some("eth0"));
        assert_eq!(similar("br0", ["lo", "wlan0"]), None);
    }
}

//! The one error type for what a user can cause.
//!
//! A floor below Lua fills in what it knows (`kind`, `errno`, `detail`, `hint`); the binder adds the call
//! (`op`), its subject, the namespace and the script's line, so that every message has the same form:
//!
//! ```text
//! route.add "10.9.0.0/16" in ns1: network is unreachable (ENETUNREACH): Nexthop has invalid gateway
//!   hint: no interface of ns1 has an address in the subnet of 10.9.9.9
//! ```

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use nix::errno::Errno;

use crate::base::text;

/// Short for a result whose error a user can cause.
pub type Result<T> = std::result::Result<T, Error>;

/// Prints the error and its context on stderr; returns `status`, for nsh to exit with.
pub fn complain(e: &(dyn std::error::Error + 'static), status: i32) -> i32 {
    // Nobody may read stderr any more; eprintln would panic.
    let _ = writeln!(std::io::stderr(), "nsh: {}", Error::of(e));
    status
}

/// What sort of failure it is; scripts compare it as a string (`e.kind == "exists"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A wrong argument, found before anything reached the kernel.
    Argument,
    /// Refused by the kernel as malformed or out of range (EINVAL, ERANGE, ...).
    Invalid,
    Exists,
    NotFound,
    Permission,
    /// The kernel or this machine lacks the feature.
    Unsupported,
    Busy,
    ReadOnly,
    /// A limit was reached: memory, descriptors, table entries.
    Limit,
    NetworkUnreachable,
    HostUnreachable,
    NetworkDown,
    ConnectionRefused,
    ConnectionReset,
    AddressInUse,
    AddressNotAvailable,
    Timeout,
    Interrupted,
    /// A check of the script failed.
    Check,
    /// A test was left by `skip`.
    Skipped,
    /// A process ended with a status other than 0, or by a signal.
    Exit,
    /// A peer sent what its protocol doesn't allow.
    Protocol,
    /// An input or output error that is none of the above.
    Io,
}

impl Kind {
    /// Every kind, for the documentation and its tests.
    pub const ALL: &[Kind] = &[
        Kind::Argument,
        Kind::Invalid,
        Kind::Exists,
        Kind::NotFound,
        Kind::Permission,
        Kind::Unsupported,
        Kind::Busy,
        Kind::ReadOnly,
        Kind::Limit,
        Kind::NetworkUnreachable,
        Kind::HostUnreachable,
        Kind::NetworkDown,
        Kind::ConnectionRefused,
        Kind::ConnectionReset,
        Kind::AddressInUse,
        Kind::AddressNotAvailable,
        Kind::Timeout,
        Kind::Interrupted,
        Kind::Check,
        Kind::Skipped,
        Kind::Exit,
        Kind::Protocol,
        Kind::Io,
    ];

    /// The name that scripts see.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Argument => "argument",
            Kind::Invalid => "invalid",
            Kind::Exists => "exists",
            Kind::NotFound => "not_found",
            Kind::Permission => "permission",
            Kind::Unsupported => "unsupported",
            Kind::Busy => "busy",
            Kind::ReadOnly => "read_only",
            Kind::Limit => "limit",
            Kind::NetworkUnreachable => "network_unreachable",
            Kind::HostUnreachable => "host_unreachable",
            Kind::NetworkDown => "network_down",
            Kind::ConnectionRefused => "connection_refused",
            Kind::ConnectionReset => "connection_reset",
            Kind::AddressInUse => "address_in_use",
            Kind::AddressNotAvailable => "address_not_available",
            Kind::Timeout => "timeout",
            Kind::Interrupted => "interrupted",
            Kind::Check => "check",
            Kind::Skipped => "skipped",
            Kind::Exit => "exit",
            Kind::Protocol => "protocol",
            Kind::Io => "io",
        }
    }

    fn of(errno: Errno) -> Kind {
        match errno {
            Errno::EEXIST => Kind::Exists,
            Errno::ENOENT | Errno::ENODEV | Errno::ESRCH | Errno::ENXIO => Kind::NotFound,
            Errno::EPERM | Errno::EACCES => Kind::Permission,
            Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::ENOSYS => {
                Kind::Unsupported
            }
            Errno::EBUSY | Errno::ETXTBSY => Kind::Busy,
            Errno::EROFS => Kind::ReadOnly,
            Errno::ENOBUFS
            | Errno::ENOMEM
            | Errno::EMFILE
            | Errno::ENFILE
            | Errno::ENOSPC
            | Errno::EXFULL => Kind::Limit,
            Errno::EINVAL | Errno::ERANGE | Errno::ENAMETOOLONG | Errno::EMSGSIZE => Kind::Invalid,
            Errno::ENETUNREACH => Kind::NetworkUnreachable,
            Errno::EHOSTUNREACH | Errno::EHOSTDOWN => Kind::HostUnreachable,
            Errno::ENETDOWN => Kind::NetworkDown,
            Errno::ECONNREFUSED => Kind::ConnectionRefused,
            Errno::ECONNRESET | Errno::EPIPE | Errno::ECONNABORTED => Kind::ConnectionReset,
            Errno::EADDRINUSE => Kind::AddressInUse,
            Errno::EADDRNOTAVAIL => Kind::AddressNotAvailable,
            Errno::ETIMEDOUT => Kind::Timeout,
            Errno::EINTR => Kind::Interrupted,
            _ => Kind::Io,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Limits of a message's parts, in bytes.
const LONGEST_SUBJECT: usize = 1 << 10;
const LONGEST_DETAIL: usize = 4 << 10;

/// What failed, on what, why, and what to do about it.
#[derive(Clone, Debug)]
pub struct Error(Box<Fields>);

/// The parts of an [`Error`]; public so that the binder can hand them to a script one by one.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The call, such as `route.add`; filled in by the binder unless set.
    pub op: Option<Cow<'static, str>>,
    /// What it was tried on, such as `10.9.0.0/16`; filled in by the binder unless set.
    pub subject: Option<String>,
    /// The namespace in which it was tried, `host` left out.
    pub namespace: Option<String>,
    pub kind: Kind,
    /// The kernel's errno, if the kernel refused.
    pub errno: Option<Errno>,
    /// The kernel's extended ack, or our own explanation where there is no errno.
    pub detail: Option<String>,
    /// What to try.
    pub hint: Option<String>,
    /// Two values side by side, where that says more than the message: lines of `-` and `+`.
    pub diff: Option<String>,
    /// The script's file and line, as `file:line`.
    pub at: Option<String>,
    /// Of a failed check: what changed in the lab since the last passed one, a line each.
    pub changed: Vec<String>,
}

impl Error {
    /// A failure of our own finding: `detail` says what is wrong.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Error(Box::new(Fields {
            op: None,
            subject: None,
            namespace: None,
            kind,
            errno: None,
            detail: Some(detail.into()),
            hint: None,
            diff: None,
            at: None,
            changed: Vec::new(),
        }))
    }

    /// A wrong argument.
    pub fn argument(detail: impl Into<String>) -> Self {
        Self::new(Kind::Argument, detail)
    }

    /// The kernel's refusal.
    pub fn errno(errno: Errno) -> Self {
        let mut e = Self::new(Kind::of(errno), "");
        e.0.detail = None;
        e.0.errno = Some(errno);
        e.0.hint = limit(errno);
        e
    }

    /// One error out of a chain of them, such as the upper floors build by adding context to an [`Error`], an [`Errno`]
    /// or an [`std::io::Error`]: its context comes in front, the outermost first.
    pub fn of(e: &(dyn std::error::Error + 'static)) -> Self {
        let mut context = Vec::new();
        let mut next = Some(e);
        let mut e = loop {
            let Some(e) = next else { break Error::new(Kind::Io, context.pop().unwrap_or_default()) };
            if let Some(own) = e.downcast_ref::<Error>() {
                break own.clone();
            } else if let Some(errno) = e.downcast_ref::<Errno>() {
                break Error::errno(*errno);
            } else if let Some(io) = e.downcast_ref::<std::io::Error>() {
                break Error::of_io(io);
            }
            context.extend(Some(e.to_string()).filter(|text| !text.is_empty()));
            next = e.source();
        };
        context.extend(e.0.op.take().map(Cow::into_owned));
        e.0.op = Some(context.join(": ").into()).filter(|op: &Cow<'_, str>| !op.is_empty());
        e
    }

    fn of_io(e: &std::io::Error) -> Self {
        match e.raw_os_error() {
            Some(n) => Error::errno(Errno::from_raw(n)),
            None if e.kind() == std::io::ErrorKind::TimedOut => Error::new(Kind::Timeout, e.to_string()),
            None => Error::new(Kind::Io, e.to_string()),
        }
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn raw(&self) -> Option<Errno> {
        self.0.errno
    }

    pub fn fields(&self) -> &Fields {
        &self.0
    }

    pub fn fields_mut(&mut self) -> &mut Fields {
        &mut self.0
    }

    /// Says it more precisely than the errno does.
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Adds the kernel's extended ack, or what was being done; an earlier detail goes behind it.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        self.0.detail = Some(match self.0.detail.take() {
            Some(old) if !old.is_empty() => format!("{detail}: {old}"),
            _ => detail,
        });
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(text::shortened(&hint.into(), LONGEST_DETAIL).into_owned());
        self
    }

    /// Tells what changed before it failed.
    pub fn changed(mut self, lines: Vec<String>) -> Self {
        self.0.changed = lines;
        self
    }

    /// Names the call; the first (innermost) name stays.
    pub fn op(mut self, op: impl Into<Cow<'static, str>>) -> Self {
        self.0.op.get_or_insert_with(|| op.into());
        self
    }

    /// Names what it was tried on; the first (innermost) name stays.
    pub fn on(mut self, subject: impl Into<String>) -> Self {
        self.0.subject.get_or_insert_with(|| subject.into());
        self
    }

    /// Names the namespace; the first (innermost) name stays.
    pub fn in_namespace(mut self, name: &str) -> Self {
        self.0.namespace.get_or_insert_with(|| name.to_owned());
        self
    }

    /// The message without the script's position and without the hint: one line. What a script or a peer gave is part
    /// of it, so it is cut to what can be read.
    pub fn message(&self) -> String {
        let f = &*self.0;
        let mut out = String::new();
        if let Some(op) = &f.op {
            out.push_str(op);
            // The first argument of a check is a value, and a wrong argument is named by its place.
            let acted = !matches!(f.kind, Kind::Argument | Kind::Check);
            if let Some(subject) = f.subject.as_deref().filter(|_| acted) {
                out.push_str(&format!(" {:?}", text::shortened(subject, LONGEST_SUBJECT)));
            }
            if let Some(ns) = f.namespace.as_deref().filter(|ns| *ns != "host" && acted) {
                out.push_str(&format!(" in {ns}"));
            }
            out.push_str(": ");
        }
        let detail = f.detail.as_deref().map(|detail| text::shortened(detail, LONGEST_DETAIL));
        match (f.errno, detail.as_deref()) {
            (Some(errno), detail) => {
                out.push_str(&format!("{} ({errno:?})", lower_first(&description(errno))));
                if let Some(detail) = detail.filter(|d| !d.is_empty()) {
                    out.push_str(": ");
                    out.push_str(detail);
                }
            }
            (None, Some(detail)) => out.push_str(detail),
            (None, None) => out.push_str(f.kind.name()),
        }
        text::harmless(&out.replace('\n', " "))
    }
}

/// The C library's words for an errno, which people know from other tools.
fn description(errno: Errno) -> String {
    let text = std::io::Error::from_raw_os_error(errno as i32).to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

fn lower_first(s: &str) -> String {
    // "I/O error", "RFS specific error": an initialism keeps its capitals.
    let mut chars = s.chars();
    match (chars.next(), chars.next()) {
        (Some(a), Some(b)) if b.is_lowercase() || b == ' ' => {
            a.to_lowercase().chain(s.chars().skip(1)).collect()
        }
        _ => s.to_owned(),
    }
}

/// The message with the script's position in front and the hint on a line of its own.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.0.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.message())?;
        if let Some(hint) = &self.0.hint {
            write!(f, "\n  hint: {}", text::harmless(hint))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Which limit was reached, and how to raise it.
fn limit(errno: Errno) -> Option<String> {
    use nix::sys::resource::{Resource, getrlimit};
    match errno {
        Errno::EMFILE => {
            let (most, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
            Some(format!(
                "nsh may have {most} files open, and keeps one for each namespace; start it with a higher hard limit \
                 (ulimit -Hn)"
            ))
        }
        Errno::ENFILE => Some("the machine's limit of open files is in /proc/sys/fs/file-max".to_owned()),
        _ => None,
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error::errno(errno)
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        Error::of_io(&e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_the_design() {
        let e = Error::errno(Errno::ENETUNREACH)
            .detail("Nexthop has invalid gateway")
            .hint("no interface of ns1 has an address in the subnet of 10.9.9.9")
            .op("route.add")
            .on("10.9.0.0/16")
            .in_namespace("ns1");
        assert_eq!(
            e.to_string(),
            "route.add \"10.9.0.0/16\" in ns1: network is unreachable (ENETUNREACH): Nexthop has invalid gateway\n  \
             hint: no interface of ns1 has an address in the subnet of 10.9.9.9"
        );
        assert_eq!(e.kind().name(), "network_unreachable");
    }

    #[test]
    fn a_long_value_is_not_quoted_whole() {
        let long = "x".repeat(1 << 20);
        let e =
            Error::new(Kind::Invalid, format!("not an address: {long:?}")).op("addr.add").on(long.clone());
        assert!(e.message().len() < 6000, "{}", e.message().len());
        assert!(e.message().starts_with("addr.add \"xxx") && e.message().contains(" bytes left out]"));
        assert!(e.hint(long).to_string().len() < 11_000);
    }

    #[test]
    fn the_innermost_name_stays() {
        let e = Error::new(Kind::NotFound, "no such link").on("eth1").on("eth0").op("a").op("b");
        assert_eq!(e.message(), "a \"eth1\": no such link");
    }

    #[test]
    fn initialisms_keep_their_capitals() {
        assert_eq!(lower_first("RFS specific error"), "RFS specific error");
        assert_eq!(Error::errno(Errno::EOPNOTSUPP).message(), "operation not supported (EOPNOTSUPP)");
    }
}

//! Why a machine refuses user namespaces, and what to do about it.

use std::fs;

use nix::errno::Errno;

use crate::base::container;
use crate::base::error::{Error, Kind};

/// Who asks: root goes without user namespaces if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    Root,
    Ordinary,
}

impl User {
    pub fn of_this_process() -> User {
        if nix::unistd::geteuid().is_root() { User::Root } else { User::Ordinary }
    }
}

/// Which sysctl forbids user namespaces, and the remedy; `None` if none does.
pub fn user_namespaces(user: User) -> Option<(String, String)> {
    blocked(user, |name| fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok())
}

fn blocked(user: User, sysctl: impl Fn(&str) -> Option<u64>) -> Option<(String, String)> {
    let say = |what: &str, remedy: &str| Some((what.to_owned(), remedy.to_owned()));
    if sysctl("user/max_user_namespaces") == Some(0) {
        return say(
            "user namespaces are switched off (user.max_user_namespaces is 0)",
            "sudo sysctl user.max_user_namespaces=15000, and the same in a file in /etc/sysctl.d to keep it",
        );
    }
    if user == User::Root {
        return None;
    }
    if sysctl("kernel/unprivileged_userns_clone") == Some(0) {
        return say(
            "user namespaces are kept to root (kernel.unprivileged_userns_clone is 0)",
            "sudo sysctl kernel.unprivileged_userns_clone=1, and the same in a file in /etc/sysctl.d to keep it; or \
             run nsh with sudo",
        );
    }
    if sysctl("kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        let nsh = std::env::current_exe().map_or("/usr/local/bin/nsh".into(), |p| p.display().to_string());
        return Some((
            "AppArmor keeps user namespaces to programs that it has a profile for \
             (kernel.apparmor_restrict_unprivileged_userns is 1)"
                .to_owned(),
            format!(
                "give nsh one: echo 'abi <abi/4.0>, profile nsh {nsh} flags=(unconfined) {{ userns, }}' | sudo tee \
                 /etc/apparmor.d/nsh && sudo apparmor_parser -r /etc/apparmor.d/nsh; or run nsh with sudo"
            ),
        ));
    }
    None
}

/// What may help where no sysctl is the reason.
pub fn remedy(user: User) -> String {
    container::refused(user == User::Root)
}

/// The error for a refused sandbox.
pub fn explain(refusal: Errno, user: User) -> Error {
    if let Some((what, remedy)) = user_namespaces(user) {
        return Error::new(Kind::Permission, what).hint(remedy);
    }
    match refusal {
        Errno::EINVAL | Errno::ENOSYS => {
            Error::new(Kind::Unsupported, "this kernel has no user namespaces (CONFIG_USER_NS)")
                .hint("use a kernel with them, as all distributions build it, or run nsh as root")
        }
        errno @ (Errno::ENOSPC | Errno::EUSERS) => Error::new(
            Kind::Limit,
            format!("no more user namespaces can be made ({errno:?}): too many, or nested too deep"),
        )
        .hint("the limit is user.max_user_namespaces; 32 can be nested"),
        errno => Error::new(Kind::Permission, format!("user namespaces are refused here ({errno:?})"))
            .hint(remedy(user)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(user: User, name: &'static str, value: u64) -> Option<(String, String)> {
        blocked(user, move |asked| (asked == name).then_some(value))
    }

    #[test]
    fn each_switch_is_named_with_its_remedy() {
        let (what, remedy) = with(User::Root, "user/max_user_namespaces", 0).unwrap();
        assert!(what.contains("user.max_user_namespaces is 0"), "{what}");
        assert!(remedy.contains("sysctl user.max_user_namespaces="), "{remedy}");
        let (what, _) = with(User::Ordinary, "kernel/unprivileged_userns_clone", 0).unwrap();
        assert!(what.contains("kernel.unprivileged_userns_clone"), "{what}");
        let (what, remedy) = with(User::Ordinary, "kernel/apparmor_restrict_unprivileged_userns", 1).unwrap();
        assert!(what.contains("AppArmor"), "{what}");
        assert!(remedy.contains("/etc/apparmor.d/nsh"), "{remedy}");
    }

    #[test]
    fn root_is_not_kept_from_them_by_what_keeps_users() {
        assert_eq!(with(User::Root, "kernel/unprivileged_userns_clone", 0), None);
        assert_eq!(with(User::Ordinary, "user/max_user_namespaces", 100), None);
    }

    #[test]
    fn an_unexplained_refusal_names_the_errno() {
        let e = explain(Errno::ENOSYS, User::Ordinary);
        assert_eq!(e.kind(), Kind::Unsupported);
    }
}

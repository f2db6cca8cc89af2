//! What a container's engine has to be told so that labs work in it.

/// Where the engine covers parts of `/proc` (`MaskedPaths`, `ReadonlyPaths` of the OCI runtime specification): the kernel
/// mounts no new `/proc` then, and `/proc/sys/net` is the read-only one.
pub const COVERED_PROC: &str = "in a container, start it with --security-opt systempaths=unconfined (docker, podman); in a \
                                pod, with procMount: Unmasked and hostUsers: false";

/// Where seccomp or AppArmor refuse namespaces. `root` is the container's: it is refused without capabilities, too.
pub fn refused(root: bool) -> String {
    match std::env::var_os("KUBERNETES_SERVICE_HOST") {
        Some(_) => in_pod(root),
        None => in_engine(root),
    }
}

fn in_engine(root: bool) -> String {
    let (first, capabilities) = match root {
        true => ("", "--privileged, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN "),
        false => ("run nsh with sudo; ", ""),
    };
    format!(
        "{first}in a container, start it with {capabilities}--security-opt seccomp=unconfined \
         --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
    )
}

fn in_pod(root: bool) -> String {
    let capabilities = if root { ", and capabilities add SYS_ADMIN and NET_ADMIN" } else { "" };
    format!(
        "the container's securityContext in the pod needs seccompProfile and appArmorProfile of type Unconfined, and \
         procMount: Unmasked (with hostUsers: false){capabilities}; see docs/shards.md"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_told_its_own_words() {
        assert!(in_pod(false).contains("seccompProfile") && in_pod(false).contains("procMount"));
        assert!(!in_pod(false).contains("SYS_ADMIN"));
        assert!(in_pod(true).contains("SYS_ADMIN"));
    }

    #[test]
    fn an_engine_is_told_all_at_once() {
        for root in [true, false] {
            assert!(
                in_engine(root).contains("seccomp=unconfined")
                    && in_engine(root).contains("systempaths=unconfined")
            );
            assert_eq!(in_engine(root).contains("SYS_ADMIN"), root);
        }
    }
}

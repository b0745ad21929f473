//! The checks of the standards. Each tells all containers that break it, and the values by which they do.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Violation;

/// A pod, and the minor version of the standard that it is held to.
pub(super) struct Pod<'a> {
    pub(super) annotations: Option<&'a Map<String, Value>>,
    pub(super) spec: &'a Value,
    pub(super) minor: u32,
}

const BASIC_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// Kernel parameters that are safe, each since a minor version.
const SAFE_PARAMETERS: &[(&str, u32)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];
/// Volumes that a restricted pod may have.
const RESTRICTED_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Since this minor version only the baseline makes an exception of pods with users of their own.
const STRICTER_MOUNTS: u32 = 35;

type Found = Option<Violation>;

fn found(reason: &str, detail: String) -> Found {
    Some(Violation {
        reason: reason.to_owned(),
        detail,
    })
}

fn quoted<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| format!("\"{}\"", item.as_ref()))
        .collect();
    items.join(", ")
}

fn plural<'a>(count: usize, one: &'a str, more: &'a str) -> &'a str {
    if count == 1 { one } else { more }
}

/// `container "a"` or `containers "a", "b"`.
fn named(containers: &[&str]) -> String {
    let word = plural(containers.len(), "container", "containers");
    format!("{word} {}", quoted(containers))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer) == Some(&Value::Bool(true))
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map_or(&[][..], Vec::as_slice).iter()
}

/// What sets something that it must not: the pod itself, some containers.
struct Setters<'a> {
    pod: bool,
    containers: Vec<&'a str>,
}

impl Setters<'_> {
    fn parts(&self) -> Vec<String> {
        let pod = self.pod.then(|| "pod".to_owned());
        let containers = (!self.containers.is_empty()).then(|| named(&self.containers));
        pod.into_iter().chain(containers).collect()
    }

    fn text(&self) -> Option<String> {
        let parts = self.parts();
        (!parts.is_empty()).then(|| parts.join(" and "))
    }
}

impl<'a> Pod<'a> {
    pub(super) fn baseline(&self) -> Vec<Violation> {
        let all = [
            self.app_armor(),
            self.added_capabilities(),
            self.host_namespaces(),
            self.host_paths(),
            self.host_ports(),
            self.hosts_of_probes(),
            self.privileged(),
            self.process_mount().filter(|_| !self.has_own_users()),
            self.linux_options(),
            self.seccomp_allowed(),
            self.kernel_parameters(),
            self.host_process(),
        ];
        all.into_iter().flatten().collect()
    }

    /// Checks of the baseline that a stricter one replaces are left out.
    pub(super) fn restricted(&self) -> Vec<Violation> {
        let (capabilities, seccomp) = (self.minor >= 22, self.minor >= 19);
        let all = [
            self.app_armor(),
            self.added_capabilities().filter(|_| !capabilities),
            self.host_namespaces(),
            self.host_ports(),
            self.hosts_of_probes(),
            self.privileged(),
            self.process_mount()
                .filter(|_| self.minor < STRICTER_MOUNTS),
            self.linux_options(),
            self.seccomp_allowed().filter(|_| !seccomp),
            self.kernel_parameters(),
            self.host_process(),
            self.privilege_escalation(),
            self.dropped_capabilities(),
            self.process_mount()
                .filter(|_| self.minor >= STRICTER_MOUNTS),
            self.volumes(),
            self.non_root(),
            self.user(),
            self.seccomp_required(),
        ];
        all.into_iter().flatten().collect()
    }

    fn containers(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let spec = self.spec;
        let lists = ["/initContainers", "/containers", "/ephemeralContainers"];
        lists
            .into_iter()
            .flat_map(move |pointer| list(spec, pointer))
            .map(|container| (text(container, "/name"), container))
    }

    fn those(&self, is_bad: impl Fn(&'a Value) -> bool) -> Vec<&'a str> {
        let bad = self.containers().filter(|(_, container)| is_bad(container));
        bad.map(|(name, _)| name).collect()
    }

    /// The pod and its containers whose field below `securityContext` is bad.
    fn setters(&self, field: &str, is_bad: impl Fn(&Value) -> bool) -> Setters<'a> {
        let pointer = format!("/securityContext/{field}");
        let is_set = |value: &Value| value.pointer(&pointer).is_some_and(&is_bad);
        Setters {
            pod: is_set(self.spec),
            containers: self.those(is_set),
        }
    }

    fn is_windows(&self) -> bool {
        text(self.spec, "/os/name") == "windows"
    }

    /// Pods with users of their own may look like root to themselves.
    fn has_own_users(&self) -> bool {
        self.minor >= 35 && self.spec.get("hostUsers") == Some(&Value::Bool(false))
    }

    fn app_armor(&self) -> Found {
        let is_bad = |kind: &Value| !matches!(kind.as_str(), Some("RuntimeDefault" | "Localhost"));
        let pointer = "appArmorProfile/type";
        let setters = self.setters(pointer, is_bad);
        let mut values: BTreeSet<String> = BTreeSet::new();
        let all = self.containers().map(|(_, container)| container);
        for holder in all.chain([self.spec]) {
            let kind = holder.pointer(&format!("/securityContext/{pointer}"));
            if let Some(kind) = kind.filter(|kind| is_bad(kind)) {
                values.insert(kind.as_str().unwrap_or_default().to_owned());
            }
        }
        let mut values: Vec<String> = values.into_iter().collect();
        let mut setters = setters.parts();
        let mut annotations: Vec<String> = self
            .annotations
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key, value.as_str()?)))
            .filter(|(key, value)| {
                key.starts_with(APP_ARMOR)
                    && !(value.is_empty()
                        || *value == "runtime/default"
                        || value.starts_with("localhost/"))
            })
            .map(|(key, value)| format!("{key}={value:?}"))
            .collect();
        if !annotations.is_empty() {
            annotations.sort();
            setters.push(plural(annotations.len(), "annotation", "annotations").to_owned());
            values.extend(annotations);
        }
        if setters.is_empty() {
            return None;
        }
        let reason = plural(
            values.len(),
            "forbidden AppArmor profile",
            "forbidden AppArmor profiles",
        );
        let (setters, values) = (setters.join(" and "), quoted(values));
        found(
            reason,
            format!("{setters} must not set AppArmor profile type to {values}"),
        )
    }

    fn added_capabilities(&self) -> Found {
        let (bad, names) = self.adding(|name| !BASIC_CAPABILITIES.contains(&name));
        if bad.is_empty() {
            return None;
        }
        let (bad, names) = (named(&bad), quoted(names));
        found(
            "non-default capabilities",
            format!("{bad} must not include {names} in securityContext.capabilities.add"),
        )
    }

    /// Containers that add capabilities that they must not, and these.
    fn adding(&self, is_bad: impl Fn(&str) -> bool) -> (Vec<&'a str>, BTreeSet<&'a str>) {
        let mut names = BTreeSet::new();
        let mut bad = Vec::new();
        for (container, value) in self.containers() {
            let added = list(value, "/securityContext/capabilities/add").filter_map(Value::as_str);
            let wrong: Vec<&str> = added.filter(|name| is_bad(name)).collect();
            if !wrong.is_empty() {
                bad.push(container);
                names.extend(wrong);
            }
        }
        (bad, names)
    }

    fn host_namespaces(&self) -> Found {
        let shared: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
            .into_iter()
            .filter(|name| is_true(self.spec, &format!("/{name}")))
            .map(|name| format!("{name}=true"))
            .collect();
        (!shared.is_empty()).then(|| found("host namespaces", shared.join(", ")))?
    }

    fn host_paths(&self) -> Found {
        let volumes: Vec<&str> = list(self.spec, "/volumes")
            .filter(|volume| volume.get("hostPath").is_some())
            .map(|volume| text(volume, "/name"))
            .collect();
        let word = plural(volumes.len(), "volume", "volumes");
        let detail = format!("{word} {}", quoted(&volumes));
        (!volumes.is_empty()).then(|| found("hostPath volumes", detail))?
    }

    fn host_ports(&self) -> Found {
        let port = |port: &Value| port["hostPort"].as_i64().filter(|number| *number != 0);
        let bad = self.those(|container| list(container, "/ports").any(|p| port(p).is_some()));
        if bad.is_empty() {
            return None;
        }
        let ports: BTreeSet<String> = self
            .containers()
            .flat_map(|(_, container)| list(container, "/ports"))
            .filter_map(port)
            .map(|number| number.to_string())
            .collect();
        let verb = plural(bad.len(), "uses", "use");
        let word = plural(ports.len(), "hostPort", "hostPorts");
        let ports: Vec<String> = ports.into_iter().collect();
        found(
            "hostPort",
            format!("{} {verb} {word} {}", named(&bad), ports.join(", ")),
        )
    }

    fn hosts_of_probes(&self) -> Found {
        const HANDLERS: [&str; 5] = [
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle/postStart",
            "lifecycle/preStop",
        ];
        let mut bad = BTreeSet::new();
        let mut hosts = BTreeSet::new();
        for (name, container) in self.containers() {
            for handler in HANDLERS {
                for kind in ["httpGet", "tcpSocket"] {
                    let host = text(container, &format!("/{handler}/{kind}/host"));
                    if !host.is_empty() {
                        bad.insert(name);
                        hosts.insert(host);
                    }
                }
            }
        }
        if self.minor < 34 || bad.is_empty() {
            return None;
        }
        let bad: Vec<&str> = bad.into_iter().collect();
        let verb = plural(bad.len(), "uses", "use");
        let reason = "probe or lifecycle host";
        let word = plural(hosts.len(), reason, "probe or lifecycle hosts");
        found(
            reason,
            format!("{} {verb} {word} {}", named(&bad), quoted(hosts)),
        )
    }

    fn privileged(&self) -> Found {
        let bad = self.those(|container| is_true(container, "/securityContext/privileged"));
        let detail = format!(
            "{} must not set securityContext.privileged=true",
            named(&bad)
        );
        (!bad.is_empty()).then(|| found("privileged", detail))?
    }

    fn process_mount(&self) -> Found {
        let kind = |container: &'a Value| {
            let kind = container.pointer("/securityContext/procMount")?.as_str()?;
            (kind != "Default").then_some(kind)
        };
        let bad = self.those(|container| kind(container).is_some());
        let kinds: BTreeSet<&str> = self.containers().filter_map(|(_, c)| kind(c)).collect();
        let detail = format!(
            "{} must not set securityContext.procMount to {}",
            named(&bad),
            quoted(kinds)
        );
        (!bad.is_empty()).then(|| found("procMount", detail))?
    }

    fn linux_options(&self) -> Found {
        let is_type_allowed = |kind: &str| match kind {
            "" | "container_t" | "container_init_t" | "container_kvm_t" => true,
            "container_engine_t" => self.minor >= 31,
            _ => false,
        };
        let is_bad = |options: &Value| {
            !is_type_allowed(text(options, "/type"))
                || !text(options, "/user").is_empty()
                || !text(options, "/role").is_empty()
        };
        let setters = self.setters("seLinuxOptions", is_bad).text()?;
        let all: Vec<&Value> = [self.spec]
            .into_iter()
            .chain(self.containers().map(|(_, container)| container))
            .filter_map(|holder| holder.pointer("/securityContext/seLinuxOptions"))
            .collect();
        let types: BTreeSet<&str> = all
            .iter()
            .map(|options| text(options, "/type"))
            .filter(|kind| !is_type_allowed(kind))
            .collect();
        let mut data = Vec::new();
        if !types.is_empty() {
            let word = plural(types.len(), "type", "types");
            data.push(format!("{word} {}", quoted(types)));
        }
        for field in ["user", "role"] {
            let pointer = format!("/{field}");
            if all
                .iter()
                .any(|options| !text(options, &pointer).is_empty())
            {
                data.push(format!("{field} may not be set"));
            }
        }
        let data = data.join("; ");
        found(
            "seLinuxOptions",
            format!("{setters} set forbidden securityContext.seLinuxOptions: {data}"),
        )
    }

    fn seccomp_allowed(&self) -> Found {
        if self.minor < 19 {
            return self.seccomp_annotations();
        }
        self.seccomp_forbidden()
    }

    fn seccomp_annotations(&self) -> Found {
        let of_containers = self
            .containers()
            .map(|(name, _)| format!("{SECCOMP_OF_CONTAINER}{name}"));
        let bad: BTreeSet<String> = of_containers
            .chain([SECCOMP_OF_POD.to_owned()])
            .filter_map(|key| {
                let value = self.annotations?.get(&key)?.as_str()?;
                let is_good = matches!(value, "runtime/default" | "docker/default")
                    || value.starts_with("localhost/");
                (!is_good).then(|| format!("{key}={value:?}"))
            })
            .collect();
        let word = plural(bad.len(), "annotation", "annotations");
        let texts: Vec<String> = bad.into_iter().collect();
        let detail = format!("forbidden {word} {}", texts.join(", "));
        (!texts.is_empty()).then(|| found("seccompProfile", detail))?
    }

    fn seccomp_forbidden(&self) -> Found {
        let is_bad = |profile: &Value| !is_seccomp_good(profile);
        let setters = self.setters("seccompProfile", is_bad).text()?;
        let values: BTreeSet<&str> = [self.spec]
            .into_iter()
            .chain(self.containers().map(|(_, container)| container))
            .filter_map(|holder| holder.pointer("/securityContext/seccompProfile"))
            .filter(|profile| is_bad(profile))
            .map(|profile| text(profile, "/type"))
            .collect();
        let values = quoted(values);
        found(
            "seccompProfile",
            format!("{setters} must not set securityContext.seccompProfile.type to {values}"),
        )
    }

    fn kernel_parameters(&self) -> Found {
        let is_safe = |name: &str| {
            let mut known = SAFE_PARAMETERS.iter();
            known.any(|(safe, since)| *safe == name && self.minor >= *since)
        };
        let bad: Vec<&str> = list(self.spec, "/securityContext/sysctls")
            .map(|parameter| text(parameter, "/name"))
            .filter(|name| !is_safe(name))
            .collect();
        (!bad.is_empty()).then(|| found("forbidden sysctls", bad.join(", ")))?
    }

    fn host_process(&self) -> Found {
        let is_bad = |value: &Value| *value == Value::Bool(true);
        let setters = self.setters("windowsOptions/hostProcess", is_bad).text()?;
        let what = "must not set securityContext.windowsOptions.hostProcess=true";
        found("hostProcess", format!("{setters} {what}"))
    }

    fn privilege_escalation(&self) -> Found {
        if self.minor < 8 || (self.minor >= 25 && self.is_windows()) {
            return None;
        }
        let bad = self.those(|container| {
            container.pointer("/securityContext/allowPrivilegeEscalation")
                != Some(&Value::Bool(false))
        });
        let what = "must set securityContext.allowPrivilegeEscalation=false";
        let detail = format!("{} {what}", named(&bad));
        (!bad.is_empty()).then(|| found("allowPrivilegeEscalation != false", detail))?
    }

    fn dropped_capabilities(&self) -> Found {
        if self.minor < 22 || (self.minor >= 25 && self.is_windows()) {
            return None;
        }
        let missing = self.those(|container| {
            !list(container, "/securityContext/capabilities/drop").any(|name| name == "ALL")
        });
        let mut details = Vec::new();
        if !missing.is_empty() {
            let what = r#"must set securityContext.capabilities.drop=["ALL"]"#;
            details.push(format!("{} {what}", named(&missing)));
        }
        let (adding, names) = self.adding(|name| name != "NET_BIND_SERVICE");
        if !adding.is_empty() {
            let (adding, names) = (named(&adding), quoted(names));
            details.push(format!(
                "{adding} must not include {names} in securityContext.capabilities.add"
            ));
        }
        (!details.is_empty()).then(|| found("unrestricted capabilities", details.join("; ")))?
    }

    fn volumes(&self) -> Found {
        let mut bad = Vec::new();
        let mut types = BTreeSet::new();
        for volume in list(self.spec, "/volumes") {
            let fields = volume.as_object().into_iter().flatten();
            let mut sources = fields
                .map(|(key, _)| key.as_str())
                .filter(|key| *key != "name");
            if sources
                .clone()
                .any(|source| RESTRICTED_VOLUMES.contains(&source))
            {
                continue;
            }
            bad.push(text(volume, "/name"));
            types.insert(sources.next().unwrap_or("unknown"));
        }
        if bad.is_empty() {
            return None;
        }
        let volumes = format!(
            "{} {}",
            plural(bad.len(), "volume", "volumes"),
            quoted(&bad)
        );
        let verb = plural(bad.len(), "uses", "use");
        let word = plural(
            types.len(),
            "restricted volume type",
            "restricted volume types",
        );
        found(
            "restricted volume types",
            format!("{volumes} {verb} {word} {}", quoted(types)),
        )
    }

    fn non_root(&self) -> Found {
        const REASON: &str = "runAsNonRoot != true";
        if self.has_own_users() {
            return None;
        }
        let said = |holder: &Value| holder.pointer("/securityContext/runAsNonRoot").cloned();
        let setters = self.setters("runAsNonRoot", |value| *value == Value::Bool(false));
        if let Some(setters) = setters.text() {
            let what = "must not set securityContext.runAsNonRoot=false";
            return found(REASON, format!("{setters} {what}"));
        }
        if said(self.spec).is_some() {
            return None;
        }
        let silent = self.those(|container| said(container).is_none());
        let what = "must set securityContext.runAsNonRoot=true";
        let detail = format!("pod or {} {what}", named(&silent));
        (!silent.is_empty()).then(|| found(REASON, detail))?
    }

    fn user(&self) -> Found {
        if self.minor < 23 || self.has_own_users() {
            return None;
        }
        let setters = self.setters("runAsUser", |user| user.as_i64() == Some(0));
        let setters = setters.text()?;
        found("runAsUser=0", format!("{setters} must not set runAsUser=0"))
    }

    fn seccomp_required(&self) -> Found {
        if self.minor < 19 || (self.minor >= 25 && self.is_windows()) {
            return None;
        }
        if let Some(forbidden) = self.seccomp_forbidden() {
            return Some(forbidden);
        }
        let has = |holder: &Value| holder.pointer("/securityContext/seccompProfile").is_some();
        if has(self.spec) {
            return None;
        }
        let silent = self.those(|container| !has(container));
        let what =
            r#"must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#;
        let detail = format!("pod or {} {what}", named(&silent));
        (!silent.is_empty()).then(|| found("seccompProfile", detail))?
    }
}

fn is_seccomp_good(profile: &Value) -> bool {
    matches!(text(profile, "/type"), "Localhost" | "RuntimeDefault")
}

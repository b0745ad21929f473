//! Specifications of pods as Go prints them: in refusals of changed templates, and as differences of changed pods.

use std::sync::LazyLock;

use serde_json::Value;

use crate::go_dump::{Field, Form, compact, lines};

mod volumes;

use volumes::{PROBE, VOLUME};

const PORT: &[Field] = &[
    ("Name", "name", Form::Text),
    ("HostPort", "hostPort", Form::Number),
    ("ContainerPort", "containerPort", Form::Number),
    ("Protocol", "protocol", Form::Text),
    ("HostIP", "hostIP", Form::Text),
];

const VARIABLE: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Value", "value", Form::Text),
    ("ValueFrom", "valueFrom", Form::Plain),
];

const MOUNT: &[Field] = &[
    ("Name", "name", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    ("RecursiveReadOnly", "recursiveReadOnly", Form::Plain),
    ("MountPath", "mountPath", Form::Text),
    ("SubPath", "subPath", Form::Text),
    ("MountPropagation", "mountPropagation", Form::Plain),
    ("SubPathExpr", "subPathExpr", Form::Text),
];

const RESOURCES: &[Field] = &[
    ("Limits", "limits", Form::Plain),
    ("Requests", "requests", Form::Plain),
    ("Claims", "claims", Form::Plain),
];

const CONTAINER: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Image", "image", Form::Text),
    ("Command", "command", Form::Plain),
    ("Args", "args", Form::Plain),
    ("WorkingDir", "workingDir", Form::Text),
    ("Ports", "ports", Form::List(PORT)),
    ("EnvFrom", "envFrom", Form::Plain),
    ("Env", "env", Form::List(VARIABLE)),
    ("Resources", "resources", Form::Struct(RESOURCES)),
    ("ResizePolicy", "resizePolicy", Form::Plain),
    ("RestartPolicy", "restartPolicy", Form::Plain),
    ("RestartPolicyRules", "restartPolicyRules", Form::Plain),
    ("VolumeMounts", "volumeMounts", Form::List(MOUNT)),
    ("VolumeDevices", "volumeDevices", Form::Plain),
    ("LivenessProbe", "livenessProbe", Form::Fields(PROBE)),
    ("ReadinessProbe", "readinessProbe", Form::Fields(PROBE)),
    ("StartupProbe", "startupProbe", Form::Fields(PROBE)),
    ("Lifecycle", "lifecycle", Form::Plain),
    (
        "TerminationMessagePath",
        "terminationMessagePath",
        Form::Text,
    ),
    (
        "TerminationMessagePolicy",
        "terminationMessagePolicy",
        Form::Text,
    ),
    ("ImagePullPolicy", "imagePullPolicy", Form::Text),
    ("SecurityContext", "securityContext", Form::Plain),
    ("Stdin", "stdin", Form::Flag),
    ("StdinOnce", "stdinOnce", Form::Flag),
    ("TTY", "tty", Form::Flag),
];

const SECURITY: &[Field] = &[
    ("HostNetwork", "hostNetwork", Form::Flag),
    ("HostPID", "hostPID", Form::Flag),
    ("HostIPC", "hostIPC", Form::Flag),
    (
        "ShareProcessNamespace",
        "shareProcessNamespace",
        Form::Plain,
    ),
    ("HostUsers", "hostUsers", Form::Plain),
    ("SELinuxOptions", "seLinuxOptions", Form::Plain),
    ("WindowsOptions", "windowsOptions", Form::Plain),
    ("RunAsUser", "runAsUser", Form::Plain),
    ("RunAsGroup", "runAsGroup", Form::Plain),
    ("RunAsNonRoot", "runAsNonRoot", Form::Plain),
    ("SupplementalGroups", "supplementalGroups", Form::Plain),
    (
        "SupplementalGroupsPolicy",
        "supplementalGroupsPolicy",
        Form::Plain,
    ),
    ("FSGroup", "fsGroup", Form::Plain),
    ("FSGroupChangePolicy", "fsGroupChangePolicy", Form::Plain),
    ("Sysctls", "sysctls", Form::Plain),
    ("SeccompProfile", "seccompProfile", Form::Plain),
    ("AppArmorProfile", "appArmorProfile", Form::Plain),
    ("SELinuxChangePolicy", "seLinuxChangePolicy", Form::Plain),
];

/// Fields of a pod that Go's internal type keeps with its security.
const MOVED: [&str; 5] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "hostUsers",
];

/// A container, and whose processes it shares.
static EPHEMERAL: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let target = ("TargetContainerName", "targetContainerName", Form::Text);
    [CONTAINER, &[target]].concat()
});

const TOLERATION: &[Field] = &[
    ("Key", "key", Form::Text),
    ("Operator", "operator", Form::Text),
    ("Value", "value", Form::Text),
    ("Effect", "effect", Form::Text),
    ("TolerationSeconds", "tolerationSeconds", Form::Plain),
];

const NAMED: &[Field] = &[("Name", "name", Form::Text)];

/// The specification in the order of Go's internal type; what has no fields here is printed as it stands.
const SPECIFICATION: &[Field] = &[
    ("Volumes", "volumes", Form::List(VOLUME)),
    ("InitContainers", "initContainers", Form::List(CONTAINER)),
    ("Containers", "containers", Form::List(CONTAINER)),
    ("EphemeralContainers", "ephemeralContainers", Form::Plain),
    ("RestartPolicy", "restartPolicy", Form::Text),
    (
        "TerminationGracePeriodSeconds",
        "terminationGracePeriodSeconds",
        Form::Plain,
    ),
    (
        "ActiveDeadlineSeconds",
        "activeDeadlineSeconds",
        Form::Plain,
    ),
    ("DNSPolicy", "dnsPolicy", Form::Text),
    ("NodeSelector", "nodeSelector", Form::Plain),
    ("ServiceAccountName", "serviceAccountName", Form::Text),
    (
        "AutomountServiceAccountToken",
        "automountServiceAccountToken",
        Form::Plain,
    ),
    ("NodeName", "nodeName", Form::Text),
    ("SecurityContext", "securityContext", Form::Fields(SECURITY)),
    ("ImagePullSecrets", "imagePullSecrets", Form::List(NAMED)),
    ("Hostname", "hostname", Form::Text),
    ("Subdomain", "subdomain", Form::Text),
    ("SetHostnameAsFQDN", "setHostnameAsFQDN", Form::Plain),
    ("Affinity", "affinity", Form::Plain),
    ("SchedulerName", "schedulerName", Form::Text),
    ("Tolerations", "tolerations", Form::List(TOLERATION)),
    ("HostAliases", "hostAliases", Form::Plain),
    ("PriorityClassName", "priorityClassName", Form::Text),
    ("Priority", "priority", Form::Plain),
    ("PreemptionPolicy", "preemptionPolicy", Form::Plain),
    ("DNSConfig", "dnsConfig", Form::Plain),
    ("ReadinessGates", "readinessGates", Form::Plain),
    ("RuntimeClassName", "runtimeClassName", Form::Plain),
    ("Overhead", "overhead", Form::Plain),
    ("EnableServiceLinks", "enableServiceLinks", Form::Plain),
    (
        "TopologySpreadConstraints",
        "topologySpreadConstraints",
        Form::Plain,
    ),
    ("OS", "os", Form::Plain),
    ("SchedulingGates", "schedulingGates", Form::Plain),
    ("ResourceClaims", "resourceClaims", Form::Plain),
    ("Resources", "resources", Form::Plain),
    ("HostnameOverride", "hostnameOverride", Form::Plain),
    ("SchedulingGroup", "schedulingGroup", Form::Plain),
];

/// The lines of a pod's specification.
pub(crate) fn specification(spec: &Value) -> Vec<String> {
    let mut spec = spec.clone();
    for name in MOVED {
        let value = spec.as_object_mut().and_then(|map| map.remove(name));
        if let (Some(value), Some(security)) = (value, spec.get_mut("securityContext")) {
            security[name] = value;
        }
    }
    let with_ephemeral = |field: &Field| match field.0 {
        "EphemeralContainers" => (field.0, field.1, Form::List(&EPHEMERAL)),
        _ => *field,
    };
    let fields: Vec<Field> = SPECIFICATION.iter().map(with_ephemeral).collect();
    lines(&fields, &spec)
}

/// The lines of an ephemeral container.
pub(crate) fn ephemeral_container(container: &Value) -> Vec<String> {
    lines(&EPHEMERAL, container)
}

/// A template of pods on one line.
pub(crate) fn template(template: &Value) -> String {
    let metadata = template.get("metadata").and_then(Value::as_object);
    let mut out = String::from("{");
    for name in ["name", "labels", "annotations"] {
        if let Some(value) = metadata.and_then(|metadata| metadata.get(name)) {
            out.push_str(&format!("\"{name}\":{value},"));
        }
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    out.push_str(&format!("\"Spec\":{}}}", compact(&specification(spec))));
    out
}

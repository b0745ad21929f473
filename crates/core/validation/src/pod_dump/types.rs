//! Kubernetes' internal types of what a Pod's specification holds: names and order of the fields of `pkg/apis/core`, and
//! what they are called in JSON. Texts, numbers and flags that are no pointers are written even when they are not set.

use crate::go_dump::{Field, Form};

use super::volumes::{
    LOCAL_OBJECT_REFERENCE, OBJECT_FIELD_SELECTOR, RESOURCE_FIELD_SELECTOR, VOLUME,
};

const CONTAINER_PORT: &[Field] = &[
    ("Name", "name", Form::Text),
    ("HostPort", "hostPort", Form::Number),
    ("ContainerPort", "containerPort", Form::Number),
    ("Protocol", "protocol", Form::Text),
    ("HostIP", "hostIP", Form::Text),
];

const CONFIG_MAP_ENV_SOURCE: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Optional", "optional", Form::Plain),
];

const SECRET_ENV_SOURCE: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Optional", "optional", Form::Plain),
];

const ENV_FROM_SOURCE: &[Field] = &[
    ("Prefix", "prefix", Form::Text),
    (
        "ConfigMapRef",
        "configMapRef",
        Form::Fields(CONFIG_MAP_ENV_SOURCE),
    ),
    ("SecretRef", "secretRef", Form::Fields(SECRET_ENV_SOURCE)),
];

const CONFIG_MAP_KEY_SELECTOR: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Key", "key", Form::Text),
    ("Optional", "optional", Form::Plain),
];

const SECRET_KEY_SELECTOR: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Key", "key", Form::Text),
    ("Optional", "optional", Form::Plain),
];

const FILE_KEY_SELECTOR: &[Field] = &[
    ("VolumeName", "volumeName", Form::Text),
    ("Path", "path", Form::Text),
    ("Key", "key", Form::Text),
    ("Optional", "optional", Form::Plain),
];

const ENV_VAR_SOURCE: &[Field] = &[
    ("FieldRef", "fieldRef", Form::Fields(OBJECT_FIELD_SELECTOR)),
    (
        "ResourceFieldRef",
        "resourceFieldRef",
        Form::Fields(RESOURCE_FIELD_SELECTOR),
    ),
    (
        "ConfigMapKeyRef",
        "configMapKeyRef",
        Form::Fields(CONFIG_MAP_KEY_SELECTOR),
    ),
    (
        "SecretKeyRef",
        "secretKeyRef",
        Form::Fields(SECRET_KEY_SELECTOR),
    ),
    ("FileKeyRef", "fileKeyRef", Form::Fields(FILE_KEY_SELECTOR)),
];

const ENV_VAR: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Value", "value", Form::Text),
    ("ValueFrom", "valueFrom", Form::Fields(ENV_VAR_SOURCE)),
];

const RESOURCE_CLAIM: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Request", "request", Form::Text),
];

const RESOURCE_REQUIREMENTS: &[Field] = &[
    ("Limits", "limits", Form::Plain),
    ("Requests", "requests", Form::Plain),
    ("Claims", "claims", Form::List(RESOURCE_CLAIM)),
];

const CONTAINER_RESIZE_POLICY: &[Field] = &[
    ("ResourceName", "resourceName", Form::Text),
    ("RestartPolicy", "restartPolicy", Form::Text),
];

const CONTAINER_RESTART_RULE_ON_EXIT_CODES: &[Field] = &[
    ("Operator", "operator", Form::Text),
    ("Values", "values", Form::Plain),
];

const CONTAINER_RESTART_RULE: &[Field] = &[
    ("Action", "action", Form::Text),
    (
        "ExitCodes",
        "exitCodes",
        Form::Fields(CONTAINER_RESTART_RULE_ON_EXIT_CODES),
    ),
];

const VOLUME_MOUNT: &[Field] = &[
    ("Name", "name", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    ("RecursiveReadOnly", "recursiveReadOnly", Form::Plain),
    ("MountPath", "mountPath", Form::Text),
    ("SubPath", "subPath", Form::Text),
    ("MountPropagation", "mountPropagation", Form::Plain),
    ("SubPathExpr", "subPathExpr", Form::Text),
];

const VOLUME_DEVICE: &[Field] = &[
    ("Name", "name", Form::Text),
    ("DevicePath", "devicePath", Form::Text),
];

const EXEC_ACTION: &[Field] = &[("Command", "command", Form::Plain)];

const HTTP_HEADER: &[Field] = &[("Name", "name", Form::Text), ("Value", "value", Form::Text)];

const HTTP_GET_ACTION: &[Field] = &[
    ("Path", "path", Form::Text),
    ("Port", "port", Form::Plain),
    ("Host", "host", Form::Text),
    ("Scheme", "scheme", Form::Text),
    ("HTTPHeaders", "httpHeaders", Form::List(HTTP_HEADER)),
];

const TCP_SOCKET_ACTION: &[Field] = &[("Port", "port", Form::Plain), ("Host", "host", Form::Text)];

const GRPC_ACTION: &[Field] = &[
    ("Port", "port", Form::Number),
    ("Service", "service", Form::Plain),
];

const PROBE: &[Field] = &[
    ("Exec", "exec", Form::Fields(EXEC_ACTION)),
    ("HTTPGet", "httpGet", Form::Fields(HTTP_GET_ACTION)),
    ("TCPSocket", "tcpSocket", Form::Fields(TCP_SOCKET_ACTION)),
    ("GRPC", "grpc", Form::Fields(GRPC_ACTION)),
    ("InitialDelaySeconds", "initialDelaySeconds", Form::Number),
    ("TimeoutSeconds", "timeoutSeconds", Form::Number),
    ("PeriodSeconds", "periodSeconds", Form::Number),
    ("SuccessThreshold", "successThreshold", Form::Number),
    ("FailureThreshold", "failureThreshold", Form::Number),
    (
        "TerminationGracePeriodSeconds",
        "terminationGracePeriodSeconds",
        Form::Plain,
    ),
];

const SLEEP_ACTION: &[Field] = &[("Seconds", "seconds", Form::Number)];

const LIFECYCLE_HANDLER: &[Field] = &[
    ("Exec", "exec", Form::Fields(EXEC_ACTION)),
    ("HTTPGet", "httpGet", Form::Fields(HTTP_GET_ACTION)),
    ("TCPSocket", "tcpSocket", Form::Fields(TCP_SOCKET_ACTION)),
    ("Sleep", "sleep", Form::Fields(SLEEP_ACTION)),
];

const LIFECYCLE: &[Field] = &[
    ("PostStart", "postStart", Form::Fields(LIFECYCLE_HANDLER)),
    ("PreStop", "preStop", Form::Fields(LIFECYCLE_HANDLER)),
    ("StopSignal", "stopSignal", Form::Plain),
];

const CAPABILITIES: &[Field] = &[("Add", "add", Form::Plain), ("Drop", "drop", Form::Plain)];

const SE_LINUX_OPTIONS: &[Field] = &[
    ("User", "user", Form::Text),
    ("Role", "role", Form::Text),
    ("Type", "type", Form::Text),
    ("Level", "level", Form::Text),
];

const WINDOWS_SECURITY_CONTEXT_OPTIONS: &[Field] = &[
    (
        "GMSACredentialSpecName",
        "gmsaCredentialSpecName",
        Form::Plain,
    ),
    ("GMSACredentialSpec", "gmsaCredentialSpec", Form::Plain),
    ("RunAsUserName", "runAsUserName", Form::Plain),
    ("HostProcess", "hostProcess", Form::Plain),
];

const SECCOMP_PROFILE: &[Field] = &[
    ("Type", "type", Form::Text),
    ("LocalhostProfile", "localhostProfile", Form::Plain),
];

const APP_ARMOR_PROFILE: &[Field] = &[
    ("Type", "type", Form::Text),
    ("LocalhostProfile", "localhostProfile", Form::Plain),
];

const SECURITY_CONTEXT: &[Field] = &[
    ("Capabilities", "capabilities", Form::Fields(CAPABILITIES)),
    ("Privileged", "privileged", Form::Plain),
    (
        "SELinuxOptions",
        "seLinuxOptions",
        Form::Fields(SE_LINUX_OPTIONS),
    ),
    (
        "WindowsOptions",
        "windowsOptions",
        Form::Fields(WINDOWS_SECURITY_CONTEXT_OPTIONS),
    ),
    ("RunAsUser", "runAsUser", Form::Plain),
    ("RunAsGroup", "runAsGroup", Form::Plain),
    ("RunAsNonRoot", "runAsNonRoot", Form::Plain),
    (
        "ReadOnlyRootFilesystem",
        "readOnlyRootFilesystem",
        Form::Plain,
    ),
    (
        "AllowPrivilegeEscalation",
        "allowPrivilegeEscalation",
        Form::Plain,
    ),
    ("ProcMount", "procMount", Form::Plain),
    (
        "SeccompProfile",
        "seccompProfile",
        Form::Fields(SECCOMP_PROFILE),
    ),
    (
        "AppArmorProfile",
        "appArmorProfile",
        Form::Fields(APP_ARMOR_PROFILE),
    ),
];

const CONTAINER: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Image", "image", Form::Text),
    ("Command", "command", Form::Plain),
    ("Args", "args", Form::Plain),
    ("WorkingDir", "workingDir", Form::Text),
    ("Ports", "ports", Form::List(CONTAINER_PORT)),
    ("EnvFrom", "envFrom", Form::List(ENV_FROM_SOURCE)),
    ("Env", "env", Form::List(ENV_VAR)),
    (
        "Resources",
        "resources",
        Form::Struct(RESOURCE_REQUIREMENTS),
    ),
    (
        "ResizePolicy",
        "resizePolicy",
        Form::List(CONTAINER_RESIZE_POLICY),
    ),
    ("RestartPolicy", "restartPolicy", Form::Plain),
    (
        "RestartPolicyRules",
        "restartPolicyRules",
        Form::List(CONTAINER_RESTART_RULE),
    ),
    ("VolumeMounts", "volumeMounts", Form::List(VOLUME_MOUNT)),
    ("VolumeDevices", "volumeDevices", Form::List(VOLUME_DEVICE)),
    ("LivenessProbe", "livenessProbe", Form::Fields(PROBE)),
    ("ReadinessProbe", "readinessProbe", Form::Fields(PROBE)),
    ("StartupProbe", "startupProbe", Form::Fields(PROBE)),
    ("Lifecycle", "lifecycle", Form::Fields(LIFECYCLE)),
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
    (
        "SecurityContext",
        "securityContext",
        Form::Fields(SECURITY_CONTEXT),
    ),
    ("Stdin", "stdin", Form::Flag),
    ("StdinOnce", "stdinOnce", Form::Flag),
    ("TTY", "tty", Form::Flag),
];

pub(super) const EPHEMERAL_CONTAINER: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Image", "image", Form::Text),
    ("Command", "command", Form::Plain),
    ("Args", "args", Form::Plain),
    ("WorkingDir", "workingDir", Form::Text),
    ("Ports", "ports", Form::List(CONTAINER_PORT)),
    ("EnvFrom", "envFrom", Form::List(ENV_FROM_SOURCE)),
    ("Env", "env", Form::List(ENV_VAR)),
    (
        "Resources",
        "resources",
        Form::Struct(RESOURCE_REQUIREMENTS),
    ),
    (
        "ResizePolicy",
        "resizePolicy",
        Form::List(CONTAINER_RESIZE_POLICY),
    ),
    ("RestartPolicy", "restartPolicy", Form::Plain),
    (
        "RestartPolicyRules",
        "restartPolicyRules",
        Form::List(CONTAINER_RESTART_RULE),
    ),
    ("VolumeMounts", "volumeMounts", Form::List(VOLUME_MOUNT)),
    ("VolumeDevices", "volumeDevices", Form::List(VOLUME_DEVICE)),
    ("LivenessProbe", "livenessProbe", Form::Fields(PROBE)),
    ("ReadinessProbe", "readinessProbe", Form::Fields(PROBE)),
    ("StartupProbe", "startupProbe", Form::Fields(PROBE)),
    ("Lifecycle", "lifecycle", Form::Fields(LIFECYCLE)),
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
    (
        "SecurityContext",
        "securityContext",
        Form::Fields(SECURITY_CONTEXT),
    ),
    ("Stdin", "stdin", Form::Flag),
    ("StdinOnce", "stdinOnce", Form::Flag),
    ("TTY", "tty", Form::Flag),
    ("TargetContainerName", "targetContainerName", Form::Text),
];

const SYSCTL: &[Field] = &[("Name", "name", Form::Text), ("Value", "value", Form::Text)];

const POD_SECURITY_CONTEXT: &[Field] = &[
    ("HostNetwork", "hostNetwork", Form::Flag),
    ("HostPID", "hostPID", Form::Flag),
    ("HostIPC", "hostIPC", Form::Flag),
    (
        "ShareProcessNamespace",
        "shareProcessNamespace",
        Form::Plain,
    ),
    ("HostUsers", "hostUsers", Form::Plain),
    (
        "SELinuxOptions",
        "seLinuxOptions",
        Form::Fields(SE_LINUX_OPTIONS),
    ),
    (
        "WindowsOptions",
        "windowsOptions",
        Form::Fields(WINDOWS_SECURITY_CONTEXT_OPTIONS),
    ),
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
    ("Sysctls", "sysctls", Form::List(SYSCTL)),
    (
        "SeccompProfile",
        "seccompProfile",
        Form::Fields(SECCOMP_PROFILE),
    ),
    (
        "AppArmorProfile",
        "appArmorProfile",
        Form::Fields(APP_ARMOR_PROFILE),
    ),
    ("SELinuxChangePolicy", "seLinuxChangePolicy", Form::Plain),
];

const NODE_SELECTOR_REQUIREMENT: &[Field] = &[
    ("Key", "key", Form::Text),
    ("Operator", "operator", Form::Text),
    ("Values", "values", Form::Plain),
];

pub(super) const NODE_SELECTOR_TERM: &[Field] = &[
    (
        "MatchExpressions",
        "matchExpressions",
        Form::List(NODE_SELECTOR_REQUIREMENT),
    ),
    (
        "MatchFields",
        "matchFields",
        Form::List(NODE_SELECTOR_REQUIREMENT),
    ),
];

const NODE_SELECTOR: &[Field] = &[(
    "NodeSelectorTerms",
    "nodeSelectorTerms",
    Form::List(NODE_SELECTOR_TERM),
)];

const PREFERRED_SCHEDULING_TERM: &[Field] = &[
    ("Weight", "weight", Form::Number),
    ("Preference", "preference", Form::Struct(NODE_SELECTOR_TERM)),
];

const NODE_AFFINITY: &[Field] = &[
    (
        "RequiredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
        Form::Fields(NODE_SELECTOR),
    ),
    (
        "PreferredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
        Form::List(PREFERRED_SCHEDULING_TERM),
    ),
];

const POD_AFFINITY_TERM: &[Field] = &[
    ("LabelSelector", "labelSelector", Form::Plain),
    ("Namespaces", "namespaces", Form::Plain),
    ("TopologyKey", "topologyKey", Form::Text),
    ("NamespaceSelector", "namespaceSelector", Form::Plain),
    ("MatchLabelKeys", "matchLabelKeys", Form::Plain),
    ("MismatchLabelKeys", "mismatchLabelKeys", Form::Plain),
];

const WEIGHTED_POD_AFFINITY_TERM: &[Field] = &[
    ("Weight", "weight", Form::Number),
    (
        "PodAffinityTerm",
        "podAffinityTerm",
        Form::Struct(POD_AFFINITY_TERM),
    ),
];

const POD_AFFINITY: &[Field] = &[
    (
        "RequiredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
        Form::List(POD_AFFINITY_TERM),
    ),
    (
        "PreferredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
        Form::List(WEIGHTED_POD_AFFINITY_TERM),
    ),
];

const POD_ANTI_AFFINITY: &[Field] = &[
    (
        "RequiredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
        Form::List(POD_AFFINITY_TERM),
    ),
    (
        "PreferredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
        Form::List(WEIGHTED_POD_AFFINITY_TERM),
    ),
];

const AFFINITY: &[Field] = &[
    ("NodeAffinity", "nodeAffinity", Form::Fields(NODE_AFFINITY)),
    ("PodAffinity", "podAffinity", Form::Fields(POD_AFFINITY)),
    (
        "PodAntiAffinity",
        "podAntiAffinity",
        Form::Fields(POD_ANTI_AFFINITY),
    ),
];

const TOLERATION: &[Field] = &[
    ("Key", "key", Form::Text),
    ("Operator", "operator", Form::Text),
    ("Value", "value", Form::Text),
    ("Effect", "effect", Form::Text),
    ("TolerationSeconds", "tolerationSeconds", Form::Plain),
];

const HOST_ALIAS: &[Field] = &[
    ("IP", "ip", Form::Text),
    ("Hostnames", "hostnames", Form::Plain),
];

const POD_DNS_CONFIG_OPTION: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Value", "value", Form::Plain),
];

const POD_DNS_CONFIG: &[Field] = &[
    ("Nameservers", "nameservers", Form::Plain),
    ("Searches", "searches", Form::Plain),
    ("Options", "options", Form::List(POD_DNS_CONFIG_OPTION)),
];

const POD_READINESS_GATE: &[Field] = &[("ConditionType", "conditionType", Form::Text)];

const TOPOLOGY_SPREAD_CONSTRAINT: &[Field] = &[
    ("MaxSkew", "maxSkew", Form::Number),
    ("TopologyKey", "topologyKey", Form::Text),
    ("WhenUnsatisfiable", "whenUnsatisfiable", Form::Text),
    ("LabelSelector", "labelSelector", Form::Plain),
    ("MinDomains", "minDomains", Form::Plain),
    ("NodeAffinityPolicy", "nodeAffinityPolicy", Form::Plain),
    ("NodeTaintsPolicy", "nodeTaintsPolicy", Form::Plain),
    ("MatchLabelKeys", "matchLabelKeys", Form::Plain),
];

const POD_OS: &[Field] = &[("Name", "name", Form::Text)];

const POD_SCHEDULING_GATE: &[Field] = &[("Name", "name", Form::Text)];

const POD_RESOURCE_CLAIM: &[Field] = &[
    ("Name", "name", Form::Text),
    ("ResourceClaimName", "resourceClaimName", Form::Plain),
    (
        "ResourceClaimTemplateName",
        "resourceClaimTemplateName",
        Form::Plain,
    ),
];

const POD_SCHEDULING_GROUP: &[Field] = &[("PodGroupName", "podGroupName", Form::Plain)];

pub(super) const POD_SPEC: &[Field] = &[
    ("Volumes", "volumes", Form::List(VOLUME)),
    ("InitContainers", "initContainers", Form::List(CONTAINER)),
    ("Containers", "containers", Form::List(CONTAINER)),
    (
        "EphemeralContainers",
        "ephemeralContainers",
        Form::List(EPHEMERAL_CONTAINER),
    ),
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
    (
        "SecurityContext",
        "securityContext",
        Form::Fields(POD_SECURITY_CONTEXT),
    ),
    (
        "ImagePullSecrets",
        "imagePullSecrets",
        Form::List(LOCAL_OBJECT_REFERENCE),
    ),
    ("Hostname", "hostname", Form::Text),
    ("Subdomain", "subdomain", Form::Text),
    ("SetHostnameAsFQDN", "setHostnameAsFQDN", Form::Plain),
    ("Affinity", "affinity", Form::Fields(AFFINITY)),
    ("SchedulerName", "schedulerName", Form::Text),
    ("Tolerations", "tolerations", Form::List(TOLERATION)),
    ("HostAliases", "hostAliases", Form::List(HOST_ALIAS)),
    ("PriorityClassName", "priorityClassName", Form::Text),
    ("Priority", "priority", Form::Plain),
    ("PreemptionPolicy", "preemptionPolicy", Form::Plain),
    ("DNSConfig", "dnsConfig", Form::Fields(POD_DNS_CONFIG)),
    (
        "ReadinessGates",
        "readinessGates",
        Form::List(POD_READINESS_GATE),
    ),
    ("RuntimeClassName", "runtimeClassName", Form::Plain),
    ("Overhead", "overhead", Form::Plain),
    ("EnableServiceLinks", "enableServiceLinks", Form::Plain),
    (
        "TopologySpreadConstraints",
        "topologySpreadConstraints",
        Form::List(TOPOLOGY_SPREAD_CONSTRAINT),
    ),
    ("OS", "os", Form::Fields(POD_OS)),
    (
        "SchedulingGates",
        "schedulingGates",
        Form::List(POD_SCHEDULING_GATE),
    ),
    (
        "ResourceClaims",
        "resourceClaims",
        Form::List(POD_RESOURCE_CLAIM),
    ),
    (
        "Resources",
        "resources",
        Form::Fields(RESOURCE_REQUIREMENTS),
    ),
    ("HostnameOverride", "hostnameOverride", Form::Plain),
    (
        "SchedulingGroup",
        "schedulingGroup",
        Form::Fields(POD_SCHEDULING_GROUP),
    ),
];

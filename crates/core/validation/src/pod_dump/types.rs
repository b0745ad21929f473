//! Kubernetes' internal types of what a Pod's specification holds: names and order of the fields of `pkg/apis/core`, and
//! what they are called in JSON. Texts, numbers and flags that are no pointers are written even when they are not set.

use crate::go_dump::{Field, Form};

const HOST_PATH_VOLUME_SOURCE: &[Field] =
    &[("Path", "path", Form::Text), ("Type", "type", Form::Plain)];

const EMPTY_DIR_VOLUME_SOURCE: &[Field] = &[
    ("Medium", "medium", Form::Text),
    ("SizeLimit", "sizeLimit", Form::Plain),
];

const GCE_PERSISTENT_DISK_VOLUME_SOURCE: &[Field] = &[
    ("PDName", "pdName", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("Partition", "partition", Form::Number),
    ("ReadOnly", "readOnly", Form::Flag),
];

const AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: &[Field] = &[
    ("VolumeID", "volumeID", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("Partition", "partition", Form::Number),
    ("ReadOnly", "readOnly", Form::Flag),
];

const GIT_REPO_VOLUME_SOURCE: &[Field] = &[
    ("Repository", "repository", Form::Text),
    ("Revision", "revision", Form::Text),
    ("Directory", "directory", Form::Text),
];

const KEY_TO_PATH: &[Field] = &[
    ("Key", "key", Form::Text),
    ("Path", "path", Form::Text),
    ("Mode", "mode", Form::Plain),
];

const SECRET_VOLUME_SOURCE: &[Field] = &[
    ("SecretName", "secretName", Form::Text),
    ("Items", "items", Form::List(KEY_TO_PATH)),
    ("DefaultMode", "defaultMode", Form::Plain),
    ("Optional", "optional", Form::Plain),
];

const NFS_VOLUME_SOURCE: &[Field] = &[
    ("Server", "server", Form::Text),
    ("Path", "path", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const LOCAL_OBJECT_REFERENCE: &[Field] = &[("Name", "name", Form::Text)];

const ISCSI_VOLUME_SOURCE: &[Field] = &[
    ("TargetPortal", "targetPortal", Form::Text),
    ("IQN", "iqn", Form::Text),
    ("Lun", "lun", Form::Number),
    ("ISCSIInterface", "iscsiInterface", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    ("Portals", "portals", Form::Plain),
    ("DiscoveryCHAPAuth", "chapAuthDiscovery", Form::Flag),
    ("SessionCHAPAuth", "chapAuthSession", Form::Flag),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
    ("InitiatorName", "initiatorName", Form::Plain),
];

const GLUSTERFS_VOLUME_SOURCE: &[Field] = &[
    ("EndpointsName", "endpoints", Form::Text),
    ("Path", "path", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: &[Field] = &[
    ("ClaimName", "claimName", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const RBD_VOLUME_SOURCE: &[Field] = &[
    ("CephMonitors", "monitors", Form::Plain),
    ("RBDImage", "image", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("RBDPool", "pool", Form::Text),
    ("RadosUser", "user", Form::Text),
    ("Keyring", "keyring", Form::Text),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
    ("ReadOnly", "readOnly", Form::Flag),
];

const QUOBYTE_VOLUME_SOURCE: &[Field] = &[
    ("Registry", "registry", Form::Text),
    ("Volume", "volume", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    ("User", "user", Form::Text),
    ("Group", "group", Form::Text),
    ("Tenant", "tenant", Form::Text),
];

const FLEX_VOLUME_SOURCE: &[Field] = &[
    ("Driver", "driver", Form::Text),
    ("FSType", "fsType", Form::Text),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
    ("ReadOnly", "readOnly", Form::Flag),
    ("Options", "options", Form::Plain),
];

const CINDER_VOLUME_SOURCE: &[Field] = &[
    ("VolumeID", "volumeID", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
];

const CEPH_FS_VOLUME_SOURCE: &[Field] = &[
    ("Monitors", "monitors", Form::Plain),
    ("Path", "path", Form::Text),
    ("User", "user", Form::Text),
    ("SecretFile", "secretFile", Form::Text),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
    ("ReadOnly", "readOnly", Form::Flag),
];

const FLOCKER_VOLUME_SOURCE: &[Field] = &[
    ("DatasetName", "datasetName", Form::Text),
    ("DatasetUUID", "datasetUUID", Form::Text),
];

const OBJECT_FIELD_SELECTOR: &[Field] = &[
    ("APIVersion", "apiVersion", Form::Text),
    ("FieldPath", "fieldPath", Form::Text),
];

const RESOURCE_FIELD_SELECTOR: &[Field] = &[
    ("ContainerName", "containerName", Form::Text),
    ("Resource", "resource", Form::Text),
    ("Divisor", "divisor", Form::Plain),
];

const DOWNWARD_API_VOLUME_FILE: &[Field] = &[
    ("Path", "path", Form::Text),
    ("FieldRef", "fieldRef", Form::Fields(OBJECT_FIELD_SELECTOR)),
    (
        "ResourceFieldRef",
        "resourceFieldRef",
        Form::Fields(RESOURCE_FIELD_SELECTOR),
    ),
    ("Mode", "mode", Form::Plain),
];

const DOWNWARD_API_VOLUME_SOURCE: &[Field] = &[
    ("Items", "items", Form::List(DOWNWARD_API_VOLUME_FILE)),
    ("DefaultMode", "defaultMode", Form::Plain),
];

const FC_VOLUME_SOURCE: &[Field] = &[
    ("TargetWWNs", "targetWWNs", Form::Plain),
    ("Lun", "lun", Form::Plain),
    ("FSType", "fsType", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    ("WWIDs", "wwids", Form::Plain),
];

const AZURE_FILE_VOLUME_SOURCE: &[Field] = &[
    ("SecretName", "secretName", Form::Text),
    ("ShareName", "shareName", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const CONFIG_MAP_VOLUME_SOURCE: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Items", "items", Form::List(KEY_TO_PATH)),
    ("DefaultMode", "defaultMode", Form::Plain),
    ("Optional", "optional", Form::Plain),
];

const VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: &[Field] = &[
    ("VolumePath", "volumePath", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("StoragePolicyName", "storagePolicyName", Form::Text),
    ("StoragePolicyID", "storagePolicyID", Form::Text),
];

const AZURE_DISK_VOLUME_SOURCE: &[Field] = &[
    ("DiskName", "diskName", Form::Text),
    ("DataDiskURI", "diskURI", Form::Text),
    ("CachingMode", "cachingMode", Form::Plain),
    ("FSType", "fsType", Form::Plain),
    ("ReadOnly", "readOnly", Form::Plain),
    ("Kind", "kind", Form::Plain),
];

const PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: &[Field] = &[
    ("PdID", "pdID", Form::Text),
    ("FSType", "fsType", Form::Text),
];

const SECRET_PROJECTION: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Items", "items", Form::List(KEY_TO_PATH)),
    ("Optional", "optional", Form::Plain),
];

const DOWNWARD_API_PROJECTION: &[Field] =
    &[("Items", "items", Form::List(DOWNWARD_API_VOLUME_FILE))];

const CONFIG_MAP_PROJECTION: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Items", "items", Form::List(KEY_TO_PATH)),
    ("Optional", "optional", Form::Plain),
];

const SERVICE_ACCOUNT_TOKEN_PROJECTION: &[Field] = &[
    ("Audience", "audience", Form::Text),
    ("ExpirationSeconds", "expirationSeconds", Form::Number),
    ("Path", "path", Form::Text),
];

const CLUSTER_TRUST_BUNDLE_PROJECTION: &[Field] = &[
    ("Name", "name", Form::Plain),
    ("SignerName", "signerName", Form::Plain),
    ("LabelSelector", "labelSelector", Form::Plain),
    ("Optional", "optional", Form::Plain),
    ("Path", "path", Form::Text),
];

const POD_CERTIFICATE_PROJECTION: &[Field] = &[
    ("SignerName", "signerName", Form::Text),
    ("KeyType", "keyType", Form::Text),
    ("MaxExpirationSeconds", "maxExpirationSeconds", Form::Plain),
    ("CredentialBundlePath", "credentialBundlePath", Form::Text),
    ("KeyPath", "keyPath", Form::Text),
    ("CertificateChainPath", "certificateChainPath", Form::Text),
    ("UserAnnotations", "userAnnotations", Form::Plain),
];

const VOLUME_PROJECTION: &[Field] = &[
    ("Secret", "secret", Form::Fields(SECRET_PROJECTION)),
    (
        "DownwardAPI",
        "downwardAPI",
        Form::Fields(DOWNWARD_API_PROJECTION),
    ),
    (
        "ConfigMap",
        "configMap",
        Form::Fields(CONFIG_MAP_PROJECTION),
    ),
    (
        "ServiceAccountToken",
        "serviceAccountToken",
        Form::Fields(SERVICE_ACCOUNT_TOKEN_PROJECTION),
    ),
    (
        "ClusterTrustBundle",
        "clusterTrustBundle",
        Form::Fields(CLUSTER_TRUST_BUNDLE_PROJECTION),
    ),
    (
        "PodCertificate",
        "podCertificate",
        Form::Fields(POD_CERTIFICATE_PROJECTION),
    ),
];

const PROJECTED_VOLUME_SOURCE: &[Field] = &[
    ("Sources", "sources", Form::List(VOLUME_PROJECTION)),
    ("DefaultMode", "defaultMode", Form::Plain),
];

const PORTWORX_VOLUME_SOURCE: &[Field] = &[
    ("VolumeID", "volumeID", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const SCALE_IO_VOLUME_SOURCE: &[Field] = &[
    ("Gateway", "gateway", Form::Text),
    ("System", "system", Form::Text),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
    ("SSLEnabled", "sslEnabled", Form::Flag),
    ("ProtectionDomain", "protectionDomain", Form::Text),
    ("StoragePool", "storagePool", Form::Text),
    ("StorageMode", "storageMode", Form::Text),
    ("VolumeName", "volumeName", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const STORAGE_OS_VOLUME_SOURCE: &[Field] = &[
    ("VolumeName", "volumeName", Form::Text),
    ("VolumeNamespace", "volumeNamespace", Form::Text),
    ("FSType", "fsType", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    (
        "SecretRef",
        "secretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
];

const CSI_VOLUME_SOURCE: &[Field] = &[
    ("Driver", "driver", Form::Text),
    ("ReadOnly", "readOnly", Form::Plain),
    ("FSType", "fsType", Form::Plain),
    ("VolumeAttributes", "volumeAttributes", Form::Plain),
    (
        "NodePublishSecretRef",
        "nodePublishSecretRef",
        Form::Fields(LOCAL_OBJECT_REFERENCE),
    ),
];

const VOLUME_RESOURCE_REQUIREMENTS: &[Field] = &[
    ("Limits", "limits", Form::Plain),
    ("Requests", "requests", Form::Plain),
];

const TYPED_LOCAL_OBJECT_REFERENCE: &[Field] = &[
    ("APIGroup", "apiGroup", Form::Plain),
    ("Kind", "kind", Form::Text),
    ("Name", "name", Form::Text),
];

const TYPED_OBJECT_REFERENCE: &[Field] = &[
    ("APIGroup", "apiGroup", Form::Plain),
    ("Kind", "kind", Form::Text),
    ("Name", "name", Form::Text),
    ("Namespace", "namespace", Form::Plain),
];

const PERSISTENT_VOLUME_CLAIM_SPEC: &[Field] = &[
    ("AccessModes", "accessModes", Form::Plain),
    ("Selector", "selector", Form::Plain),
    (
        "Resources",
        "resources",
        Form::Struct(VOLUME_RESOURCE_REQUIREMENTS),
    ),
    ("VolumeName", "volumeName", Form::Text),
    ("StorageClassName", "storageClassName", Form::Plain),
    ("VolumeMode", "volumeMode", Form::Plain),
    (
        "DataSource",
        "dataSource",
        Form::Fields(TYPED_LOCAL_OBJECT_REFERENCE),
    ),
    (
        "DataSourceRef",
        "dataSourceRef",
        Form::Fields(TYPED_OBJECT_REFERENCE),
    ),
    (
        "VolumeAttributesClassName",
        "volumeAttributesClassName",
        Form::Plain,
    ),
];

const PERSISTENT_VOLUME_CLAIM_TEMPLATE: &[Field] =
    &[("Spec", "spec", Form::Struct(PERSISTENT_VOLUME_CLAIM_SPEC))];

const EPHEMERAL_VOLUME_SOURCE: &[Field] = &[(
    "VolumeClaimTemplate",
    "volumeClaimTemplate",
    Form::Fields(PERSISTENT_VOLUME_CLAIM_TEMPLATE),
)];

const IMAGE_VOLUME_SOURCE: &[Field] = &[
    ("Reference", "reference", Form::Text),
    ("PullPolicy", "pullPolicy", Form::Text),
];

const VOLUME: &[Field] = &[
    ("Name", "name", Form::Text),
    (
        "HostPath",
        "hostPath",
        Form::Fields(HOST_PATH_VOLUME_SOURCE),
    ),
    (
        "EmptyDir",
        "emptyDir",
        Form::Fields(EMPTY_DIR_VOLUME_SOURCE),
    ),
    (
        "GCEPersistentDisk",
        "gcePersistentDisk",
        Form::Fields(GCE_PERSISTENT_DISK_VOLUME_SOURCE),
    ),
    (
        "AWSElasticBlockStore",
        "awsElasticBlockStore",
        Form::Fields(AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE),
    ),
    ("GitRepo", "gitRepo", Form::Fields(GIT_REPO_VOLUME_SOURCE)),
    ("Secret", "secret", Form::Fields(SECRET_VOLUME_SOURCE)),
    ("NFS", "nfs", Form::Fields(NFS_VOLUME_SOURCE)),
    ("ISCSI", "iscsi", Form::Fields(ISCSI_VOLUME_SOURCE)),
    (
        "Glusterfs",
        "glusterfs",
        Form::Fields(GLUSTERFS_VOLUME_SOURCE),
    ),
    (
        "PersistentVolumeClaim",
        "persistentVolumeClaim",
        Form::Fields(PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE),
    ),
    ("RBD", "rbd", Form::Fields(RBD_VOLUME_SOURCE)),
    ("Quobyte", "quobyte", Form::Fields(QUOBYTE_VOLUME_SOURCE)),
    ("FlexVolume", "flexVolume", Form::Fields(FLEX_VOLUME_SOURCE)),
    ("Cinder", "cinder", Form::Fields(CINDER_VOLUME_SOURCE)),
    ("CephFS", "cephfs", Form::Fields(CEPH_FS_VOLUME_SOURCE)),
    ("Flocker", "flocker", Form::Fields(FLOCKER_VOLUME_SOURCE)),
    (
        "DownwardAPI",
        "downwardAPI",
        Form::Fields(DOWNWARD_API_VOLUME_SOURCE),
    ),
    ("FC", "fc", Form::Fields(FC_VOLUME_SOURCE)),
    (
        "AzureFile",
        "azureFile",
        Form::Fields(AZURE_FILE_VOLUME_SOURCE),
    ),
    (
        "ConfigMap",
        "configMap",
        Form::Fields(CONFIG_MAP_VOLUME_SOURCE),
    ),
    (
        "VsphereVolume",
        "vsphereVolume",
        Form::Fields(VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE),
    ),
    (
        "AzureDisk",
        "azureDisk",
        Form::Fields(AZURE_DISK_VOLUME_SOURCE),
    ),
    (
        "PhotonPersistentDisk",
        "photonPersistentDisk",
        Form::Fields(PHOTON_PERSISTENT_DISK_VOLUME_SOURCE),
    ),
    (
        "Projected",
        "projected",
        Form::Fields(PROJECTED_VOLUME_SOURCE),
    ),
    (
        "PortworxVolume",
        "portworxVolume",
        Form::Fields(PORTWORX_VOLUME_SOURCE),
    ),
    ("ScaleIO", "scaleIO", Form::Fields(SCALE_IO_VOLUME_SOURCE)),
    (
        "StorageOS",
        "storageos",
        Form::Fields(STORAGE_OS_VOLUME_SOURCE),
    ),
    ("CSI", "csi", Form::Fields(CSI_VOLUME_SOURCE)),
    (
        "Ephemeral",
        "ephemeral",
        Form::Fields(EPHEMERAL_VOLUME_SOURCE),
    ),
    ("Image", "image", Form::Fields(IMAGE_VOLUME_SOURCE)),
];

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

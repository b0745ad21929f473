//! Kubernetes' internal types of volumes: names and order of the fields of `pkg/apis/core`, and what they are called in JSON.

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

pub(super) const LOCAL_OBJECT_REFERENCE: &[Field] = &[("Name", "name", Form::Text)];

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

pub(super) const OBJECT_FIELD_SELECTOR: &[Field] = &[
    ("APIVersion", "apiVersion", Form::Text),
    ("FieldPath", "fieldPath", Form::Text),
];

pub(super) const RESOURCE_FIELD_SELECTOR: &[Field] = &[
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

pub(super) const VOLUME: &[Field] = &[
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

//! Volumes and probes in the order of Go's internal types; sources that are rare stand as in JSON.

use crate::go_dump::{Field, Form};

const ITEM: &[Field] = &[
    ("Key", "key", Form::Text),
    ("Path", "path", Form::Text),
    ("Mode", "mode", Form::Plain),
];

const FIELD: &[Field] = &[
    ("APIVersion", "apiVersion", Form::Text),
    ("FieldPath", "fieldPath", Form::Text),
];

const FILE: &[Field] = &[
    ("Path", "path", Form::Text),
    ("FieldRef", "fieldRef", Form::Fields(FIELD)),
    ("ResourceFieldRef", "resourceFieldRef", Form::Plain),
    ("Mode", "mode", Form::Plain),
];

/// A ConfigMap or Secret among the sources of a volume.
const NAMED: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Items", "items", Form::List(ITEM)),
    ("Optional", "optional", Form::Plain),
];

const FILES: &[Field] = &[("Items", "items", Form::List(FILE))];

const TOKEN: &[Field] = &[
    ("Audience", "audience", Form::Text),
    ("ExpirationSeconds", "expirationSeconds", Form::Number),
    ("Path", "path", Form::Text),
];

const PROJECTION: &[Field] = &[
    ("Secret", "secret", Form::Fields(NAMED)),
    ("DownwardAPI", "downwardAPI", Form::Fields(FILES)),
    ("ConfigMap", "configMap", Form::Fields(NAMED)),
    (
        "ServiceAccountToken",
        "serviceAccountToken",
        Form::Fields(TOKEN),
    ),
    ("ClusterTrustBundle", "clusterTrustBundle", Form::Plain),
    ("PodCertificate", "podCertificate", Form::Plain),
];

const PROJECTED: &[Field] = &[
    ("Sources", "sources", Form::List(PROJECTION)),
    ("DefaultMode", "defaultMode", Form::Plain),
];

const CONFIG_MAP: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Items", "items", Form::List(ITEM)),
    ("DefaultMode", "defaultMode", Form::Plain),
    ("Optional", "optional", Form::Plain),
];

const SECRET: &[Field] = &[
    ("SecretName", "secretName", Form::Text),
    ("Items", "items", Form::List(ITEM)),
    ("DefaultMode", "defaultMode", Form::Plain),
    ("Optional", "optional", Form::Plain),
];

const DOWNWARD: &[Field] = &[
    ("Items", "items", Form::List(FILE)),
    ("DefaultMode", "defaultMode", Form::Plain),
];

const EMPTY: &[Field] = &[
    ("Medium", "medium", Form::Text),
    ("SizeLimit", "sizeLimit", Form::Plain),
];

const HOST: &[Field] = &[("Path", "path", Form::Text), ("Type", "type", Form::Plain)];

const CLAIM: &[Field] = &[
    ("ClaimName", "claimName", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

pub(super) const VOLUME: &[Field] = &[
    ("Name", "name", Form::Text),
    ("HostPath", "hostPath", Form::Fields(HOST)),
    ("EmptyDir", "emptyDir", Form::Fields(EMPTY)),
    ("GCEPersistentDisk", "gcePersistentDisk", Form::Plain),
    ("AWSElasticBlockStore", "awsElasticBlockStore", Form::Plain),
    ("GitRepo", "gitRepo", Form::Plain),
    ("Secret", "secret", Form::Fields(SECRET)),
    ("NFS", "nfs", Form::Plain),
    ("ISCSI", "iscsi", Form::Plain),
    ("Glusterfs", "glusterfs", Form::Plain),
    (
        "PersistentVolumeClaim",
        "persistentVolumeClaim",
        Form::Fields(CLAIM),
    ),
    ("RBD", "rbd", Form::Plain),
    ("Quobyte", "quobyte", Form::Plain),
    ("FlexVolume", "flexVolume", Form::Plain),
    ("Cinder", "cinder", Form::Plain),
    ("CephFS", "cephfs", Form::Plain),
    ("Flocker", "flocker", Form::Plain),
    ("DownwardAPI", "downwardAPI", Form::Fields(DOWNWARD)),
    ("FC", "fc", Form::Plain),
    ("AzureFile", "azureFile", Form::Plain),
    ("ConfigMap", "configMap", Form::Fields(CONFIG_MAP)),
    ("VsphereVolume", "vsphereVolume", Form::Plain),
    ("AzureDisk", "azureDisk", Form::Plain),
    ("PhotonPersistentDisk", "photonPersistentDisk", Form::Plain),
    ("Projected", "projected", Form::Fields(PROJECTED)),
    ("PortworxVolume", "portworxVolume", Form::Plain),
    ("ScaleIO", "scaleIO", Form::Plain),
    ("StorageOS", "storageos", Form::Plain),
    ("CSI", "csi", Form::Plain),
    ("Ephemeral", "ephemeral", Form::Plain),
    ("Image", "image", Form::Plain),
];

const COMMAND: &[Field] = &[("Command", "command", Form::Plain)];

const REQUEST: &[Field] = &[
    ("Path", "path", Form::Text),
    ("Port", "port", Form::Plain),
    ("Host", "host", Form::Text),
    ("Scheme", "scheme", Form::Text),
    ("HTTPHeaders", "httpHeaders", Form::Plain),
];

const SOCKET: &[Field] = &[("Port", "port", Form::Plain), ("Host", "host", Form::Text)];

const CALL: &[Field] = &[
    ("Port", "port", Form::Number),
    ("Service", "service", Form::Plain),
];

pub(super) const PROBE: &[Field] = &[
    ("Exec", "exec", Form::Fields(COMMAND)),
    ("HTTPGet", "httpGet", Form::Fields(REQUEST)),
    ("TCPSocket", "tcpSocket", Form::Fields(SOCKET)),
    ("GRPC", "grpc", Form::Fields(CALL)),
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

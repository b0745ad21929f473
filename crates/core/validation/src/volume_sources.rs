//! Changes of the source of a volume, which is fixed; the refusal shows what changed.

use serde_json::Value;
use skein_object::Object;

use crate::go_dump::{Field, Form, lines, unified};
use crate::spot::{Errors, Spot};

const HOST_PATH: &[Field] = &[("Path", "path", Form::Text), ("Type", "type", Form::Plain)];

const NFS: &[Field] = &[
    ("Server", "server", Form::Text),
    ("Path", "path", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
];

const LOCAL: &[Field] = &[
    ("Path", "path", Form::Text),
    ("FSType", "fsType", Form::Plain),
];

const SECRET: &[Field] = &[
    ("Name", "name", Form::Text),
    ("Namespace", "namespace", Form::Text),
];

const CSI: &[Field] = &[
    ("Driver", "driver", Form::Text),
    ("VolumeHandle", "volumeHandle", Form::Text),
    ("ReadOnly", "readOnly", Form::Flag),
    ("FSType", "fsType", Form::Text),
    ("VolumeAttributes", "volumeAttributes", Form::Plain),
    (
        "ControllerPublishSecretRef",
        "controllerPublishSecretRef",
        Form::Fields(SECRET),
    ),
    (
        "NodeStageSecretRef",
        "nodeStageSecretRef",
        Form::Fields(SECRET),
    ),
    (
        "NodePublishSecretRef",
        "nodePublishSecretRef",
        Form::Fields(SECRET),
    ),
    (
        "ControllerExpandSecretRef",
        "controllerExpandSecretRef",
        Form::Fields(SECRET),
    ),
    (
        "NodeExpandSecretRef",
        "nodeExpandSecretRef",
        Form::Fields(SECRET),
    ),
];

/// The sources in the order of Go's internal type; those without fields here are printed as they stand.
const SOURCES: &[Field] = &[
    ("GCEPersistentDisk", "gcePersistentDisk", Form::Plain),
    ("AWSElasticBlockStore", "awsElasticBlockStore", Form::Plain),
    ("HostPath", "hostPath", Form::Fields(HOST_PATH)),
    ("Glusterfs", "glusterfs", Form::Plain),
    ("NFS", "nfs", Form::Fields(NFS)),
    ("RBD", "rbd", Form::Plain),
    ("Quobyte", "quobyte", Form::Plain),
    ("ISCSI", "iscsi", Form::Plain),
    ("FlexVolume", "flexVolume", Form::Plain),
    ("Cinder", "cinder", Form::Plain),
    ("CephFS", "cephfs", Form::Plain),
    ("FC", "fc", Form::Plain),
    ("Flocker", "flocker", Form::Plain),
    ("AzureFile", "azureFile", Form::Plain),
    ("VsphereVolume", "vsphereVolume", Form::Plain),
    ("AzureDisk", "azureDisk", Form::Plain),
    ("PhotonPersistentDisk", "photonPersistentDisk", Form::Plain),
    ("PortworxVolume", "portworxVolume", Form::Plain),
    ("ScaleIO", "scaleIO", Form::Plain),
    ("Local", "local", Form::Fields(LOCAL)),
    ("StorageOS", "storageos", Form::Plain),
    ("CSI", "csi", Form::Fields(CSI)),
];

pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object) {
    let dump = |volume: &Object| {
        let spec = volume.at(&["spec"]).unwrap_or(&Value::Null);
        lines(SOURCES, spec)
    };
    let (before, after) = (dump(old), dump(new));
    if before != after {
        let text = "spec.persistentvolumesource is immutable after creation";
        let text = format!("{text}\n{}", unified(&before, &after));
        let source = Spot::of(new, "spec").get("persistentvolumesource");
        errors.add(source.forbidden(&text));
    }
}

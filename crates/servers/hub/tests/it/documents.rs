//! Generated documents that others read are as the code makes them.

use std::path::Path;

/// The web page's types are generated from this copy.
const COPY: &str = "../../../web/src/api/openapi.json";
/// Set to write the copy instead of comparing it.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_copy_of_the_openapi_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(COPY);
    let mut generated = serde_json::to_string_pretty(&skein_hub::routes::openapi()).unwrap();
    generated.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let copy = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        copy == generated,
        "web/src/api/openapi.json is out of date: run the tests of skein-hub with {UPDATE}=1, \
         then `npm run generate` in web/"
    );
}

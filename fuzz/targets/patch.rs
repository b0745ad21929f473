//! An object and a patch, cut at a line `---patch---`: the patch as a strategic one or as JSON operations, by its own identity and by a target.

#![no_main]

use libfuzzer_sys::fuzz_target;
use skein_fuzz::{check, expect_panics_of_scanner};
use skein_kustomize::FileTree;

const CUT: &str = "---patch---\n";
const BY_IDENTITY: &str = "resources: [object.yaml]\npatches:\n- path: patch.yaml\n";
const BY_TARGET: &str = "resources: [object.yaml]\npatches:\n- path: patch.yaml\n  target: {kind: \".*\"}\n  options: {allowNameChange: true, allowKindChange: true}\n";

fuzz_target!(|data: &[u8]| {
    expect_panics_of_scanner();
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some((object, patch)) = text.split_once(CUT) else {
        return;
    };
    for kustomization in [BY_IDENTITY, BY_TARGET] {
        let mut tree = FileTree::new();
        for (path, content) in [
            ("kustomization.yaml", kustomization),
            ("object.yaml", object),
            ("patch.yaml", patch),
        ] {
            tree.insert(path, content.as_bytes()).expect("fits");
        }
        check(&tree);
    }
});

//! Addresses of schemas: references joined to bases, fragments, JSON pointers.

use percent_encoding::percent_decode_str;

/// Address under which Helm loads the schema.
pub(super) const ROOT: &str = "file:///values.schema.json";

/// A reference joined to a base: address, and fragment as it is meant.
pub(super) fn join(base: &str, reference: &str) -> (String, String) {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    (join_path(base, path), percent_decode(fragment))
}

fn join_path(base: &str, path: &str) -> String {
    if path.is_empty() {
        return base.to_owned();
    }
    if has_scheme(path) {
        return path.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("file", base));
    if let Some(other_host) = path.strip_prefix("//") {
        return format!("{scheme}://{other_host}");
    }
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    let full = match path.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None => format!("{folder}/{path}"),
    };
    let slash = if full.ends_with('/') { "/" } else { "" };
    let clean = crate::archive::clean(&full);
    let clean = percent_decode(clean.trim_end_matches('/'));
    let path = shown("", &clean);
    format!("{scheme}://{host}/{}{slash}", path.trim_start_matches('#'))
}

/// Whether an address names its scheme.
pub(super) fn has_scheme(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else {
        return false;
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits)
}

/// A token of a JSON pointer.
pub(super) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// An address with a fragment, as messages show it.
pub(super) fn shown(address: &str, fragment: &str) -> String {
    let mut out = format!("{address}#");
    for byte in fragment.bytes() {
        // What Go escapes in a part of a path, but for the slash.
        if byte.is_ascii_alphanumeric() || b"-_.~$&+:=@/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A text without its `%xx`; what is no escape stays.
pub(super) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

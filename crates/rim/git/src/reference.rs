//! Which commit of a remote is wanted, and how refs are chosen from what the remote lists.

use skein_semver::{Constraint, Version};

use crate::upload_pack::{Advertisement, ObjectId};

/// Branch that is taken when none is named.
pub const DEFAULT_BRANCH: &str = "master";

/// What to check out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Head of a branch.
    Branch(String),
    /// An exact tag.
    Tag(String),
    /// The highest tag in a version range.
    SemVer(String),
    /// A full ref name, such as `refs/pull/1/head`.
    Name(String),
    /// A pinned commit; the branch, when given, is where it is looked for.
    Commit {
        /// Hexadecimal commit id.
        commit: String,
        /// Branch that holds it.
        branch: Option<String>,
    },
}

impl Reference {
    /// Picks by precedence: commit, then name, tag, semver, branch (what Flux does; its documentation has semver before tag); empty texts count
    /// as absent.
    pub fn select(
        branch: Option<&str>,
        tag: Option<&str>,
        semver: Option<&str>,
        name: Option<&str>,
        commit: Option<&str>,
    ) -> Self {
        let given = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        if let Some(commit) = given(commit) {
            Self::Commit {
                commit,
                branch: given(branch),
            }
        } else if let Some(name) = given(name) {
            Self::Name(name)
        } else if let Some(tag) = given(tag) {
            Self::Tag(tag)
        } else if let Some(range) = given(semver) {
            Self::SemVer(range)
        } else {
            Self::Branch(given(branch).unwrap_or_else(|| DEFAULT_BRANCH.to_owned()))
        }
    }
}

/// `<short ref>@sha1:<commit>`, or `sha1:<commit>` without a ref.
pub(crate) fn short_revision(full_name: &str, commit: &ObjectId) -> String {
    let mut parts = full_name.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(_), Some(short)) => format!("{short}@sha1:{commit}"),
        _ => format!("sha1:{commit}"),
    }
}

/// Tags that satisfy the range, best last: by version, equal versions (they differ in build
/// metadata) side by side with the same rank.
pub(crate) fn matching_tags<'a>(
    advertisement: &'a Advertisement,
    range: &Constraint,
) -> Vec<(&'a str, Version)> {
    let mut tags: Vec<(&str, Version)> = advertisement
        .names()
        .filter_map(|name| name.strip_prefix("refs/tags/"))
        .filter_map(|tag| Some((tag, Version::parse_dotted(tag)?)))
        .filter(|(_, version)| range.check(version))
        .collect();
    tags.sort_by(|(_, a), (_, b)| a.precedence(b));
    tags
}

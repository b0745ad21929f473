//! What a caller may ask of a verb.

/// Options of a server-side apply.
#[derive(Clone, Debug, Default)]
pub struct ApplyOptions<'a> {
    /// Name that will own the fields.
    pub field_manager: &'a str,
    /// Take over fields that others own.
    pub force: bool,
    /// Let the server compute the result and store nothing.
    pub dry_run: bool,
    /// Refuse fields that the schema does not know.
    pub strict: bool,
    /// Subresource, for example `status`.
    pub subresource: Option<&'a str>,
}

/// What happens to the objects that an object owns when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Owned objects are deleted afterwards.
    Background,
    /// Owned objects are deleted first.
    Foreground,
    /// Owned objects stay.
    Orphan,
}

/// The languages of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// By the merge keys of the kind; built-in kinds only.
    Strategic,
    /// RFC 7386.
    Merge,
    /// RFC 6902.
    Json,
}

impl PatchKind {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Json => "application/json-patch+json",
        }
    }
}

/// Options of a deletion.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions<'a> {
    /// What happens to owned objects; the server's default when absent.
    pub propagation: Option<Propagation>,
    /// Delete only the object with this uid.
    pub uid: Option<&'a str>,
}

/// Options of a list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Namespace; empty for all.
    pub namespace: String,
    /// Label selector; empty for all.
    pub label_selector: String,
    /// Field selector; empty for all.
    pub field_selector: String,
    /// Ask for metadata alone: objects come as PartialObjectMetadata.
    pub metadata_only: bool,
}

impl ListOptions {
    /// Asks for a list in the form that is wanted.
    pub(super) fn accept_list(&self, request: http::request::Builder) -> http::request::Builder {
        self.accept(request, "PartialObjectMetadataList")
    }

    /// Asks for events. A kube-apiserver that is asked for lists here ends the watch at its first event.
    pub(super) fn accept_events(&self, request: http::request::Builder) -> http::request::Builder {
        self.accept(request, "PartialObjectMetadata")
    }

    fn accept(&self, request: http::request::Builder, form: &str) -> http::request::Builder {
        if !self.metadata_only {
            return request;
        }
        let form = format!("application/json;as={form};g=meta.k8s.io;v=v1,application/json");
        request.header("accept", form)
    }
}

#[cfg(test)]
mod tests {
    use super::ListOptions;

    #[test]
    fn watches_ask_for_events_and_lists_for_lists() {
        let options = ListOptions {
            metadata_only: true,
            ..ListOptions::default()
        };
        let accepted = |request: http::request::Builder| {
            let headers = request.headers_ref().expect("headers");
            headers["accept"].to_str().expect("a text").to_owned()
        };
        let events = accepted(options.accept_events(http::Request::get("/")));
        let list = accepted(options.accept_list(http::Request::get("/")));
        assert!(events.contains("as=PartialObjectMetadata;"), "{events}");
        assert!(!events.contains("List"), "a server ends such a watch");
        assert!(list.contains("as=PartialObjectMetadataList;"), "{list}");
    }
}

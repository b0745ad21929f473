//! What a kind is besides its fields: names, versions, categories and printer columns.

/// A kind as it is registered with the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// API group.
    pub group: &'static str,
    /// Kind in camel case.
    pub kind: &'static str,
    /// Plural name in the URL.
    pub plural: &'static str,
    /// Short names for the command line.
    pub short_names: &'static [&'static str],
    /// The category beside `all` and `fluxcd`.
    pub category: Category,
    /// Served versions, newest first.
    pub versions: &'static [Version],
    /// Columns that `kubectl get` prints.
    pub columns: &'static [Column],
    /// Whether the kind has a status, and how it starts.
    pub status: StatusShape,
    /// What the kind is for, in a sentence.
    pub description: &'static str,
}

impl Definition {
    /// Singular name: the kind in lower case.
    pub fn singular(&self) -> String {
        self.kind.to_lowercase()
    }

    /// The version that objects are stored at and that we write.
    pub fn storage_version(&self) -> &'static str {
        self.versions
            .iter()
            .find(|v| v.storage)
            .map_or("", |v| v.name)
    }

    /// `group/version` of the storage version.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.storage_version())
    }

    /// Whether a word names this kind: kind, singular, plural or short name, in any case.
    pub fn is_named(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        word == self.singular() || word == self.plural || self.short_names.contains(&word.as_str())
    }
}

/// The role of a kind, which is a category that `kubectl get` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Brings something into the cluster.
    Source,
    /// Applies something to a cluster.
    Applier,
    /// Tells somebody or is told.
    Notification,
    /// Follows container images.
    Image,
}

impl Category {
    /// The name of the category.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "fluxcd-sources",
            Self::Applier => "fluxcd-appliers",
            Self::Notification => "fluxcd-notifications",
            Self::Image => "fluxcd-images",
        }
    }
}

/// A served version of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Name, for example `v1`.
    pub name: &'static str,
    /// Whether objects are stored at this version.
    pub storage: bool,
    /// Fields of the spec that this version does not have.
    pub without: &'static [&'static str],
}

impl Version {
    /// The one version of a kind.
    pub const fn only(name: &'static str) -> [Self; 1] {
        [Self {
            name,
            storage: true,
            without: &[],
        }]
    }
}

/// How the status of a kind starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusShape {
    /// The kind has no status.
    Absent,
    /// Empty.
    Empty,
    /// With an observed generation of -1, so that a new object never looks reconciled.
    Unobserved,
}

/// A column that `kubectl get` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// Where the value is.
    pub json_path: &'static str,
    /// `string` or `date`.
    pub column_type: &'static str,
    /// 0 for always, 1 for `-o wide`.
    pub priority: i64,
}

impl Column {
    /// A column of text.
    pub const fn text(name: &'static str, json_path: &'static str) -> Self {
        Self {
            name,
            json_path,
            column_type: "string",
            priority: 0,
        }
    }

    /// A column of text in the wide output only.
    pub const fn wide(name: &'static str, json_path: &'static str) -> Self {
        Self {
            name,
            json_path,
            column_type: "string",
            priority: 1,
        }
    }

    /// The age of the object.
    pub const AGE: Self = Self {
        name: "Age",
        json_path: ".metadata.creationTimestamp",
        column_type: "date",
        priority: 0,
    };

    /// Status of the condition Ready.
    pub const READY: Self = Self::text("Ready", r#".status.conditions[?(@.type=="Ready")].status"#);

    /// Message of the condition Ready.
    pub const STATUS: Self = Self::text(
        "Status",
        r#".status.conditions[?(@.type=="Ready")].message"#,
    );
}

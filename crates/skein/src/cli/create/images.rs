//! `create image`: repositories to scan, policies that choose a tag, automations that write it.

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_object::GoDuration;

use super::{Draft, Finished, Generating, Making, Words, set_reference, set_text};

/// The kinds of images.
#[derive(Subcommand, Clone, Debug)]
pub enum ImageWhat {
    /// An ImageRepository
    Repository(RepositoryFlags),
    /// An ImagePolicy
    Policy(PolicyFlags),
    /// An ImageUpdateAutomation
    Update(UpdateFlags),
}

impl ImageWhat {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Repository(flags) => flags.name.as_deref(),
            Self::Policy(flags) => flags.name.as_deref(),
            Self::Update(flags) => flags.name.as_deref(),
        }
    }
}

/// Flags of `create image repository`.
#[derive(Args, Clone, Debug)]
pub struct RepositoryFlags {
    name: Option<String>,
    /// The images to scan, without a tag
    #[arg(long)]
    image: Option<String>,
    /// Secret with credentials of the registry
    #[arg(long)]
    secret_ref: Option<String>,
    /// Secret with certificates
    #[arg(long)]
    cert_ref: Option<String>,
    /// How long a scan may take
    #[arg(long)]
    scan_timeout: Option<GoDuration>,
}

/// Flags of `create image policy`.
#[derive(Args, Clone, Debug)]
pub struct PolicyFlags {
    name: Option<String>,
    /// Name of the ImageRepository
    #[arg(long)]
    image_ref: Option<String>,
    /// Take the highest version in this range
    #[arg(long)]
    select_semver: Option<String>,
    /// Sort by the alphabet: asc takes the last, desc the first
    #[arg(long)]
    select_alpha: Option<String>,
    /// Sort by number: asc takes the last, desc the first
    #[arg(long)]
    select_numeric: Option<String>,
    /// Expression that tags must match
    #[arg(long)]
    filter_regex: Option<String>,
    /// What is compared, made of the groups of --filter-regex
    #[arg(long)]
    filter_extract: Option<String>,
    /// Whether the digest is told: Never, IfNotPresent or Always
    #[arg(long)]
    reflect_digest: Option<String>,
}

/// Flags of `create image update`.
#[derive(Args, Clone, Debug)]
pub struct UpdateFlags {
    name: Option<String>,
    /// Name of the GitRepository
    #[arg(long)]
    git_repo_ref: Option<String>,
    /// Namespace of the GitRepository
    #[arg(long)]
    git_repo_namespace: Option<String>,
    /// Directory of the manifests to update
    #[arg(long)]
    git_repo_path: Option<String>,
    /// Branch to check out
    #[arg(long)]
    checkout_branch: Option<String>,
    /// Branch to push to
    #[arg(long)]
    push_branch: Option<String>,
    /// Template of commit messages
    #[arg(long)]
    commit_template: Option<String>,
    /// Name of the author of commits
    #[arg(long)]
    author_name: Option<String>,
    /// Address of the author of commits
    #[arg(long)]
    author_email: Option<String>,
    /// Secret with the key that signs commits
    #[arg(long)]
    signing_key_secret: Option<String>,
    /// Sort of that key: gpg or ssh
    #[arg(long)]
    signing_key_type: Option<String>,
}

/// The object that the flags describe.
pub(super) fn draft(what: &ImageWhat, making: &Making) -> anyhow::Result<Draft> {
    let (kind, subject, spec) = match what {
        ImageWhat::Repository(flags) => {
            let spec = repository(flags, making)?;
            (FluxKind::ImageRepository, "ImageRepository", spec)
        }
        ImageWhat::Policy(flags) => (FluxKind::ImagePolicy, "ImagePolicy", policy(flags, making)?),
        ImageWhat::Update(flags) => {
            let spec = update(flags, making)?;
            (
                FluxKind::ImageUpdateAutomation,
                "ImageUpdateAutomation",
                spec,
            )
        }
    };
    Ok(Draft {
        kind,
        spec,
        words: Words {
            subject,
            generating: Generating::WhenApplied,
            made: subject,
            finished: Finished::Completed,
        },
        secret: None,
    })
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn repository(flags: &RepositoryFlags, making: &Making) -> anyhow::Result<Value> {
    let Some(image) = given(flags.image.as_ref()) else {
        bail!("an image repository (--image) is required")
    };
    if let Err(error) = skein_registry::Repository::parse(image) {
        bail!("unable to parse image value: {error}");
    }
    let mut spec = json!({"image": image, "interval": making.interval()});
    if let Some(timeout) = flags.scan_timeout {
        spec["timeout"] = timeout.to_string().into();
    }
    set_reference(&mut spec, "secretRef", flags.secret_ref.as_deref());
    set_reference(&mut spec, "certSecretRef", flags.cert_ref.as_deref());
    Ok(spec)
}

fn policy(flags: &PolicyFlags, making: &Making) -> anyhow::Result<Value> {
    let Some(image) = given(flags.image_ref.as_ref()) else {
        bail!("the name of an ImageRepository in the namespace is required (--image-ref)")
    };
    let mut spec = json!({"imageRepositoryRef": {"name": image}, "policy": choice(flags)?});
    if let Some(pattern) = given(flags.filter_regex.as_ref()) {
        spec["filterTags"] = json!({"pattern": pattern});
        let groups = group_names(pattern)?;
        if let Some(extract) = given(flags.filter_extract.as_ref()) {
            check_extract(extract, &groups)?;
            spec["filterTags"]["extract"] = extract.into();
        }
    } else if given(flags.filter_extract.as_ref()).is_some() {
        bail!("cannot specify --filter-extract without specifying --filter-regex");
    }
    let reflection = given(flags.reflect_digest.as_ref());
    if let Some(word) = reflection {
        if !["Never", "IfNotPresent", "Always"].contains(&word) {
            bail!(
                "invalid value for --reflect-digest, must be one of 'Never', 'IfNotPresent', 'Always'"
            );
        }
        spec["digestReflectionPolicy"] = word.into();
    }
    if let Some(interval) = making.interval {
        if reflection != Some("Always") {
            bail!(
                "the --interval flag can only be used with the 'Always' digest reflection policy, use --reflect-digest=Always"
            );
        }
        spec["interval"] = interval.to_string().into();
    }
    Ok(spec)
}

fn choice(flags: &PolicyFlags) -> anyhow::Result<Value> {
    let semver = given(flags.select_semver.as_ref());
    let alpha = given(flags.select_alpha.as_ref());
    let numeric = given(flags.select_numeric.as_ref());
    let ordered = |flag: &str, field: &str, order: &str| {
        if !["asc", "desc"].contains(&order) {
            bail!("{flag} must be one of [\"asc\", \"desc\"]");
        }
        Ok(json!({field: {"order": order}}))
    };
    match (semver, alpha, numeric) {
        (Some(range), None, None) => Ok(json!({"semver": {"range": range}})),
        (None, Some(order), None) => ordered("--select-alpha", "alphabetical", order),
        (None, None, Some(order)) => ordered("--select-numeric", "numerical", order),
        (None, None, None) => {
            bail!("a policy must be provided with either --select-semver or --select-alpha")
        }
        _ => bail!(
            "only one of --select-semver, --select-alpha or --select-numeric can be specified"
        ),
    }
}

/// Names of the groups of an expression; those without are empty.
fn group_names(pattern: &str) -> anyhow::Result<Vec<String>> {
    let Ok(expression) = skein_gowords::regex(pattern) else {
        bail!("--filter-regex is an invalid regex pattern")
    };
    let names = expression.capture_names();
    Ok(names
        .map(|name| name.unwrap_or_default().to_owned())
        .collect())
}

/// Checks that each `$name` of the text is a group; numbers may be any.
fn check_extract(text: &str, groups: &[String]) -> anyhow::Result<()> {
    let mut rest = text;
    while let Some(place) = rest.find('$') {
        let after = &rest[place + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            rest = tail;
            continue;
        }
        let (is_braced, body) = match after.strip_prefix('{') {
            Some(body) => (true, body),
            None => (false, after),
        };
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let end = body.find(|c: char| !is_part(c)).unwrap_or(body.len());
        let (name, tail) = body.split_at(end);
        let tail = if is_braced {
            tail.strip_prefix('}')
        } else {
            Some(tail)
        };
        let Some(tail) = tail.filter(|_| !name.is_empty()) else {
            bail!("--filter-extract is malformed")
        };
        rest = tail;
        let is_number =
            name.chars().all(|c| c.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0'));
        if !is_number && !groups.iter().any(|group| group == name) {
            bail!("capture group ${name} used in --filter-extract not found in --filter-regex");
        }
    }
    Ok(())
}

fn update(flags: &UpdateFlags, making: &Making) -> anyhow::Result<Value> {
    let required = |text: &Option<String>, message: &'static str| match given(text.as_ref()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(anyhow::anyhow!(message)),
    };
    let repository = required(
        &flags.git_repo_ref,
        "a reference to a GitRepository is required (--git-repo-ref)",
    )?;
    let branch = required(
        &flags.checkout_branch,
        "the Git repository branch is required (--checkout-branch)",
    )?;
    let author = required(
        &flags.author_name,
        "the author name is required (--author-name)",
    )?;
    let email = required(
        &flags.author_email,
        "the author email is required (--author-email)",
    )?;
    let key = given(flags.signing_key_secret.as_ref());
    let key_type = given(flags.signing_key_type.as_ref());
    if key_type.is_some() && key.is_none() {
        bail!("--signing-key-type requires --signing-key-secret");
    }
    if key_type.is_some_and(|word| !["gpg", "ssh"].contains(&word)) {
        bail!("--signing-key-type must be one of: gpg, ssh");
    }
    let mut commit = json!({"author": {"email": email, "name": author}});
    set_text(
        &mut commit,
        "messageTemplate",
        flags.commit_template.as_deref(),
    );
    if let Some(secret) = key {
        commit["signingKey"] = json!({"secretRef": {"name": secret}});
        set_text(&mut commit["signingKey"], "type", key_type);
    }
    let mut source = json!({"kind": "GitRepository", "name": repository});
    set_text(
        &mut source,
        "namespace",
        flags.git_repo_namespace.as_deref(),
    );
    let mut git = json!({"checkout": {"ref": {"branch": branch}}, "commit": commit});
    if let Some(push) = given(flags.push_branch.as_ref()) {
        git["push"] = json!({"branch": push});
    }
    let mut spec = json!({"interval": making.interval(), "sourceRef": source, "git": git});
    if let Some(path) = given(flags.git_repo_path.as_ref()) {
        spec["update"] = json!({"path": path, "strategy": "Setters"});
    }
    Ok(spec)
}

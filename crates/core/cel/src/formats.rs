//! Kubernetes' format library: named formats that validate strings.

use std::sync::LazyLock;

use cel::common::types::{CelList, CelOptional, CelString, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env};
use regex::Regex;

use crate::opaque::{Answer, Args, OpaqueType, opaque, opaque_type, text, wrapped};

/// Pattern, longest length and the message for what does not match.
#[derive(Debug)]
struct Rule {
    name: &'static str,
    pattern: Regex,
    limit: usize,
    message: &'static str,
}

/// A named format.
#[derive(Clone, Copy, Debug)]
struct Format(&'static Rule);

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

opaque_type!(Format, "kubernetes.NamedFormat");

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule = |name, pattern: &str, limit, message| Rule {
        name,
        pattern: Regex::new(pattern).expect("a constant pattern"),
        limit,
        message,
    };
    let label = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    let prefix = r"^[a-z0-9]([-a-z0-9]*[a-z0-9-])?$";
    let subdomain = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    let subdomain_prefix = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*-?$";
    vec![
        rule("dns1123Label", label, 63, LABEL),
        rule("dns1123LabelPrefix", prefix, 63, LABEL),
        rule("dns1123Subdomain", subdomain, 253, SUBDOMAIN),
        rule("dns1123SubdomainPrefix", subdomain_prefix, 253, SUBDOMAIN),
        rule(
            "dns1035Label",
            r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
            63,
            LABEL_1035,
        ),
        rule(
            "dns1035LabelPrefix",
            r"^[a-z]([-a-z0-9]*[a-z0-9-])?$",
            63,
            LABEL_1035,
        ),
        rule(
            "qualifiedName",
            r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$",
            317,
            QUALIFIED,
        ),
        rule(
            "labelValue",
            r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
            63,
            LABEL_VALUE,
        ),
        rule(
            "uri",
            r"^([a-zA-Z][a-zA-Z0-9+.-]*:\S+|/\S*)$",
            usize::MAX,
            "must be a valid URI",
        ),
        rule(
            "uuid",
            r"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
            usize::MAX,
            "does not match the UUID format",
        ),
        rule(
            "byte",
            r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
            usize::MAX,
            "invalid base64",
        ),
        rule(
            "date",
            r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
            10,
            "invalid date",
        ),
        rule(
            "datetime",
            r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$",
            64,
            "invalid datetime",
        ),
    ]
});

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let own = Format::new_type;
    env.add_overload("format.named", "format_named", vec![STRING_TYPE], named)?;
    env.add_member_overload(
        "validate",
        "format_validate",
        own(),
        vec![STRING_TYPE],
        validate,
    )?;
    macro_rules! constructors {
        ($($name:literal => $function:ident),* $(,)?) => {
            $(
                fn $function<'b, 'v>(_: Args<'b, 'v>) -> Answer<'b, 'v> {
                    wrapped(Format(rule($name).expect("a format of this file")))
                }
                env.add_overload(concat!("format.", $name), concat!("format_", $name), vec![], $function)?;
            )*
        };
    }
    constructors!(
        "dns1123Label" => dns1123_label,
        "dns1123Subdomain" => dns1123_subdomain,
        "dns1035Label" => dns1035_label,
        "qualifiedName" => qualified_name,
        "dns1123LabelPrefix" => dns1123_label_prefix,
        "dns1123SubdomainPrefix" => dns1123_subdomain_prefix,
        "dns1035LabelPrefix" => dns1035_label_prefix,
        "labelValue" => label_value,
        "uri" => uri,
        "uuid" => uuid,
        "byte" => byte,
        "date" => date,
        "datetime" => datetime,
    );
    Ok(())
}

fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

fn named<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    Ok(CowVal::owned(match rule(text(&args, 0)?) {
        Some(rule) => CelOptional::of(Box::new(crate::opaque::Opaque(Format(rule)))),
        None => CelOptional::none(),
    }))
}

/// Nothing when the text fits, else the list of what is wrong.
fn validate<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let rule = opaque::<Format>(&args, 0)?.0;
    let given = text(&args, 1)?;
    let mut problems: Vec<Box<dyn Val>> = Vec::new();
    if given.len() > rule.limit {
        let text = format!("must be no more than {} characters", rule.limit);
        problems.push(Box::new(CelString::from(text)));
    }
    if !rule.pattern.is_match(given) {
        problems.push(Box::new(CelString::from(rule.message.to_owned())));
    }
    Ok(CowVal::owned(if problems.is_empty() {
        CelOptional::none()
    } else {
        CelOptional::of(Box::new(CelList::from(problems)))
    }))
}

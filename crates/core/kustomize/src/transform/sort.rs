//! The order of the result.

use std::cmp::Ordering;

use crate::error::{BuildError, Outcome};
use crate::field_specs::{ORDER_FIRST, ORDER_LAST, kind_rank, sort_text};
use crate::id::ResId;
use crate::kustomization::SortOptions;
use crate::resmap::ResMap;
use crate::schema::MergeSchema;

/// Orders the objects as the options say.
pub(crate) fn apply(options: &SortOptions, map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
    match options.order.as_str() {
        "legacy" => {}
        "fifo" if options.legacy.is_none() => return Ok(()),
        "fifo" => {
            return Err(BuildError::invalid(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
            )
            .at_field("sortOptions.legacySortOptions"));
        }
        _ => {
            return Err(BuildError::invalid(
                "the field 'sortOptions.order' must be one of [fifo, legacy]",
            )
            .at_field("sortOptions.order"));
        }
    }
    let fixed = || {
        let owned = |list: &[&str]| list.iter().map(|k| (*k).to_owned()).collect();
        (owned(&ORDER_FIRST), owned(&ORDER_LAST))
    };
    let (first, last): (Vec<String>, Vec<String>) = options.legacy.clone().unwrap_or_else(fixed);
    let list = map.take_list();
    let mut keyed: Vec<_> = list
        .into_iter()
        .map(|r| (key_of(&r.id(schema), &first, &last), r))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| a.compare(b));
    map.append_all(keyed.into_iter().map(|(_, r)| r), schema)
}

/// What the order goes by.
struct Key {
    id: ResId,
    rank: isize,
    gvk_text: String,
    id_text: String,
}

fn key_of(id: &ResId, first: &[String], last: &[String]) -> Key {
    let or = |text: &str, none: &str| {
        if text.is_empty() {
            none.to_owned()
        } else {
            text.to_owned()
        }
    };
    let id_text = format!(
        "{}|{}|{}",
        id.gvk,
        or(&id.namespace, "~X"),
        or(&id.name, "~N")
    );
    Key {
        rank: kind_rank(&id.gvk.kind, first, last),
        gvk_text: sort_text(&id.gvk),
        id_text,
        id: id.clone(),
    }
}

impl Key {
    fn compare(&self, other: &Self) -> Ordering {
        if self.id.gvk == other.id.gvk {
            return self.id_text.cmp(&other.id_text);
        }
        if self.rank != other.rank {
            return self.rank.cmp(&other.rank);
        }
        let namespaces = self.id.gvk.kind == "Namespace" && other.id.gvk.kind == "Namespace";
        let core = self.id.gvk.group.is_empty() || other.id.gvk.group.is_empty();
        let order = self.gvk_text.cmp(&other.gvk_text);
        // The core Namespace comes before other kinds of that name.
        if namespaces && core {
            order.reverse()
        } else {
            order
        }
    }
}

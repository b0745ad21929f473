//! What calls of functions cost: those of Kubernetes' libraries first, then those of CEL.

use cel::common::ast::{Expr, LiteralValue};

use super::cost::{CallCost, Coster, Node, Range};
use super::kinds::Kind;

/// Cost of looking at one character of a text.
const TRAVERSAL: f64 = 0.1;
/// Cost of one character of a pattern, per character of the text.
const PATTERN: f64 = 0.25;
/// Cost of asking for rights: at most two questions fit into an expression.
const AUTHORIZATION: u64 = 350_000;
/// Longest pattern of a named format, in characters.
const FORMAT_PATTERN: f64 = 128.0;
/// Bytes of addresses: of version 4 and of version 6.
const ADDRESS: Range = Range { least: 4, most: 16 };
/// Largest format, in characters.
const FORMAT_SIZE: u64 = 64;

impl CallCost {
    fn of(cost: Range) -> Self {
        Self { cost, size: None }
    }

    fn sized(cost: Range, size: Range) -> Self {
        Self {
            cost,
            size: Some(size),
        }
    }
}

impl Coster<'_> {
    /// The estimate for one way to call a function; the costs of its arguments are part of it.
    pub(super) fn call_cost(
        &mut self,
        id: u64,
        name: &str,
        overload: &str,
        target: Option<&Node<'_>>,
        arguments: &[Node<'_>],
        costs: &[Range],
    ) -> CallCost {
        let sum = costs.iter().copied().fold(Range::fixed(0), Range::add);
        let found = self
            .sets(overload, arguments)
            .or_else(|| self.fixed(name, overload))
            .or_else(|| self.kubernetes(name, overload, target, arguments))
            .or_else(|| self.equality(name, arguments));
        if let Some(found) = found {
            return CallCost {
                cost: found.cost.add(sum),
                size: found.size,
            };
        }
        match (overload, costs) {
            ("logical_and" | "logical_or", [left, right]) => {
                CallCost::of(Range::new(left.least, left.add(*right).most))
            }
            ("conditional", [condition, yes, no]) => {
                let size = self.choice(id, arguments);
                CallCost {
                    cost: condition.add(yes.union(*no)),
                    size,
                }
            }
            _ => {
                let found = self.standard(id, overload, target, arguments);
                CallCost {
                    cost: found.cost.add(sum),
                    size: found.size,
                }
            }
        }
    }

    fn choice(&mut self, id: u64, arguments: &[Node<'_>]) -> Option<Range> {
        let [_, yes, no] = arguments else { return None };
        self.join_entries(id, yes, no);
        Some(known(yes).union(known(no)))
    }

    /// What two lists or maps hold is what the outcome of both may hold.
    fn join_entries(&mut self, id: u64, a: &Node<'_>, b: &Node<'_>) {
        let a = a.part.and_then(|part| self.entries_of(part));
        let b = b.part.and_then(|part| self.entries_of(part));
        if let (Some(a), Some(b)) = (a, b) {
            self.set_entries(id, Some(a.union(b)));
        }
    }

    /// The size of a node, from the expression or from the shape.
    fn measure(&self, node: &Node<'_>) -> Range {
        let size = node.size.or_else(|| self.size_at(&node.path));
        size.unwrap_or(Range::UNKNOWN)
    }

    fn sets(&self, overload: &str, arguments: &[Node<'_>]) -> Option<CallCost> {
        let factor = match overload {
            "list_sets_contains_list" | "list_sets_intersects_list" => 1.0,
            // Both directions are looked at.
            "list_sets_equivalent_list" => 2.0,
            _ => return None,
        };
        let [a, b] = arguments else { return None };
        let cost = self.measure(a).multiply(self.measure(b)).scale(factor);
        Some(CallCost::of(cost.add(Range::fixed(1))))
    }

    /// Functions that cost the same whatever they are given.
    fn fixed(&self, name: &str, overload: &str) -> Option<CallCost> {
        let cost = match name {
            "check" => AUTHORIZATION,
            "serviceAccount" | "path" | "group" | "resource" | "subresource" | "namespace"
            | "name" | "allowed" | "reason" | "error" | "errored" => 1,
            "masked"
            | "prefixLength"
            | "family"
            | "isUnspecified"
            | "isLoopback"
            | "isLinkLocalMulticast"
            | "isLinkLocalUnicast"
            | "isGlobalUnicast" => 1,
            "format.named" | "sign" | "asInteger" | "isInteger" | "asApproximateFloat"
            | "isGreaterThan" | "isLessThan" | "compareTo" | "add" | "sub" | "major" | "minor"
            | "patch" => 1,
            "getScheme" | "getHostname" | "getHost" | "getPort" | "getEscapedPath" | "getQuery" => {
                1
            }
            "ip" if overload == "cidr_ip" => 1,
            _ => return None,
        };
        Some(CallCost::of(Range::fixed(cost)))
    }

    /// Functions of Kubernetes, and those of cel-go to which Kubernetes gives costs of its own.
    fn kubernetes(
        &self,
        name: &str,
        overload: &str,
        target: Option<&Node<'_>>,
        arguments: &[Node<'_>],
    ) -> Option<CallCost> {
        let argument = |index: usize| arguments.get(index).map(|node| self.measure(node));
        match name {
            "fieldSelector" | "labelSelector" => {
                let length = argument(0)?;
                // A list, then for each requirement a list and an object.
                let requirements = length.scale(0.5).scale(50.0);
                let cost = Range::fixed(10)
                    .add(length.scale(TRAVERSAL))
                    .add(requirements);
                Some(CallCost::of(cost))
            }
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
                Some(CallCost::of(self.list_scan(target?)))
            }
            "url" => {
                let size = argument(0)?;
                Some(CallCost::sized(size.scale(TRAVERSAL), size))
            }
            "lowerAscii" | "upperAscii" | "substring" | "trim" => {
                let size = self.measure(target?);
                Some(CallCost::sized(size.scale(TRAVERSAL), size))
            }
            "replace" => {
                let size = self.measure(target?);
                let replaced = replaced_size(size, argument(0)?, argument(1)?);
                Some(CallCost::sized(size.scale(2.0 * TRAVERSAL), replaced))
            }
            "split" => {
                let size = self.measure(target?);
                let limit = arguments.get(1).and_then(whole_number);
                let most = limit.unwrap_or(size.most);
                Some(CallCost::sized(
                    size.scale(2.0 * TRAVERSAL),
                    Range::new(0, most),
                ))
            }
            "join" => {
                let size = self.joined_size(target?, arguments.first());
                Some(CallCost::sized(size.scale(TRAVERSAL), size))
            }
            "find" | "findAll" => {
                let size = self.measure(target?);
                let text = size.add(Range::fixed(1)).scale(TRAVERSAL);
                let cost = text.multiply(argument(0)?.scale(PATTERN));
                Some(CallCost::sized(cost, Range::new(0, size.most)))
            }
            "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver"
            | "isSemver" => Some(CallCost::of(argument(0)?.scale(TRAVERSAL))),
            "ip.isCanonical" => Some(CallCost::of(argument(0)?.scale(2.0 * TRAVERSAL))),
            "validate" => {
                let cost = argument(0)?
                    .scale(TRAVERSAL)
                    .scale(FORMAT_PATTERN * PATTERN);
                Some(CallCost::of(cost))
            }
            "containsIP" | "containsCIDR" => {
                let given = arguments.first()?;
                Some(CallCost::of(self.contained(name, overload, given)))
            }
            _ => None,
        }
    }

    /// Whether a network holds an address or another network.
    fn contained(&self, name: &str, overload: &str, given: &Node<'_>) -> Range {
        let mut cost = ADDRESS.add(ADDRESS).scale(TRAVERSAL);
        if name == "containsCIDR" {
            cost = cost.add(ADDRESS.scale(TRAVERSAL)).add(Range::fixed(1));
        }
        if overload.ends_with("_string") {
            cost = cost.add(self.measure(given).scale(TRAVERSAL));
        }
        cost
    }

    /// Elements of a list as a node of its own.
    fn elements(&self, list: &Node<'_>) -> Option<Node<'static>> {
        let kind = match &list.kind {
            Kind::List(items) => (**items).clone(),
            Kind::Map(keys, _) => (**keys).clone(),
            Kind::Optional(inner) => (**inner).clone(),
            _ => return None,
        };
        let mut path = list.path.clone();
        if !path.is_empty() {
            path.push("@items".to_owned());
        }
        Some(Node {
            path,
            kind,
            part: None,
            size: None,
        })
    }

    /// Looking at every element of a list, or at every character of a text.
    fn list_scan(&self, target: &Node<'_>) -> Range {
        let size = self.measure(target);
        let Some(elements) = self.elements(target) else {
            return size.scale(TRAVERSAL);
        };
        let mut each = Range::fixed(1);
        if matches!(elements.kind, Kind::String | Kind::Bytes) {
            each = each.add(self.measure(&elements).scale(TRAVERSAL));
        }
        size.multiply(each)
    }

    fn joined_size(&self, list: &Node<'_>, separator: Option<&Node<'_>>) -> Range {
        let count = self.measure(list);
        let elements = self.elements(list).map(|node| self.measure(&node));
        let mut size = elements.map_or(Range::fixed(0), |each| count.multiply(each));
        if let Some(separator) = separator {
            let gaps = Range::new(count.least.saturating_sub(1), count.most.saturating_sub(1));
            size = size.add(self.measure(separator).multiply(gaps));
        }
        size
    }

    /// Equality of values of libraries.
    fn equality(&self, name: &str, arguments: &[Node<'_>]) -> Option<CallCost> {
        let ("_==_", [left, right]) = (name, arguments) else {
            return None;
        };
        let (Kind::Opaque(kind), true) = (&left.kind, left.kind == right.kind) else {
            return None;
        };
        let cost = match *kind {
            "kubernetes.NamedFormat" => Range::new(1, FORMAT_SIZE).scale(TRAVERSAL),
            "kubernetes.URL" => {
                let most = right.size.map_or(1, |size| size.most);
                Range::new(1, most).scale(TRAVERSAL)
            }
            _ => Range::fixed(1),
        };
        Some(CallCost::of(cost))
    }

    /// Functions of CEL itself, by the way in which they are called.
    fn standard(
        &mut self,
        id: u64,
        overload: &str,
        target: Option<&Node<'_>>,
        arguments: &[Node<'_>],
    ) -> CallCost {
        let one = || CallCost::of(Range::fixed(1));
        match (overload, target, arguments) {
            ("string_format", Some(text), _) => CallCost::of(known(text).scale(TRAVERSAL)),
            ("string_to_bytes", _, [text]) => {
                let size = known(text);
                let bytes = Range::new(size.least, size.most.saturating_mul(4));
                CallCost::sized(size.scale(TRAVERSAL), bytes)
            }
            ("bytes_to_string", _, [bytes]) => {
                let size = known(bytes);
                CallCost::sized(size.scale(TRAVERSAL), Range::new(size.least / 4, size.most))
            }
            ("strings_quote", _, [text]) => {
                let size = known(text);
                let quoted = size.multiply(Range::new(1, 2)).add(Range::fixed(2));
                CallCost::sized(size.scale(TRAVERSAL), quoted)
            }
            ("starts_with_string" | "ends_with_string", _, [part]) => {
                CallCost::of(known(part).scale(TRAVERSAL))
            }
            ("in_list", _, [_, list]) => CallCost::of(known(list)),
            ("matches_string", Some(text), [pattern]) => {
                let text = known(text).add(Range::fixed(1)).scale(TRAVERSAL);
                CallCost::of(text.multiply(known(pattern).scale(PATTERN)))
            }
            ("contains_string", Some(text), [part]) => {
                let text = known(text).scale(TRAVERSAL);
                CallCost::of(text.multiply(known(part).scale(TRAVERSAL)))
            }
            ("add_string" | "add_bytes" | "add_list", _, [left, right]) => {
                let size = known(left).add(known(right));
                self.join_entries(id, left, right);
                let cost = match overload {
                    "add_list" => Range::fixed(1),
                    _ => size.scale(TRAVERSAL),
                };
                CallCost::sized(cost, size)
            }
            (overload, _, [left, right]) if compares(overload) => {
                let most = known(left).most.min(known(right).most);
                CallCost::of(Range::new(u64::from(most > 0), most).scale(TRAVERSAL))
            }
            _ => one(),
        }
    }
}

/// The size of a node that the estimator of CEL knows.
fn known(node: &Node<'_>) -> Range {
    node.size.unwrap_or(Range::UNKNOWN)
}

/// Comparisons that look at both values from the start.
fn compares(overload: &str) -> bool {
    matches!(
        overload,
        "equals"
            | "not_equals"
            | "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes"
    )
}

fn whole_number(node: &Node<'_>) -> Option<u64> {
    match &node.part?.expr {
        Expr::Literal(LiteralValue::Int(number)) => Some(*number.inner() as u64),
        _ => None,
    }
}

/// The size of a text in which parts of one size are replaced by others.
fn replaced_size(size: Range, replaced: Range, by: Range) -> Range {
    let (mut count, mut kept) = (Range::fixed(0), Range::fixed(0));
    let parts = |size: u64, part: u64| (size as f64 / part as f64).ceil() as u64;
    if replaced.least == 0 {
        // Nothing is replaced around every character.
        count.most = size.most.saturating_add(1);
        kept.most = size.most;
    } else if by.most <= replaced.least {
        kept.most = size.most;
    } else {
        count.most = parts(size.most, replaced.least);
    }
    if replaced.most == 0 {
        count.least = size.least.saturating_add(1);
        kept.least = size.least;
    } else if replaced.most <= by.least {
        kept.least = size.least;
    } else {
        count.least = parts(size.least, replaced.most);
    }
    count.multiply(by).add(kept)
}

//! Comprehensions with two variables: `m.all(key, value, condition)`, `l.transformList(index, value, element)`.
//!
//! The evaluator knows loops over one variable only, so each is rewritten to a loop over the keys (or indexes) in
//! which the second variable is bound to the value.

use cel::common::ast::operators::{
    ADD, CONDITIONAL, EQUALS, INDEX, LOGICAL_AND, LOGICAL_NOT, LOGICAL_OR, NOT_STRICTLY_FALSE,
};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, MapExpr};
use cel::common::types::{CelInt, CelList, DYN_TYPE};
use cel::common::value::{CowVal, Val};
use cel::parser::{Macro, MacroExprHelper, ParseError};
use cel::{DeclarationError, Env, IdedExpr};

use crate::maps;
use crate::opaque::{Answer, Args, items};

/// Function that yields the keys of a map or the indexes of a list; expressions cannot name it.
const KEYS: &str = "@keys";
/// Variable that holds what is looped over.
pub(crate) const RANGE: &str = "@range";
/// Variable that holds the result so far, named as in other loops.
const RESULT: &str = "@result";

type Helper<'a> = MacroExprHelper<'a>;

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(KEYS, "dyn_keys", vec![DYN_TYPE], keys)?;
    for (name, form) in [
        ("all", Form::All),
        ("exists", Form::Exists),
        ("existsOne", Form::ExistsOne),
        ("exists_one", Form::ExistsOne),
        ("transformList", Form::List),
        ("transformMap", Form::Map),
        ("transformMapEntry", Form::MapEntry),
    ] {
        env.add_macro(expansion(name, 3, form))?;
    }
    for (name, form) in [
        ("transformList", Form::List),
        ("transformMap", Form::Map),
        ("transformMapEntry", Form::MapEntry),
    ] {
        env.add_macro(expansion(name, 4, form))?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Form {
    All,
    Exists,
    ExistsOne,
    List,
    Map,
    MapEntry,
}

fn expansion(name: &'static str, arguments: usize, form: Form) -> Macro {
    Macro::receiver(name, arguments, move |helper, target, args| {
        let is_name = |index: usize| {
            args.get(index)
                .is_some_and(|argument| matches!(argument.expr, Expr::Ident(_)))
        };
        if !is_name(0) || !is_name(1) {
            let id = args.first().map_or(0, |argument| argument.id);
            return Err(helper.new_error(id, "argument must be a simple name"));
        }
        let Some(range) = target.take() else {
            return Ok(None);
        };
        let mut args = std::mem::take(args).into_iter();
        let names = (name_of(args.next()), name_of(args.next()));
        expand(helper, range, names, args.collect(), form).map(Some)
    })
}

fn name_of(argument: Option<IdedExpr>) -> String {
    match argument.map(|argument| argument.expr) {
        Some(Expr::Ident(name)) => name,
        _ => String::new(),
    }
}

fn expand(
    helper: &mut Helper<'_>,
    range: IdedExpr,
    (key, value): (String, String),
    mut body: Vec<IdedExpr>,
    form: Form,
) -> Result<IdedExpr, ParseError> {
    let last = body.pop().unwrap_or_default();
    let so_far = || Expr::Ident(RESULT.to_owned());
    let (init, condition, step, result) = match form {
        Form::All => {
            let condition = call(helper, NOT_STRICTLY_FALSE, vec![so_far()]);
            (
                boolean(true),
                condition,
                call_with(helper, LOGICAL_AND, so_far(), last),
                so_far(),
            )
        }
        Form::Exists => {
            let not = call(helper, LOGICAL_NOT, vec![so_far()]);
            let condition = call(helper, NOT_STRICTLY_FALSE, vec![not]);
            (
                boolean(false),
                condition,
                call_with(helper, LOGICAL_OR, so_far(), last),
                so_far(),
            )
        }
        Form::ExistsOne => {
            let more = call(helper, ADD, vec![so_far(), int(1)]);
            let step = choice(helper, last, more, so_far());
            let result = call(helper, EQUALS, vec![so_far(), int(1)]);
            (int(0), boolean(true), step, result)
        }
        Form::List | Form::Map | Form::MapEntry => {
            let start = match form {
                Form::List => empty_list(),
                _ => Expr::Map(MapExpr::default()),
            };
            let step = collected(helper, form, &key, last);
            let step = match body.pop() {
                Some(filter) => choice(helper, filter, step, so_far()),
                None => step,
            };
            (start, boolean(true), step, so_far())
        }
    };
    let element = call(
        helper,
        INDEX,
        vec![Expr::Ident(RANGE.to_owned()), Expr::Ident(key.clone())],
    );
    let step = bind(helper, &value, element, step);
    let keys = call(helper, KEYS, vec![Expr::Ident(RANGE.to_owned())]);
    let all = Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: helper.next_expr(keys),
        iter_var: key,
        iter_var2: None,
        accu_var: RESULT.to_owned(),
        accu_init: helper.next_expr(init),
        loop_cond: helper.next_expr(condition),
        loop_step: helper.next_expr(step),
        result: helper.next_expr(result),
    }));
    let whole = bind(helper, RANGE, range.expr, all);
    Ok(helper.next_expr(whole))
}

/// An expression with a name bound to a value: a loop over nothing.
fn bind(helper: &mut Helper<'_>, name: &str, value: Expr, body: Expr) -> Expr {
    Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: helper.next_expr(empty_list()),
        iter_var: "@unused".to_owned(),
        iter_var2: None,
        accu_var: name.to_owned(),
        accu_init: helper.next_expr(value),
        loop_cond: helper.next_expr(boolean(false)),
        loop_step: helper.next_expr(Expr::Ident(name.to_owned())),
        result: helper.next_expr(body),
    }))
}

fn call(helper: &mut Helper<'_>, name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args: arguments
            .into_iter()
            .map(|argument| helper.next_expr(argument))
            .collect(),
    })
}

fn call_with(helper: &mut Helper<'_>, name: &str, first: Expr, second: IdedExpr) -> Expr {
    let args = vec![helper.next_expr(first), second];
    Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args,
    })
}

fn choice(helper: &mut Helper<'_>, condition: IdedExpr, yes: Expr, no: Expr) -> Expr {
    let args = vec![condition, helper.next_expr(yes), helper.next_expr(no)];
    Expr::Call(CallExpr {
        func_name: CONDITIONAL.to_owned(),
        target: None,
        args,
    })
}

/// The result so far with what the last argument of a `transform` macro yields.
fn collected(helper: &mut Helper<'_>, form: Form, key: &str, last: IdedExpr) -> Expr {
    let mut args = vec![helper.next_expr(Expr::Ident(RESULT.to_owned()))];
    match form {
        Form::Map => args.push(helper.next_expr(Expr::Ident(key.to_owned()))),
        Form::MapEntry => {}
        _ => return appended(helper, last),
    }
    args.push(last);
    Expr::Call(CallExpr {
        func_name: maps::INSERT.to_owned(),
        target: None,
        args,
    })
}

/// The result so far with one more element.
fn appended(helper: &mut Helper<'_>, element: IdedExpr) -> Expr {
    let list = ListExpr {
        elements: vec![element],
        optional_indices: Vec::new(),
    };
    let list = helper.next_expr(Expr::List(list));
    call_with(helper, ADD, Expr::Ident(RESULT.to_owned()), list)
}

fn empty_list() -> Expr {
    Expr::List(ListExpr {
        elements: Vec::new(),
        optional_indices: Vec::new(),
    })
}

fn boolean(value: bool) -> Expr {
    Expr::Literal(LiteralValue::Boolean(value.into()))
}

fn int(value: i64) -> Expr {
    Expr::Literal(LiteralValue::Int(value.into()))
}

/// The keys of a map in the order in which it is iterated, or the indexes of a list.
fn keys<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let elements = items(&args, 0)?;
    let is_list = args
        .first()
        .is_some_and(|value| value.get_type().name() == "list");
    let keys: Vec<Box<dyn Val + 'v>> = if is_list {
        let index = |(index, _)| -> Box<dyn Val + 'v> { Box::new(CelInt::from(index)) };
        (0i64..).zip(&elements).map(index).collect()
    } else {
        elements
    };
    Ok(CowVal::owned(CelList::from(keys)))
}

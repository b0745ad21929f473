//! The watch and own writes in every order.

use serde_json::json;

use super::*;

type Told = Arc<Mutex<Vec<(String, Option<u64>, Option<u64>)>>>;

fn object(name: &str, revision: u64) -> Object {
    let value = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "ns", "resourceVersion": revision.to_string()},
    });
    Object::from_value(value).unwrap()
}

/// Holds revisions, and notes each step that is told.
fn held() -> (HeldObjects<u64>, Told) {
    let told = Told::default();
    let notes = told.clone();
    let on_change = move |change: Change<'_, u64>| {
        let step = (
            change.name.name.clone(),
            change.before.map(|before| **before),
            change.after.map(|after| **after),
        );
        notes.lock().push(step);
    };
    let project = |object: Object| number(object.resource_version()).unwrap();
    (
        HeldObjects::new(Box::new(project), Box::new(on_change)),
        told,
    )
}

fn name(name: &str) -> NamespacedName {
    NamespacedName::new("ns", name)
}

fn step(before: Option<u64>, after: Option<u64>) -> (String, Option<u64>, Option<u64>) {
    ("a".to_owned(), before, after)
}

/// Somebody writes 6, then we write 7 and see our answer before the watch tells 6: the step from 5 to 7, which holds what
/// somebody wrote, must be told. Once it was not, and a request for reconciliation was never handled.
#[test]
fn what_others_wrote_before_our_write_is_told() {
    let (held, told) = held();
    held.replace_all(vec![object("a", 5)], "5");
    held.put_own_write(object("a", 7));
    held.put(object("a", 6));
    held.put(object("a", 7));
    // The watch's own word of 7 is no step any more.
    assert_eq!(*told.lock(), [step(None, Some(5)), step(Some(5), Some(7))]);
}

#[test]
fn an_answer_that_comes_after_the_deletion_brings_nothing_back() {
    let (held, told) = held();
    held.replace_all(vec![object("a", 5)], "5");
    held.put(object("a", 6));
    held.remove(&object("a", 8));
    held.put_own_write(object("a", 6));
    held.put_own_write(object("a", 7));
    assert_eq!(held.get(&name("a")), None);
    assert_eq!(told.lock().last(), Some(&step(Some(6), None)));
}

#[test]
fn a_deletion_before_our_creation_removes_nothing() {
    let (held, _) = held();
    held.replace_all(vec![object("a", 5)], "5");
    held.put_own_write(object("a", 8));
    held.remove(&object("a", 7));
    assert_eq!(held.get(&name("a")).as_deref(), Some(&8));
    held.remove(&object("a", 9));
    assert_eq!(held.get(&name("a")), None);
}

#[test]
fn a_bookmark_tells_that_nothing_happened() {
    let (held, _) = held();
    held.replace_all(Vec::new(), "5");
    held.reached("9");
    held.put_own_write(object("a", 8));
    assert_eq!(
        held.get(&name("a")),
        None,
        "made and removed within the bookmark"
    );
}

#[test]
fn a_list_keeps_own_writes_after_it_and_drops_what_it_lacks() {
    let (held, told) = held();
    held.replace_all(vec![object("a", 3), object("b", 4)], "5");
    held.put_own_write(object("a", 7));
    held.put_own_write(object("c", 8));
    told.lock().clear();
    held.replace_all(Vec::new(), "7");
    assert_eq!(
        held.list()
            .iter()
            .map(|(n, v)| (n.name.as_str(), **v))
            .collect::<Vec<_>>(),
        [("c", 8)]
    );
    assert_eq!(told.lock().len(), 2, "a and b are gone");
}

#[test]
fn a_server_that_was_set_back_is_believed() {
    let (held, _) = held();
    held.replace_all(vec![object("a", 50)], "60");
    held.replace_all(vec![object("a", 20)], "30");
    assert_eq!(held.get(&name("a")).as_deref(), Some(&20));
    held.put(object("a", 31));
    assert_eq!(held.get(&name("a")).as_deref(), Some(&31));
}

/// Readers never see a change of which the callback is not told before the next one.
#[test]
fn steps_are_told_in_order_from_two_tellers() {
    const WRITES: u64 = 2_000;
    let (held, told) = held();
    held.replace_all(Vec::new(), "0");
    std::thread::scope(|scope| {
        scope.spawn(|| (1..=WRITES).for_each(|revision| held.put(object("a", revision))));
        scope.spawn(|| (1..=WRITES).for_each(|revision| held.put_own_write(object("a", revision))));
    });
    let told = told.lock();
    let mut before = None;
    for (_, from, to) in told.iter() {
        assert_eq!(*from, before);
        before = *to;
    }
    assert_eq!(before, Some(WRITES));
}

/// A Job with our labels is deleted and made again without them: the watch, which selects by them, never tells of the new one,
/// so nothing of either may be held, whatever the watch has still to tell of the old one.
#[test]
fn what_our_write_took_out_of_the_collection_is_not_held() {
    let (held, told) = held();
    held.replace_all(vec![object("a", 5)], "5");
    held.leave_by_own_write(&object("a", 8));
    assert_eq!(held.get(&name("a")), None);
    held.put(object("a", 6));
    assert_eq!(held.get(&name("a")), None, "an older state");
    held.remove(&object("a", 7));
    assert_eq!(*told.lock(), [step(None, Some(5)), step(Some(5), None)]);
    held.put(object("a", 9));
    assert_eq!(
        held.get(&name("a")).as_deref(),
        Some(&9),
        "of the collection again"
    );
    held.leave_by_own_write(&object("a", 8));
    assert_eq!(
        held.get(&name("a")).as_deref(),
        Some(&9),
        "the watch has passed it"
    );
}

#[test]
fn an_older_list_brings_nothing_back_that_our_write_took_out() {
    let (held, _) = held();
    held.replace_all(vec![object("a", 5)], "5");
    held.leave_by_own_write(&object("a", 8));
    held.replace_all(vec![object("a", 6)], "7");
    assert_eq!(held.get(&name("a")), None);
    held.replace_all(vec![object("a", 9)], "9");
    assert_eq!(held.get(&name("a")).as_deref(), Some(&9));
}

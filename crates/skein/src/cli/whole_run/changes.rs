//! Commands that write objects, and those that follow them.

use super::fleet;

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_created_and_updated() {
    let world = fleet().await;
    let run = world
        .run("skein create alert-provider made --type slack --label a=b")
        .await;
    assert_eq!(
        run.err,
        "✚ generating Provider\n► applying Provider\n✔ Provider created\n\
         ◎ waiting for Provider reconciliation\n✔ Provider made is ready\n"
    );
    let run = world
        .run("skein create alert-provider made --type msteams")
        .await;
    assert!(run.err.contains("✔ Provider updated\n"), "{}", run.err);
    let run = world.run("skein export alert-provider made").await;
    assert!(
        run.out.contains("\nspec:\n  type: msteams\n"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("labels"), "{}", run.out);
    let run = world
        .run("skein create secret git creds --url=https://x -u me -p pw")
        .await;
    assert_eq!(
        run.err,
        "► git secret 'creds' created in 'flux-system' namespace\n"
    );
    let run = world
        .run("skein create ks made --source missing/x --export")
        .await;
    assert!(
        run.code
            .expect_err("is refused")
            .contains("source kind 'missing' is not supported"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_print_what_is_there_and_end_with_the_time() {
    let world = fleet().await;
    let run = world.run("skein get ks -w --timeout 2s").await;
    assert!(
        run.out
            .starts_with("NAME\tREVISION          \tSUSPENDED\tREADY\tMESSAGE"),
        "{}",
        run.out
    );
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
    assert_eq!(
        run.code.expect_err("the time is over"),
        "timed out waiting for the condition"
    );
    let run = world.run("skein debug ks apps --show-history").await;
    assert!(run.out.ends_with("#history\n[]\n"), "{}", run.out);
}

//! What must hold for every build.

use skein_kustomize::{FileTree, Options, build};

use crate::corpus::cases;

#[path = "../../examples/oracle/generate.rs"]
mod generate;

/// Generated trees that each property is tried on.
const SEEDS: u64 = 80;

fn outcome(tree: &FileTree, root: &str) -> Result<String, String> {
    build(tree, root, &Options::default())
        .map(|built| built.to_yaml())
        .map_err(|error| error.to_string())
}

/// What must hold for every tree, on random ones: the same generator that is compared with the real kustomize.
#[test]
fn generated_trees_build_the_same_whatever_their_order_and_below_an_empty_overlay() {
    // What the root alone decides.
    let by_root = ["sortOptions", "buildMetadata", "openapi"];
    let mut built = 0;
    for seed in 0..SEEDS {
        let made = generate::tree(seed);
        let mut tree = FileTree::new();
        for (path, text) in &made.files {
            tree.insert(path, text.as_bytes()).unwrap();
        }
        let mut reversed = FileTree::new();
        for (path, text) in made.files.iter().rev() {
            reversed.insert(path, text.as_bytes()).unwrap();
        }
        let wanted = outcome(&tree, &made.root);
        assert_eq!(outcome(&tree, &made.root), wanted, "seed {seed}, again");
        assert_eq!(
            outcome(&reversed, &made.root),
            wanted,
            "seed {seed}, reversed"
        );
        let Ok(wanted) = wanted else {
            continue;
        };
        built += 1;
        let file = &made.files[&format!("{}/kustomization.yaml", made.root)];
        if by_root.iter().any(|field| file.contains(field)) {
            continue;
        }
        let overlay = format!("resources: [../{}]\n", made.root);
        tree.insert("empty/kustomization.yaml", overlay.into_bytes())
            .unwrap();
        assert_eq!(outcome(&tree, "empty"), Ok(wanted), "seed {seed}, overlay");
    }
    assert!(built > 15, "only {built} trees build");
}

#[test]
fn builds_are_deterministic_and_independent_of_the_order_of_files() {
    for case in cases() {
        let tree = case.tree();
        let mut reversed = FileTree::new();
        for (path, content) in case.files.iter().rev() {
            reversed.insert(path, content.clone()).unwrap();
        }
        for (root, _) in &case.wanted {
            let text = |tree: &FileTree| {
                build(tree, root, &Options::default())
                    .map(|b| b.to_yaml())
                    .map_err(|e| e.to_string())
            };
            assert_eq!(text(&tree), text(&reversed), "{}", case.name);
        }
    }
}

#[test]
fn builds_on_several_threads_at_once_give_what_each_gives_alone() {
    const THREADS: usize = 4;
    // Every so many cases, so that the same field is built by all threads at once.
    const STEP: usize = 5;
    let cases: Vec<_> = cases().into_iter().step_by(STEP).collect();
    let roots: Vec<(FileTree, &str)> = cases
        .iter()
        .flat_map(|case| {
            case.wanted
                .iter()
                .map(|(root, _)| (case.tree(), root.as_str()))
        })
        .collect();
    let alone: Vec<_> = roots
        .iter()
        .map(|(tree, root)| outcome(tree, root))
        .collect();
    assert!(alone.len() > 150 && alone.iter().any(Result::is_err));
    let start = std::sync::Barrier::new(THREADS);
    let work = |first: usize| {
        start.wait();
        // All begin with the same tree, and go opposite ways from there.
        for number in 0..roots.len() {
            let at = if first.is_multiple_of(2) {
                number
            } else {
                roots.len() - 1 - number
            };
            let (tree, root) = &roots[at];
            assert_eq!(outcome(tree, root), alone[at], "{root} of {at}");
        }
    };
    std::thread::scope(|scope| {
        for first in 0..THREADS {
            scope.spawn(move || work(first));
        }
    });
}

#[test]
fn an_empty_overlay_changes_nothing() {
    // Cases whose root alone decides something: the order, annotations of the build, its own schema.
    let by_root = ["sort-", "meta-", "openapi-", "kust-buildmeta"];
    let mut checked = 0;
    for case in cases() {
        if by_root.iter().any(|p| case.name.starts_with(p)) {
            continue;
        }
        let mut tree = FileTree::new();
        for (path, content) in &case.files {
            tree.insert(&format!("case/{path}"), content.clone())
                .unwrap();
        }
        let Some((root, Some(wanted))) = case.wanted.iter().find(|(root, _)| root == ".") else {
            continue;
        };
        let overlay = format!("resources:\n- ../case/{root}\n");
        tree.insert("overlay/kustomization.yaml", overlay.into_bytes())
            .unwrap();
        let built = build(&tree, "overlay", &Options::default());
        let text = built.map(|b| b.to_yaml()).unwrap_or_else(|e| e.to_string());
        assert_eq!(text, *wanted, "{}", case.name);
        checked += 1;
    }
    assert!(checked > 400, "only {checked} cases checked");
}

/// A small generator of numbers, so that a failing run can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

#[test]
fn broken_files_never_panic() {
    const SNIPPETS: [&str; 12] = [
        "\t", "\u{0}", "- ", ": ", "{", "[", "&a ", "*a ", "<<: ", "!!int ", "|\n", "null",
    ];
    let mut numbers = Numbers(42);
    for case in cases() {
        for (path, content) in &case.files {
            let mut broken = content.clone();
            let at = numbers.below(broken.len() + 1);
            match numbers.below(4) {
                0 => broken.truncate(at),
                1 if at < broken.len() => broken[at] ^= 1 << numbers.below(8),
                2 => broken
                    .splice(at..at, SNIPPETS[numbers.below(SNIPPETS.len())].bytes())
                    .for_each(drop),
                _ => {
                    let end = (at + numbers.below(20)).min(broken.len());
                    broken.drain(at..end);
                }
            }
            let mut tree = case.tree();
            tree.insert(path, broken).unwrap();
            for (root, _) in &case.wanted {
                let result =
                    std::panic::catch_unwind(|| build(&tree, root, &Options::default()).is_ok());
                let shown = tree.get(path).map(String::from_utf8_lossy);
                assert!(result.is_ok(), "{} {path}: {shown:?}", case.name);
            }
        }
    }
}

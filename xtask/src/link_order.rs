//! `link-order`: finds the functions that commands on files call and writes in which order the shipped binary is linked.
//!
//! A process takes whole blocks of 64 KiB of its program into memory, so what such a command calls should stand together and not among fifty times as
//! much that it does not call. The list is a profile: it may be behind the code, and what it does not name stands where it stood.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{process, tree};

/// The linker script that the build of `skein` passes on.
const SCRIPT: &str = "crates/skein/link/files.ld";
/// Kustomizations of the crate; one root of so many is built.
const CORPUS: &str = "crates/core/kustomize/tests/corpus";
const CORPUS_STEP: usize = 16;
/// Functions of one name that are larger together, in bytes, are told apart by their hashes unless a third of them is called: instances of generic code.
const LARGE_BYTES: u64 = 8192;
/// Crates whose constants stand together too.
const CRATES: [&str; 11] = [
    "libyaml_safer",
    "skein_yaml",
    "skein_gowords",
    "skein_object",
    "skein_merge",
    "clap_builder",
    "alloc",
    "std",
    "core",
    "skein_kustomize",
    "skein_cli",
];

/// `link-order [BINARY]`: needs valgrind. Without a binary, the shipped one is built; another must be built with `--package skein` alone, for the features
/// that further packages ask for change the hashes in names.
pub fn run(arguments: &[String]) -> Result<()> {
    if !process::exists("valgrind") {
        bail!("valgrind is missing; on Debian: apt-get install valgrind");
    }
    let skein = match arguments {
        [] => process::released()?,
        [binary] => binary.clone(),
        _ => bail!("usage: cargo xtask link-order [BINARY]"),
    };
    let folder = std::env::temp_dir().join(format!("skein-link-order-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let lines = command_lines(&folder)?;
    let mut profiles = Vec::new();
    for (number, words) in lines.iter().enumerate() {
        println!("{}/{} skein {}", number + 1, lines.len(), words.join(" "));
        profiles.push(called(&skein, words, &folder)?);
    }
    fs::remove_dir_all(&folder)?;
    let functions = functions(&process::capture(&mut process::command(
        "readelf",
        &["--symbols", "--wide", &skein],
    ))?);
    let order = order(&functions, &profiles);
    println!("{} names of {} functions", order.len(), functions.len());
    fs::write(tree::root().join(SCRIPT), script(&order))?;
    Ok(())
}

/// What scripts run: builds of our kustomizations, renderings of our charts.
fn command_lines(folder: &Path) -> Result<Vec<Vec<String>>> {
    let corpus = folder.join("corpus").to_string_lossy().into_owned();
    let mut example = vec![
        "run",
        "--quiet",
        "--release",
        "--package",
        "skein-kustomize",
    ];
    example.extend(["--example", "bench", "--", "lay-out", CORPUS, &corpus]);
    let roots = process::capture(&mut process::cargo(&example))?;
    let mut lines = Vec::new();
    let mut build = |root: &str| {
        let words = [
            "kustomize",
            "build",
            "--no-remote-bases",
            "--load-restrictor",
        ];
        let words = words.into_iter().chain(["LoadRestrictionsNone", root]);
        lines.push(words.map(str::to_owned).collect());
    };
    roots.lines().step_by(CORPUS_STEP).for_each(&mut build);
    for folder in folders_with("kustomization.yaml")? {
        build(&folder);
    }
    for chart in folders_with("Chart.yaml")? {
        let words = ["helm", "template", "name", &chart];
        lines.push(words.map(str::to_owned).to_vec());
    }
    Ok(lines)
}

/// The folders of the examples with a file of this name.
fn folders_with(name: &str) -> Result<Vec<String>> {
    let listed = process::capture(&mut process::command(
        "find",
        &["examples", "-name", name, "-printf", "%h\n"],
    ))?;
    let folders: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    Ok(folders.into_iter().collect())
}

/// The symbols of the functions that a run calls. Runs that are refused count too: errors are told to people who wait.
fn called(skein: &str, words: &[String], folder: &Path) -> Result<BTreeSet<String>> {
    let file = folder.join("profile");
    let mut run = process::command(
        "valgrind",
        &["--tool=callgrind", "--quiet", "--demangle=no"],
    );
    run.arg("--compress-strings=no")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(skein)
        .args(words)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    run.status().context("starting valgrind")?;
    let profile = fs::read(&file).with_context(|| format!("the profile of skein {words:?}"))?;
    Ok(String::from_utf8_lossy(&profile)
        .lines()
        .filter_map(|line| {
            line.strip_prefix("fn=")
                .or_else(|| line.strip_prefix("cfn="))
        })
        .map(|name| name.split('\'').next().unwrap_or(name).to_owned())
        .collect())
}

/// What is known of a function.
#[derive(Default)]
struct Function {
    /// Its size in bytes.
    size: u64,
    /// The crates whose objects hold one of its name; none is known of C and of what every object may call.
    crates: BTreeSet<String>,
}

/// The functions of the binary by symbol, from lines of `readelf`: number, address, size, kind, binding, visibility, section, name. A line of kind FILE
/// names the object of the local symbols behind it.
fn functions(listed: &str) -> HashMap<String, Function> {
    let mut found: HashMap<String, Function> = HashMap::new();
    let mut object = None;
    for line in listed.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, size, kind, binding, _, _, name] = words[..] else {
            continue;
        };
        match (kind, size.parse::<u64>()) {
            ("FILE", _) => object = crate_of(name),
            ("FUNC", Ok(size)) if size > 0 => {
                let function = found.entry(name.to_owned()).or_default();
                function.size += size;
                let is_known = binding == "LOCAL";
                function
                    .crates
                    .extend(object.filter(|_| is_known).map(str::to_owned));
            }
            _ => {}
        }
    }
    found
}

/// The crate of an object, `NAME.HASH-cgu.NUMBER`.
fn crate_of(object: &str) -> Option<&str> {
    let (name, rest) = object.split_once('.')?;
    rest.contains("-cgu.").then_some(name)
}

/// A symbol as a pattern without what differs from build to build: hashes of instances, crates and modules.
fn pattern(symbol: &str) -> String {
    /// Digits of the hash of an instance, and the `E` behind it.
    const HASH_CHARACTERS: usize = 17;
    let symbol = symbol.split(".llvm.").next().unwrap_or(symbol);
    if symbol.starts_with("_ZN") {
        return match symbol.rfind("17h") {
            Some(at) if symbol.len() >= at + 3 + HASH_CHARACTERS => {
                format!("{}17h*", &symbol[..at])
            }
            _ => symbol.to_owned(),
        };
    }
    // Crates are `Cs<hash>_<length><name>` in the newer mangling.
    let mut parts = symbol.split("Cs");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('_') {
            Some((hash, rest)) if (10..=13).contains(&hash.len()) => {
                let _ = write!(out, "Cs*_{rest}");
            }
            _ => {
                let _ = write!(out, "Cs{part}");
            }
        }
    }
    out
}

/// Functions that stand together: a pattern of symbols, in the objects of a crate or in all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    objects: Option<String>,
    pattern: String,
}

impl Place {
    fn all(function: &Function, pattern: &str) -> Vec<Self> {
        let place = |objects| Self {
            objects,
            pattern: pattern.to_owned(),
        };
        if function.crates.is_empty() {
            return vec![place(None)];
        }
        let crates = function.crates.iter().cloned();
        crates.map(|name| place(Some(name))).collect()
    }
}

/// What was called, by the most runs first. A name that stands for much that is not called keeps the hashes of those instances that are:
/// they stay the same as long as the types, the libraries and the compiler do.
fn order(functions: &HashMap<String, Function>, profiles: &[BTreeSet<String>]) -> Vec<Place> {
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    for symbol in profiles.iter().flatten() {
        if functions.contains_key(symbol) {
            *runs.entry(symbol).or_default() += 1;
        }
    }
    // Bytes of all functions of a place, and of those that were called.
    let mut groups: HashMap<Place, (u64, u64)> = HashMap::new();
    for (symbol, function) in functions {
        for place in Place::all(function, &pattern(symbol)) {
            let group = groups.entry(place).or_default();
            group.0 += function.size;
            if runs.contains_key(symbol.as_str()) {
                group.1 += function.size;
            }
        }
    }
    let mut found: BTreeMap<Place, usize> = BTreeMap::new();
    for (symbol, runs) in runs {
        for mut place in Place::all(&functions[symbol], &pattern(symbol)) {
            let (all, called) = groups.get(&place).copied().unwrap_or_default();
            if all > LARGE_BYTES && called * 3 < all {
                place.pattern = exact(symbol);
            }
            let most = found.entry(place).or_default();
            *most = runs.max(*most);
        }
    }
    let mut found: Vec<(Place, usize)> = found.into_iter().collect();
    found.sort_by(|(left, a), (right, b)| b.cmp(a).then_with(|| left.cmp(right)));
    found.into_iter().map(|(place, _)| place).collect()
}

/// A symbol with its hash, but without the mark of the module that it was made public for.
fn exact(symbol: &str) -> String {
    let name = symbol.split(".llvm.").next().unwrap_or(symbol);
    format!("{name}*")
}

/// The linker script: sections of their own beside those that the linker makes anyway. What is called most stands last, beside the start and the table of
/// library functions, which every process needs.
fn script(order: &[Place]) -> String {
    let mut out = "/* Written by `cargo xtask link-order`: what commands on files call, most often called last. */\n".to_owned();
    out.push_str("SECTIONS\n{\n  .text.files :\n  {\n");
    for Place { objects, pattern } in order.iter().rev() {
        let objects = match objects {
            Some(name) => format!("*.{name}.*-cgu.*"),
            None => "*".to_owned(),
        };
        let _ = match pattern.ends_with('*') {
            true => writeln!(out, "    {objects}(.text*.{pattern})"),
            // What was made public for another module has a mark behind its name.
            false => writeln!(
                out,
                "    {objects}(.text*.{pattern} .text*.{pattern}.llvm.*)"
            ),
        };
    }
    out.push_str("    *crt*.o(.text .text.*)\n  }\n}\nINSERT AFTER .text;\n");
    let mut constants = |section: &str, names: &str, rest: &str, place: &str| {
        let _ = write!(out, "SECTIONS\n{{\n  {section} :\n  {{\n");
        for name in CRATES {
            let _ = writeln!(out, "    *.{name}.*-cgu.*({names})");
        }
        // The allocator is written in C; every process reads the names of its options.
        let _ = writeln!(out, "    *libmimalloc_sys*({names})");
        let _ = write!(out, "{rest}  }}\n}}\nINSERT {place};\n");
    };
    constants(".rodata.files", ".rodata .rodata.*", "", "BEFORE .rodata");
    // Constants with addresses: their section keeps its name, because it is made read-only by it.
    let names = ".data.rel.ro .data.rel.ro.*";
    let rest = format!("    *({names})\n");
    constants(".data.rel.ro", names, &rest, "AFTER .init_array");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_leave_out_what_differs_from_build_to_build() {
        for (symbol, wanted) in [
            (
                "_ZN5alloc7raw_vec8grow_one17h0123456789abcdefE",
                "_ZN5alloc7raw_vec8grow_one17h*",
            ),
            ("_ZN1a1b17h0123456789abcdefE.llvm.123", "_ZN1a1b17h*"),
            (
                "_RNvNtCsgEmfK2I1SDS_4core3str9from_utf8",
                "_RNvNtCs*_4core3str9from_utf8",
            ),
            ("main", "main"),
        ] {
            assert_eq!(pattern(symbol), wanted);
        }
    }

    #[test]
    fn what_most_runs_call_comes_first_and_large_families_are_told_apart() {
        let functions = functions(
            "   Num:    Value          Size Type    Bind   Vis      Ndx Name\n\
             1: 0 0 FILE LOCAL DEFAULT ABS one.0123-cgu.0\n\
             2: 10 16 FUNC LOCAL HIDDEN 14 rare\n\
             3: 10 36864 FUNC LOCAL HIDDEN 14 _ZN1f17h0123456789abcdefE\n\
             4: 10 16 FUNC LOCAL HIDDEN 14 _ZN1f17hfedcba9876543210E\n\
             5: 0 0 FILE LOCAL DEFAULT ABS two.0123-cgu.1\n\
             6: 10 16 FUNC LOCAL HIDDEN 14 _ZN1f17h1111111111111111E\n\
             7: 0 0 FILE LOCAL DEFAULT ABS start.c\n\
             8: 10 16 FUNC GLOBAL DEFAULT 14 common\n\
             9: 10 16 OBJECT GLOBAL DEFAULT 14 data\n",
        );
        assert_eq!(functions.len(), 5);
        let run = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let [large, other] = ["_ZN1f17hfedcba9876543210E", "_ZN1f17h1111111111111111E"];
        let profiles = [
            run(&["common", "unknown"]),
            run(&["common", "rare", large, other]),
        ];
        let places = order(&functions, &profiles);
        let wanted = [
            (None, "common"),
            (Some("one"), "_ZN1f17hfedcba9876543210E*"),
            (Some("one"), "rare"),
            (Some("two"), "_ZN1f17h*"),
        ];
        let found: Vec<_> = places
            .iter()
            .map(|place| (place.objects.as_deref(), place.pattern.as_str()))
            .collect();
        assert_eq!(found, wanted);
    }
}

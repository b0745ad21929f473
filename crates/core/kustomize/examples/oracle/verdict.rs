//! What came of a root that two kustomizes built, how often each came, and the table of it.

use std::fmt;

use serde_json::Value;

/// How ours compares with theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    EqualBytes,
    EqualObjects,
    Differs,
    TheirsFails,
    OursFails,
    BothFail,
}

const VERDICTS: [(Verdict, &str); 6] = [
    (Verdict::EqualBytes, "equal bytes"),
    (Verdict::EqualObjects, "equal objects"),
    (Verdict::Differs, "differs"),
    (Verdict::TheirsFails, "theirs fails"),
    (Verdict::OursFails, "ours fails"),
    (Verdict::BothFail, "both fail"),
];

impl Verdict {
    /// Of two texts. Those that cannot be read have no equal objects.
    pub fn of(ours: &str, theirs: &str) -> Self {
        if ours == theirs {
            return Self::EqualBytes;
        }
        match (values(ours), values(theirs)) {
            (Some(ours), Some(theirs)) if ours == theirs => Self::EqualObjects,
            _ => Self::Differs,
        }
    }

    /// Whether a run with such a root fails.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Differs | Self::TheirsFails | Self::OursFails)
    }
}

/// The objects of a text; `None` when it is no YAML.
fn values(text: &str) -> Option<Vec<Value>> {
    let documents = skein_yaml::documents(text.as_bytes()).ok()?;
    Some(documents.into_iter().map(|d| d.value).collect())
}

/// How often each verdict came.
#[derive(Default)]
pub struct Counts {
    verdicts: [usize; VERDICTS.len()],
    same_words: usize,
}

impl Counts {
    /// Counts a root; `same_words` when both fail with the same message.
    pub fn add(&mut self, verdict: Verdict, same_words: bool) {
        for ((other, _), count) in VERDICTS.iter().zip(&mut self.verdicts) {
            *count += usize::from(*other == verdict);
        }
        self.same_words += usize::from(same_words);
    }

    fn of(&self, verdict: Verdict) -> usize {
        let mut pairs = VERDICTS.iter().zip(self.verdicts);
        pairs
            .find(|((other, _), _)| *other == verdict)
            .map_or(0, |(_, count)| count)
    }

    /// Roots for which the run fails.
    pub fn bad(&self) -> usize {
        let bad = VERDICTS.iter().filter(|(verdict, _)| verdict.is_bad());
        bad.map(|(verdict, _)| self.of(*verdict)).sum()
    }
}

/// Hundredths of a percent are cut off, not rounded up: 100.00 % means all.
fn share(part: usize, whole: usize) -> String {
    let hundredths = (part * 10_000).checked_div(whole).unwrap_or(0);
    format!("{:>3}.{:02} %", hundredths / 100, hundredths % 100)
}

/// The table, and the shares of what kustomize builds.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.verdicts.iter().sum();
        for ((_, name), count) in VERDICTS.iter().zip(self.verdicts) {
            writeln!(f, "{name:<14}{count:>8}  {}", share(count, all))?;
        }
        writeln!(f, "{:<14}{all:>8}", "all")?;
        let bytes = self.of(Verdict::EqualBytes);
        let objects = bytes + self.of(Verdict::EqualObjects);
        let built = objects + self.of(Verdict::Differs) + self.of(Verdict::OursFails);
        writeln!(
            f,
            "of {built} that kustomize builds: {} the same objects, {} the same bytes",
            share(objects, built).trim_start(),
            share(bytes, built).trim_start()
        )?;
        write!(
            f,
            "of {} that both refuse: {} with the same words",
            self.of(Verdict::BothFail),
            self.same_words
        )
    }
}

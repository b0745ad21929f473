//! Schedules of CronJobs: five fields, or a word after `@`, with the errors of the cron library that Kubernetes uses.

/// A field: its lowest and highest number, and names for numbers.
struct Field {
    low: u32,
    high: u32,
    names: &'static [&'static str],
    /// Number of the first name.
    first: u32,
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const WORDS: &[&str] = &[
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

const fn field(low: u32, high: u32) -> Field {
    Field {
        low,
        high,
        names: &[],
        first: 0,
    }
}

const FIELDS: &[Field] = &[
    field(0, 59),
    field(0, 23),
    field(1, 31),
    Field {
        low: 1,
        high: 12,
        names: MONTHS,
        first: 1,
    },
    Field {
        low: 0,
        high: 6,
        names: DAYS,
        first: 0,
    },
];

/// What is wrong with a schedule.
pub(crate) fn problem(schedule: &str) -> Option<String> {
    let mut text = schedule;
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        text = text.split_once(' ').map_or("", |(_, rest)| rest).trim();
    }
    if text.starts_with('@') {
        return word_problem(text);
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Some(format!(
            "expected exactly {} fields, found {}: [{}]",
            FIELDS.len(),
            parts.len(),
            parts.join(" ")
        ));
    }
    parts.iter().zip(FIELDS).find_map(|(part, field)| {
        part.split(',')
            .filter(|p| !p.is_empty())
            .find_map(|range| field.problem(range))
    })
}

fn word_problem(text: &str) -> Option<String> {
    if WORDS.contains(&text) {
        return None;
    }
    if let Some(duration) = text.strip_prefix("@every ") {
        let plain = |c: char| c.is_ascii_digit() || "hmsuµn.".contains(c);
        if !duration.is_empty()
            && duration.chars().all(plain)
            && duration.ends_with(['h', 'm', 's'])
        {
            return None;
        }
        return Some(format!(
            "failed to parse duration {text}: time: invalid duration {duration:?}"
        ));
    }
    Some(format!("unrecognized descriptor: {text}"))
}

impl Field {
    fn number(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_lowercase();
        if let Some(index) = self.names.iter().position(|name| *name == lower) {
            return Ok(self.first + u32::try_from(index).unwrap_or_default());
        }
        match text.parse::<i64>() {
            Ok(number) if number < 0 => {
                Err(format!("negative number ({number}) not allowed: {text}"))
            }
            Ok(number) => u32::try_from(number).map_err(|_| String::new()),
            Err(_) => Err(format!(
                "failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"
            )),
        }
    }

    fn problem(&self, expression: &str) -> Option<String> {
        self.check(expression).err()
    }

    /// `*`, `7`, `1-5`, each with an optional `/step`.
    fn check(&self, expression: &str) -> Result<(), String> {
        let parts: Vec<&str> = expression.split('/').collect();
        let ends: Vec<&str> = parts[0].split('-').collect();
        let single = ends.len() == 1;
        let (start, mut end) = if matches!(ends[0], "*" | "?") {
            (self.low, self.high)
        } else {
            let start = self.number(ends[0])?;
            match ends.as_slice() {
                [_] => (start, start),
                [_, end] => (start, self.number(end)?),
                _ => return Err(format!("too many hyphens: {expression}")),
            }
        };
        let step = match parts.as_slice() {
            [_] => 1,
            [_, step] => {
                let step = self.plain(step)?;
                // `N/step` means from N to the highest.
                if single && !matches!(ends[0], "*" | "?") {
                    end = self.high;
                }
                step
            }
            _ => return Err(format!("too many slashes: {expression}")),
        };
        if start < self.low {
            return Err(format!(
                "beginning of range ({start}) below minimum ({}): {expression}",
                self.low
            ));
        }
        if end > self.high {
            return Err(format!(
                "end of range ({end}) above maximum ({}): {expression}",
                self.high
            ));
        }
        if start > end {
            return Err(format!(
                "beginning of range ({start}) beyond end of range ({end}): {expression}"
            ));
        }
        if step == 0 {
            return Err(format!(
                "step of range should be a positive number: {expression}"
            ));
        }
        Ok(())
    }

    fn plain(&self, text: &str) -> Result<u32, String> {
        field(0, u32::MAX).number(text)
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn schedules_are_read_as_cron_does() {
        for good in [
            "*/5 * * * *",
            "0 3 1-5 jan,feb MON-FRI",
            "@daily",
            "@every 1h30m",
            "5/10 * ? * *",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
        for (bad, wanted) in [
            ("* * *", "expected exactly 5 fields, found 3: [* * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("@never", "unrecognized descriptor: @never"),
            (
                "x * * * *",
                "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            (
                "5-1 * * * *",
                "beginning of range (5) beyond end of range (1): 5-1",
            ),
        ] {
            assert_eq!(problem(bad).as_deref(), Some(wanted), "{bad}");
        }
    }
}

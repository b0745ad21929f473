//! Makes what two programs print at two moments in two namespaces comparable.

/// First year that is the present: times of the objects that are shown lie before it.
const PRESENT_YEAR: u32 = 2026;

/// Text without the present time, the folder, the name of the program and, unless it is empty, its own namespace.
pub fn normal(text: &str, namespace: &str, folder: &str) -> String {
    let mut text = text.replace(folder, "<folder>").replace("skein", "flux");
    if !namespace.is_empty() {
        text = text.replace(namespace, "team-x");
    }
    text.split_inclusive('\n').map(times).collect()
}

/// Replaces times of the present as RFC 3339 writes them.
fn times(line: &str) -> String {
    /// `2026-01-31T12:30:00`, without what follows the seconds.
    const LENGTH: usize = 19;
    let bytes = line.as_bytes();
    let mut out = String::with_capacity(line.len());
    let mut rest = 0;
    let mut place = 0;
    while place + LENGTH <= bytes.len() {
        if !is_present(&bytes[place..place + LENGTH]) {
            place += 1;
            continue;
        }
        out.push_str(&line[rest..place]);
        out.push_str("<time>");
        place += LENGTH;
        while bytes
            .get(place)
            .is_some_and(|b| b.is_ascii_digit() || b".:+-Z".contains(b))
        {
            place += 1;
        }
        rest = place;
    }
    out.push_str(&line[rest..]);
    out
}

fn is_present(bytes: &[u8]) -> bool {
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = bytes.iter().zip(shape).all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        other => byte == other,
    });
    let year = bytes[..4].iter().fold(0, |year, byte| {
        year * 10 + u32::from(byte.wrapping_sub(b'0'))
    });
    fits && year >= PRESENT_YEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_goes_and_the_past_stays() {
        assert_eq!(
            normal(
                "at 2026-11-21T10:00:00.123Z in team-s, 2021-01-01T00:00:00Z\n",
                "team-s",
                "/x"
            ),
            "at <time> in team-x, 2021-01-01T00:00:00Z\n"
        );
        assert_eq!(normal("skein: ✔ /x/a", "n", "/x"), "flux: ✔ <folder>/a");
    }
}

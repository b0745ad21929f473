//! Moments in packages and indexes: as Go writes them, and `SOURCE_DATE_EPOCH`, with which packing twice gives the same bytes.

use std::env;

use anyhow::anyhow;
use jiff::{Timestamp, Zoned};
use skein_helm::{Chart, File};

/// The variable, in seconds since 1970.
const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// Gives all files of a chart the time of the variable, if it is set. The time is that of files without one.
pub(super) fn stamp(chart: &mut Chart) -> anyhow::Result<Timestamp> {
    let Some(text) = env::var_os(VARIABLE).filter(|text| !text.is_empty()) else {
        return Ok(Timestamp::now());
    };
    let text = text.to_string_lossy();
    let seconds: Option<i64> = text.parse().ok().filter(|seconds| *seconds >= 0);
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let time = time.ok_or_else(|| anyhow!("{VARIABLE} is no number of seconds: {text:?}"))?;
    stamp_chart(chart, time);
    Ok(time)
}

fn stamp_chart(chart: &mut Chart, time: Timestamp) {
    let stamp = |files: &mut Vec<File>| {
        files.iter_mut().for_each(|file| file.modified = Some(time));
    };
    stamp(&mut chart.templates);
    stamp(&mut chart.files);
    stamp(&mut chart.raw);
    chart.modified = Some(time);
    chart.schema_modified = Some(time);
    for below in &mut chart.dependencies {
        stamp_chart(below, time);
    }
}

/// A moment with the offset of this machine, as Go writes it.
pub(super) fn rfc3339(moment: &Zoned) -> String {
    let text = moment.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    match text.strip_suffix("+00:00") {
        Some(start) => format!("{start}Z"),
        None => text,
    }
}

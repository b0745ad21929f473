//! Packages to the byte as source-controller makes them: Helm's archive in the gzip of Go.

use jiff::Timestamp;
use skein_artifact::gzip::GzipWriter;
use skein_helm::Chart;
use skein_helm::pack::{GZIP_COMMENT, PackError, write_archive};

/// Extra field of the gzip header in packages of the Helm that source-controller 1.9 has.
const GZIP_EXTRA: &[u8] = b"+aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/// The package of a chart. Files whose time is not known carry `time`.
pub(super) fn pack(chart: &Chart, time: Timestamp) -> Result<Vec<u8>, PackError> {
    let gzip = GzipWriter::with_header(Vec::new(), GZIP_EXTRA, GZIP_COMMENT);
    let gzip = write_archive(chart, time, gzip)?;
    gzip.finish().map_err(|source| PackError::Archive {
        file: "the end of the package".to_owned(),
        source,
    })
}

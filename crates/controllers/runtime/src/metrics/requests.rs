//! Answers of API servers, read when somebody asks.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use skein_cluster::AnswerCounts;

/// Shows the counts of all connections that share them.
#[derive(Debug)]
pub(super) struct Requests(pub AnswerCounts);

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counts = self.0.snapshot();
        if counts.is_empty() {
            return Ok(());
        }
        let mut family = encoder.encode_descriptor(
            "rest_client_requests",
            "Requests to API servers by status code, method and host",
            None,
            MetricType::Counter,
        )?;
        for (answer, count) in &counts {
            let labels = [
                ("code", answer.code()),
                ("host", answer.host.to_string()),
                ("method", answer.method.to_string()),
            ];
            ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

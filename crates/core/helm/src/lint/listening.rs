//! A world that notes what templates complain of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use skein_template::{Environment, Value};

use crate::warning::Warning;

/// Another world, and what `required` and `fail` said in it.
pub(super) struct Listening<'w> {
    pub(super) world: &'w mut dyn Environment,
    pub(super) heard: Vec<Warning>,
}

impl Environment for Listening<'_> {
    fn now(&mut self) -> Timestamp {
        self.world.now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        self.world.random(bytes);
    }

    fn rsa_key(&mut self, bits: usize) -> Option<Vec<u8>> {
        self.world.rsa_key(bits)
    }

    fn rsa_signature(&mut self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        self.world.rsa_signature(key, message)
    }

    fn time_zone(&self) -> TimeZone {
        self.world.time_zone()
    }

    fn lookup(
        &mut self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, String> {
        self.world.lookup(api_version, kind, namespace, name)
    }

    fn host_address(&mut self, host: &str) -> Option<String> {
        self.world.host_address(host)
    }

    fn schema(&mut self, address: &str) -> Option<Result<Vec<u8>, String>> {
        self.world.schema(address)
    }

    fn is_cancelled(&mut self) -> bool {
        self.world.is_cancelled()
    }

    fn warn(&mut self, line: &'static str, message: &str) {
        let warning = if line.contains("required") {
            Warning::warn(line)
        } else {
            Warning::info(line)
        };
        self.heard.push(warning.with("message", message));
    }
}

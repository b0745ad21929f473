//! What templates may ask the world: clock, randomness, the cluster. Core code has none of these itself.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::value::{Map, Value};

/// The world of one rendering. Every method has a default that knows nothing, except the two that must not be guessed.
pub trait Environment {
    /// The time, for `now`, `ago` and certificates.
    fn now(&mut self) -> Timestamp;

    /// Fills the bytes with randomness that is good enough for keys.
    fn random(&mut self, bytes: &mut [u8]);

    /// A new RSA private key of so many bits, as PKCS #8 in DER. Nothing where the environment has no means of its own to draw one: then it comes from
    /// [`Environment::random`], some times more slowly.
    fn rsa_key(&mut self, _bits: usize) -> Option<Vec<u8>> {
        None
    }

    /// A message signed by an RSA key (PKCS #1 in DER), padded as in PKCS #1 v1.5, with SHA-256. Nothing as for [`Environment::rsa_key`]; the signature is the
    /// same then.
    fn rsa_signature(&mut self, _key: &[u8], _message: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Local time zone, for dates without one.
    fn time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }

    /// Helm's `lookup`: apiVersion, kind, namespace, name (empty: a list). An empty map when there is no such object. An error fails the rendering.
    fn lookup(
        &mut self,
        _api_version: &str,
        _kind: &str,
        _namespace: &str,
        _name: &str,
    ) -> Result<Value, String> {
        Ok(Value::Map(Map::new()))
    }

    /// An address of a host, for `getHostByName`: empty where templates may not ask for one, nothing where there is none.
    fn host_address(&mut self, _host: &str) -> Option<String> {
        Some(String::new())
    }

    /// The text at another address (http or https) to which a chart's schema of values refers; nothing where charts may not ask for one. The error says why
    /// there is none.
    fn schema(&mut self, _address: &str) -> Option<Result<Vec<u8>, String>> {
        None
    }

    /// Asked every few thousand steps; true ends the rendering with an error.
    fn is_cancelled(&mut self) -> bool {
        false
    }

    /// Helm's lint mode: what Helm logs of `required` or `fail`, and the message that it would have failed with.
    fn warn(&mut self, _line: &'static str, _message: &str) {}
}

/// An environment where nothing changes: the epoch for a clock and a fixed sequence for randomness. For tests, never for keys.
#[derive(Clone, Debug, Default)]
pub struct FixedEnvironment {
    /// The time that `now` gives.
    pub time: Timestamp,
    state: u64,
}

impl Environment for FixedEnvironment {
    fn now(&mut self) -> Timestamp {
        self.time
    }

    fn random(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // An ordinary 64-bit mixer (splitmix64).
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed >> 56) as u8;
        }
    }
}

/// What to do with a key that a map does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// Go's default: no value, printed as `<no value>`.
    #[default]
    Invalid,
    /// The zero of the map's elements; Helm's choice.
    Zero,
    /// An error; Helm's strict mode.
    Error,
}

/// How templates are executed.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to do with a key that a map does not have.
    pub missing_key: MissingKey,
    /// Helm's lint mode: `required` and `fail` warn instead of failing.
    pub lint: bool,
    /// Bounds of one execution.
    pub limits: Limits,
}

impl Options {
    /// As Helm renders: missing keys are zero.
    pub fn helm() -> Self {
        Self {
            missing_key: MissingKey::Zero,
            ..Self::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            missing_key: MissingKey::Invalid,
            lint: false,
            limits: Limits::default(),
        }
    }
}

/// Bounds of one execution.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Nodes evaluated and elements made by functions.
    pub steps: u64,
    /// Bytes of output, of one template and of all that it includes.
    pub output_bytes: usize,
    /// Bytes of a single string that a function makes.
    pub string_bytes: usize,
    /// Templates within templates (`template`, `include`, `tpl`).
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 20_000_000,
            output_bytes: 128 << 20,
            string_bytes: 32 << 20,
            depth: 4_000,
        }
    }
}

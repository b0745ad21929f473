//! The clock and the randomness that templates see, and a cluster without objects.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::RngCore;
use skein_helm_controller::preview::{keys, schemas};
use skein_template::Environment;
use tokio::runtime::Builder;

/// The world of one command.
pub(super) struct World;

impl Environment for World {
    fn now(&mut self) -> Timestamp {
        Timestamp::now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }

    fn rsa_key(&mut self, bits: usize) -> Option<Vec<u8>> {
        keys::rsa_key(bits)
    }

    fn rsa_signature(&mut self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        keys::rsa_signature(key, message)
    }

    fn schema(&mut self, address: &str) -> Option<Result<Vec<u8>, String>> {
        // Renderings run on threads that may not wait for a future themselves, with a runtime around them or without one.
        std::thread::scope(|scope| {
            let fetch = || {
                skein_cluster::install_crypto_provider();
                let runtime = Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| error.to_string())?;
                runtime.block_on(schemas::fetch(address))
            };
            let fetched = scope.spawn(fetch).join();
            Some(fetched.unwrap_or_else(|_| Err("the request ended in a panic".to_owned())))
        })
    }

    fn time_zone(&self) -> TimeZone {
        TimeZone::system()
    }
}

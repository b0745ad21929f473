//! The clock and the randomness that templates see, and a cluster without objects.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::RngCore;
use skein_template::Environment;

/// The world of one command.
pub(super) struct World;

impl Environment for World {
    fn now(&mut self) -> Timestamp {
        Timestamp::now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }

    fn time_zone(&self) -> TimeZone {
        TimeZone::system()
    }
}

//! What every controller shares: queue, backoff, the four-phase driver, status and event writers, leases, shards.

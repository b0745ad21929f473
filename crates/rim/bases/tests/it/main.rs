//! Remote bases from a server on this machine.

mod fetch;

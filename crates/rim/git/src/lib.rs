//! Git over http and ssh: list, fetch, check out, verify hosts; and a smart HTTP server for local repositories.

//! One-time login tokens that become sessions; bounded, in memory, forgotten when the hub stops.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::secret::{TokenDigest, random_token};
use crate::fleet::node::UnixMillis;

/// How long a session lasts, in milliseconds.
pub const SESSION_LIFETIME_MS: u64 = 12 * 60 * 60 * 1_000;
/// How long a login address works, in milliseconds.
pub const LOGIN_LIFETIME_MS: u64 = 12 * 60 * 60 * 1_000;
/// Most sessions at a time; the oldest is ended first.
pub const MAX_SESSIONS: usize = 256;
/// Most login addresses that wait to be used; the oldest is forgotten first.
pub const MAX_LOGINS: usize = 16;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name for the audit log; it does not contain anything secret.
    pub name: String,
}

/// Login tokens and sessions.
#[derive(Default)]
pub struct Sessions {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    logins: HashMap<TokenDigest, UnixMillis>,
    sessions: HashMap<TokenDigest, Session>,
    count: u64,
}

struct Session {
    name: String,
    since: UnixMillis,
}

impl Sessions {
    /// A new login token, good for one use.
    pub fn new_login(&self, now: UnixMillis) -> String {
        let token = random_token();
        let mut inner = self.inner.lock();
        evict(&mut inner.logins, MAX_LOGINS, |since| *since);
        inner.logins.insert(TokenDigest::of(&token), now);
        token
    }

    /// Uses up a login token and returns the secret of the new session.
    pub fn log_in(&self, token: &str, now: UnixMillis) -> Option<String> {
        let mut inner = self.inner.lock();
        let since = inner.logins.remove(&TokenDigest::of(token))?;
        if now.saturating_sub(since) > LOGIN_LIFETIME_MS {
            return None;
        }
        let secret = random_token();
        evict(&mut inner.sessions, MAX_SESSIONS, |session| session.since);
        inner.count += 1;
        let name = format!("local session {}", inner.count);
        inner
            .sessions
            .insert(TokenDigest::of(&secret), Session { name, since: now });
        Some(secret)
    }

    /// Whose session it is, when it is one.
    pub fn actor(&self, secret: &str, now: UnixMillis) -> Option<Actor> {
        let digest = TokenDigest::of(secret);
        let mut inner = self.inner.lock();
        let session = inner.sessions.get(&digest)?;
        if now.saturating_sub(session.since) > SESSION_LIFETIME_MS {
            inner.sessions.remove(&digest);
            return None;
        }
        Some(Actor {
            name: session.name.clone(),
        })
    }

    /// Ends a session.
    pub fn log_out(&self, secret: &str) {
        self.inner.lock().sessions.remove(&TokenDigest::of(secret));
    }
}

/// Makes room for one more by dropping the oldest.
fn evict<V>(map: &mut HashMap<TokenDigest, V>, limit: usize, since: impl Fn(&V) -> UnixMillis) {
    while map.len() >= limit {
        let Some(oldest) = map
            .iter()
            .min_by_key(|(_, value)| since(value))
            .map(|(key, _)| *key)
        else {
            return;
        };
        map.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_works_once_and_not_for_ever() {
        let sessions = Sessions::default();
        let token = sessions.new_login(0);
        let secret = sessions.log_in(&token, 1).unwrap();
        assert!(sessions.log_in(&token, 2).is_none());
        assert_eq!(sessions.actor(&secret, 3).unwrap().name, "local session 1");
        assert!(sessions.actor("guess", 3).is_none());
        assert!(sessions.actor(&secret, 2 + SESSION_LIFETIME_MS).is_none());
        let late = sessions.new_login(0);
        assert!(sessions.log_in(&late, LOGIN_LIFETIME_MS + 1).is_none());
    }

    #[test]
    fn logging_out_ends_the_session() {
        let sessions = Sessions::default();
        let secret = sessions.log_in(&sessions.new_login(0), 0).unwrap();
        sessions.log_out(&secret);
        assert!(sessions.actor(&secret, 0).is_none());
    }

    #[test]
    fn both_stores_are_bounded() {
        let sessions = Sessions::default();
        let first = sessions.new_login(0);
        for now in 1..=MAX_LOGINS as u64 {
            sessions.new_login(now);
        }
        assert!(sessions.log_in(&first, 20).is_none());
        let oldest = sessions.log_in(&sessions.new_login(30), 30).unwrap();
        for now in 0..MAX_SESSIONS as u64 {
            let login = sessions.new_login(31 + now);
            sessions.log_in(&login, 31 + now).unwrap();
        }
        assert!(sessions.actor(&oldest, 400).is_none());
    }
}

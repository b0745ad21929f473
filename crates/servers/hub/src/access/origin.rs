//! Host and Origin: the guards against DNS rebinding and forged cross-site requests.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, header};

/// Under which addresses the hub answers: `host:port` as browsers write it, lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

/// Why a request is not for this hub, or not from its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another or no Host header.
    WrongHost,
    /// From another site's page.
    WrongOrigin,
}

impl AllowedHosts {
    /// The address itself, `localhost` when it is loopback, and further names with port.
    pub fn new(listen: SocketAddr, further: &[String]) -> Self {
        let mut hosts = vec![listen.to_string()];
        if listen.ip().is_loopback() {
            hosts.push(format!("localhost:{}", listen.port()));
        }
        hosts.extend(further.iter().map(|host| host.to_ascii_lowercase()));
        Self(hosts)
    }

    fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Checks a request's headers. Reading may come without Origin (address bar, curl); changing may not.
    pub fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = single(headers, header::HOST.as_str())
            .flatten()
            .ok_or(Refusal::WrongHost)?;
        if !self.allows(host) {
            return Err(Refusal::WrongHost);
        }
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let origin = match single(headers, header::ORIGIN.as_str()) {
            Some(None) if reads => return Ok(()),
            Some(Some(origin)) => origin,
            _ => return Err(Refusal::WrongOrigin),
        };
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        match authority {
            Some(authority) if self.allows(authority) => Ok(()),
            _ => Err(Refusal::WrongOrigin),
        }
    }
}

/// The value of a header that may come once: `None` when it comes twice or is not text.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => Some(Some(value.to_str().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in list {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn only_own_names_and_pages() {
        let hosts = AllowedHosts::new("127.0.0.1:8080".parse().unwrap(), &[]);
        let check = |method: Method, list: &[(&'static str, &'static str)]| {
            hosts.check(&method, &headers(list))
        };
        assert_eq!(check(Method::GET, &[("host", "localhost:8080")]), Ok(()));
        assert_eq!(check(Method::GET, &[("host", "LOCALHOST:8080")]), Ok(()));
        assert_eq!(check(Method::GET, &[]), Err(Refusal::WrongHost));
        assert_eq!(
            check(Method::GET, &[("host", "localhost:80")]),
            Err(Refusal::WrongHost)
        );
        assert_eq!(
            check(Method::GET, &[("host", "evil.example:8080")]),
            Err(Refusal::WrongHost)
        );
        let host = ("host", "127.0.0.1:8080");
        assert_eq!(check(Method::GET, &[host, host]), Err(Refusal::WrongHost));
        assert_eq!(check(Method::POST, &[host]), Err(Refusal::WrongOrigin));
        for bad in [
            "null",
            "http://evil.example",
            "http://127.0.0.1",
            "file://127.0.0.1:8080",
        ] {
            assert_eq!(
                check(Method::GET, &[host, ("origin", bad)]),
                Err(Refusal::WrongOrigin)
            );
        }
        let own = ("origin", "http://127.0.0.1:8080");
        assert_eq!(check(Method::POST, &[host, own]), Ok(()));
        assert_eq!(
            check(Method::POST, &[host, own, own]),
            Err(Refusal::WrongOrigin)
        );
    }
}

//! The one layer that every request passes: host, origin, session, and the security headers of every answer.

pub mod origin;
pub mod secret;
pub mod session;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::live::unix_millis;
use crate::problem::Problem;
use origin::{AllowedHosts, Refusal};
use session::{Actor, Sessions};

/// The path that turns a one-time token into a session; the only one that works without a session.
pub const LOGIN_PATH: &str = "/login";

/// No inline script or style, nothing from elsewhere, no framing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// What decides who may ask.
pub struct Access {
    /// Sessions and login tokens.
    pub sessions: Sessions,
    /// Names of this hub.
    pub hosts: AllowedHosts,
    /// Name of the session cookie; it holds the port because cookies do not tell ports apart.
    pub cookie: String,
}

impl Access {
    /// For a hub that listens on an address and answers under further `host:port` names.
    pub fn new(listen: std::net::SocketAddr, further_hosts: &[String]) -> Self {
        Self {
            sessions: Sessions::default(),
            hosts: AllowedHosts::new(listen, further_hosts),
            cookie: format!("skein_session_{}", listen.port()),
        }
    }

    /// The session secret that a request carries.
    pub fn session_secret<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, value)| value)
    }

    /// Who asks, when a session is carried.
    pub fn actor(&self, headers: &HeaderMap) -> Option<Actor> {
        self.sessions
            .actor(self.session_secret(headers)?, unix_millis())
    }

    fn authorise(&self, request: &Request) -> Result<Option<Actor>, Box<Response>> {
        let (method, path) = (request.method(), request.uri().path());
        self.hosts
            .check(method, request.headers())
            .map_err(|why| refusal(why).into_response())?;
        let actor = self.actor(request.headers());
        if actor.is_some() || (path == LOGIN_PATH && *method == Method::GET) {
            return Ok(actor);
        }
        Err(Box::new(unauthorised(path)))
    }
}

/// The layer: refuses, or passes on with the [`Actor`] as an extension; adds the security headers in either case.
pub async fn guard(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut response = match access.authorise(&request) {
        Ok(actor) => {
            if let Some(actor) = actor {
                request.extensions_mut().insert(actor);
            }
            next.run(request).await
        }
        Err(response) => *response,
    };
    add_security_headers(response.headers_mut());
    response
}

fn refusal(why: Refusal) -> Problem {
    match why {
        Refusal::WrongHost => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "this hub does not answer under that host name; use the printed address",
        ),
        Refusal::WrongOrigin => Problem::new(
            StatusCode::FORBIDDEN,
            "the request comes from another site's page, or does not say from where (Origin)",
        ),
    }
}

fn unauthorised(path: &str) -> Response {
    if path.starts_with("/api/") {
        let detail = "no session; open the address that Skein printed, it works once";
        return Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
    }
    (
        StatusCode::UNAUTHORIZED,
        Html(include_str!("access/signed_out.html")),
    )
        .into_response()
}

fn add_security_headers(headers: &mut HeaderMap) {
    const FIXED: [(HeaderName, &str); 6] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Answers hold the state of clusters; only fingerprinted assets say otherwise themselves.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

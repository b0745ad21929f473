//! `GET /login?token=`: a one-time token becomes a cookie; `POST /api/v1/logout` ends it.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::HubState;
use crate::access::session::SESSION_LIFETIME_MS;
use crate::live::unix_millis;
use crate::problem::Problem;

/// The query of a login address.
#[derive(Deserialize)]
pub struct LoginQuery {
    #[serde(default)]
    token: String,
}

/// Starts a session; who already has one just goes on to the page.
pub async fn log_in(
    State(state): State<HubState>,
    Query(query): Query<LoginQuery>,
    headers: HeaderMap,
) -> Response {
    let access = &state.access;
    let Some(secret) = access.sessions.log_in(&query.token, unix_millis()) else {
        return match access.actor(&headers) {
            Some(_) => Redirect::to("/").into_response(),
            None => {
                let page = Html(include_str!("../access/signed_out.html"));
                (StatusCode::UNAUTHORIZED, page).into_response()
            }
        };
    };
    let cookie = format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}",
        access.cookie,
        SESSION_LIFETIME_MS / 1_000
    );
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Html(GO_ON)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Not a redirect: a strict cookie that is set on the way of a navigation from another site is not sent on with it.
const GO_ON: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta http-equiv=\"refresh\" content=\"0;url=/\"><title>Skein</title></head>\
    <body><a href=\"/\">Go on to Skein</a></body></html>";

/// Ends the session.
#[utoipa::path(post, path = "/api/v1/logout", tag = "session",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn log_out(State(state): State<HubState>, headers: HeaderMap) -> Response {
    if let Some(secret) = state.access.session_secret(&headers) {
        state.access.sessions.log_out(secret);
    }
    let gone = format!(
        "{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
        state.access.cookie
    );
    match HeaderValue::from_str(&gone) {
        Ok(cookie) => (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

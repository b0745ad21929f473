//! Who a request comes from: the administrator's token, ServiceAccount tokens, or nobody.

use std::collections::BTreeMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use skein_store::{Key, ResourceId};

use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::signing::SigningKey;

/// The issuer of ServiceAccount tokens.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc";
/// Name of the user that the administrator's token stands for.
const ADMINISTRATOR: &str = "kubernetes-admin";
/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1_024;

/// An authenticated user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

impl User {
    fn anonymous() -> Self {
        Self {
            name: "system:anonymous".into(),
            groups: vec!["system:unauthenticated".into()],
            ..Self::default()
        }
    }

    /// The user that a ServiceAccount is.
    pub(crate) fn service_account(namespace: &str, name: &str, uid: &str) -> Self {
        Self {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            uid: uid.to_owned(),
            groups: service_account_groups(namespace),
            extra: BTreeMap::new(),
        }
    }
}

/// The groups of every ServiceAccount of a namespace.
pub(crate) fn service_account_groups(namespace: &str) -> Vec<String> {
    vec![
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_owned(),
    ]
}

/// Claims of a ServiceAccount token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: Vec<String>,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) iss: String,
    pub(crate) jti: String,
    pub(crate) sub: String,
    #[serde(rename = "kubernetes.io")]
    pub(crate) kubernetes: KubernetesClaims,
}

/// The part of the claims that names the account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KubernetesClaims {
    pub(crate) namespace: String,
    pub(crate) serviceaccount: AccountClaims,
}

/// Name and uid of the account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountClaims {
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// Checks and signs tokens of one cluster.
pub(crate) struct Authenticator {
    administrator: String,
    pub(crate) key: SigningKey,
}

impl Authenticator {
    /// From the administrator's token and the key that ServiceAccount tokens are signed with.
    pub(crate) fn new(administrator: String, key: SigningKey) -> Self {
        Self { administrator, key }
    }

    /// The user of a request; refused when a token is given that is not good.
    pub(crate) fn identify(&self, api: &Api, headers: &HeaderMap) -> Outcome<User> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Ok(User::anonymous());
        };
        let token = header.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let user = token.and_then(|token| self.user_of_token(api, token));
        user.ok_or_else(Failure::unauthorized)
    }

    /// The user that a token stands for.
    pub(crate) fn user_of_token(&self, api: &Api, token: &str) -> Option<User> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let equal = verify_slices_are_equal(token.as_bytes(), self.administrator.as_bytes());
        if equal.is_ok() {
            return Some(User {
                name: ADMINISTRATOR.into(),
                groups: vec!["system:masters".into(), "system:authenticated".into()],
                ..User::default()
            });
        }
        self.claims(token).and_then(|claims| account(api, &claims))
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let claims: Claims = serde_json::from_slice(&self.key.claims(token)?).ok()?;
        (claims.exp > Timestamp::now().as_second()).then_some(claims)
    }

    /// Signs claims as a JSON Web Token.
    pub(crate) fn sign(&self, claims: &Claims) -> Outcome<String> {
        let claims = serde_json::to_vec(claims)
            .map_err(|error| Failure::internal(format!("cannot encode the claims: {error}")))?;
        let signed = self.key.sign(&claims);
        signed.map_err(|_| Failure::internal("cannot sign the claims"))
    }
}

/// The account must still exist with the uid of the token.
fn account(api: &Api, claims: &Claims) -> Option<User> {
    let KubernetesClaims {
        namespace,
        serviceaccount,
    } = &claims.kubernetes;
    let id = ResourceId::new("", "serviceaccounts");
    let stored = api.store.get(&Key::new(
        &id,
        namespace.as_str(),
        serviceaccount.name.as_str(),
    ))?;
    if stored.object.uid() != serviceaccount.uid || stored.object.is_deleting() {
        return None;
    }
    let mut user = User::service_account(namespace, &serviceaccount.name, &serviceaccount.uid);
    let id = format!("JTI={}", claims.jti);
    user.extra.insert(
        "authentication.kubernetes.io/credential-id".into(),
        vec![id],
    );
    Some(user)
}

//! Certificates of the loopback servers: made once, kept with the state so that kubeconfigs stay good.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

use crate::state;

/// How long certificates are good, in days (they never leave the machine).
const VALID_DAYS: i64 = 3_650;

/// Names that the certificate is for, besides the listening address.
const NAMES: &[&str] = &[
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// Why TLS cannot be set up.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The kept files cannot be used; delete the folder to get new ones.
    #[error(
        "the certificates in the state folder cannot be read ({0}); remove its tls folder to make new ones"
    )]
    Read(String),
    /// The TLS library refused.
    #[error("cannot set up TLS: {0}")]
    Configure(#[from] rustls::Error),
    /// A file could not be written.
    #[error("{0}")]
    State(#[from] state::StateError),
}

/// A certificate with its key, and the CA that signed it, all in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    pub(crate) ca_pem: String,
    certificate_pem: String,
    key_pem: String,
}

impl Certificates {
    /// Makes a CA and a certificate for the address. The CA's key is thrown away.
    pub(crate) fn make(address: IpAddr) -> Result<Self, TlsError> {
        let start = rcgen_date(-1);
        let end = rcgen_date(VALID_DAYS);
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.distinguished_name.push(DnType::CommonName, "skein-ca");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        (ca.not_before, ca.not_after) = (start, end);
        let ca_certificate = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate()?;
        let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        if !names.contains(&address.to_string()) {
            names.push(address.to_string());
        }
        let mut server = CertificateParams::new(names)?;
        server
            .distinguished_name
            .push(DnType::CommonName, "skein-apiserver");
        (server.not_before, server.not_after) = (start, end);
        let certificate = server.signed_by(&key, &issuer)?;
        Ok(Self {
            ca_pem: ca_certificate.pem(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    /// The certificates of a state folder, made when there are none for that address.
    pub(crate) fn keep(folder: &Path, address: IpAddr) -> Result<Self, TlsError> {
        let folder = folder.join("tls");
        let path = |name: &str| folder.join(format!("{name}-{address}.pem").replace(':', "_"));
        let read = |name: &str| std::fs::read_to_string(path(name)).ok();
        if let (Some(ca_pem), Some(certificate_pem), Some(key_pem)) =
            (read("ca"), read("server"), read("key"))
        {
            return Ok(Self {
                ca_pem,
                certificate_pem,
                key_pem,
            });
        }
        let made = Self::make(address)?;
        state::write_private(&path("ca"), made.ca_pem.as_bytes())?;
        state::write_private(&path("server"), made.certificate_pem.as_bytes())?;
        state::write_private(&path("key"), made.key_pem.as_bytes())?;
        Ok(made)
    }

    /// The server side of TLS, for HTTP/2 and HTTP/1.1.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let bad = |error: rustls::pki_types::pem::Error| TlsError::Read(error.to_string());
        let certificates = CertificateDer::pem_slice_iter(self.certificate_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(bad)?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(bad)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn rcgen_date(days_from_now: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc() + time::Duration::days(days_from_now)
}

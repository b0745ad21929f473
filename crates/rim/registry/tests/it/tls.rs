//! Registries behind TLS: own authorities, wrong ones, client certificates.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use skein_registry::{Access, Registry, Repository};
use tokio_rustls::TlsAcceptor;

use crate::server::{Asked, Seen, answer, router};

/// An authority that makes certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
        }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Certificate and key.
    fn issue(&self) -> (String, String) {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// Serves a tag list behind TLS; with `clients` only to who has a certificate of that authority.
async fn serve(authority: &Authority, clients: Option<&Authority>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let (certificate, key) = authority.issue();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(clients.pem().as_bytes()).unwrap();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = config.with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let app: Router = router(Seen::default(), |_: &Asked| {
        answer(200, &[], r#"{"tags":["v1"]}"#)
    });
    tokio::spawn(async move {
        axum::serve(TlsListener { tcp, acceptor }, app)
            .await
            .unwrap();
    });
    address
}

struct TlsListener {
    tcp: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

async fn tags(address: SocketAddr, access: &Access) -> Result<Vec<String>, String> {
    let repository = Repository::parse(&format!("{address}/app")).unwrap();
    let registry = Registry::new(repository, access).map_err(|error| error.to_string())?;
    registry.tags(None).await.map_err(|error| error.to_string())
}

fn trusting(authority: &Authority) -> Access {
    Access {
        tls: Some(skein_http::TlsMaterial {
            certificate_authority: authority.pem().into_bytes(),
            ..skein_http::TlsMaterial::default()
        }),
        ..Access::default()
    }
}

#[tokio::test]
async fn own_authorities_are_trusted_and_others_are_not() {
    let authority = Authority::new();
    let address = serve(&authority, None).await;
    assert_eq!(tags(address, &trusting(&authority)).await.unwrap(), ["v1"]);
    // Nothing is fetched in the clear when the certificate is not good.
    for access in [Access::default(), trusting(&Authority::new())] {
        assert!(tags(address, &access).await.is_err());
    }
    let insecure = Access {
        insecure: true,
        ..Access::default()
    };
    assert_eq!(tags(address, &insecure).await.unwrap(), ["v1"]);
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let address = serve(&authority, Some(&clients)).await;
    assert!(tags(address, &trusting(&authority)).await.is_err());
    let (certificate, key) = clients.issue();
    let mut access = trusting(&authority);
    if let Some(tls) = &mut access.tls {
        tls.client_certificate = certificate.into_bytes();
        tls.client_key = key.into_bytes();
    }
    assert_eq!(tags(address, &access).await.unwrap(), ["v1"]);
    if let Some(tls) = &mut access.tls {
        tls.client_key = b"no key".to_vec();
    }
    let error = tags(address, &access).await.unwrap_err();
    assert_eq!(error, "tls: failed to find any PEM data in key input");
}

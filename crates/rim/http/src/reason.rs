//! Puts connection errors into the words that users know from Go's client.

use std::error::Error;
use std::io::ErrorKind;

/// What happened, without the address and without secrets.
pub fn reason_of(error: &reqwest::Error) -> String {
    let mut causes: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    let tls = causes.iter().find_map(|cause| tls_reason(*cause));
    if let Some(reason) = tls {
        return reason;
    }
    if error.is_timeout() {
        return "context deadline exceeded".into();
    }
    let io = causes
        .iter()
        .rev()
        .find_map(|cause| cause.downcast_ref::<std::io::Error>());
    let address = error
        .url()
        .and_then(|url| {
            Some(format!(
                "{}:{}",
                url.host_str()?,
                url.port_or_known_default()?
            ))
        })
        .unwrap_or_default();
    let texts: Vec<String> = causes.iter().map(ToString::to_string).collect();
    if texts.iter().any(|text| text.contains("dns error")) {
        let host = address.split(':').next().unwrap_or_default();
        return format!("dial tcp: lookup {host}: no such host");
    }
    match io.map(std::io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => {
            format!("dial tcp {address}: connect: connection refused")
        }
        Some(ErrorKind::ConnectionReset) => "read: connection reset by peer".into(),
        Some(ErrorKind::UnexpectedEof) => "unexpected EOF".into(),
        _ => texts
            .last()
            .cloned()
            .unwrap_or_else(|| "the request failed".into()),
    }
}

/// The words for a TLS error anywhere in a cause, which may be wrapped in an IO error.
fn tls_reason(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        return tls_reason(io.get_ref()?);
    }
    match cause.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(reason) => Some(format!(
            "tls: failed to verify certificate: x509: {}",
            certificate_reason(reason)
        )),
        // What came is no record of TLS: most likely HTTP.
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            Some("http: server gave HTTP response to HTTPS client".into())
        }
        other => Some(format!("tls: {other}")),
    }
}

fn certificate_reason(reason: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Reason;
    match reason {
        Reason::UnknownIssuer => "certificate signed by unknown authority".into(),
        Reason::Expired | Reason::ExpiredContext { .. } => {
            "certificate has expired or is not yet valid".into()
        }
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".into()
        }
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            "certificate is not valid for this host".into()
        }
        other => other.to_string(),
    }
}

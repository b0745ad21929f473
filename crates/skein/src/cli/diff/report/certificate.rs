//! What people want to know of a certificate that changed.

use x509_parser::pem::parse_x509_pem;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// Names, time and number of a certificate in PEM; nothing for any other text.
pub(super) fn summary(text: &str) -> Option<String> {
    let (_rest, pem) = parse_x509_pem(text.as_bytes()).ok()?;
    let certificate = pem.parse_x509().ok()?;
    let subject = certificate.subject();
    let issuer = certificate.issuer();
    let validity = certificate.validity();
    Some(format!(
        "Subject:\n  Common Name: {}\n  Organization: {}\n  Organization Unit: {}\n  Locality: {}\n  State: {}\n  Country: {}\n\
         Validity Period:\n  NotBefore: {}\n  NotAfter: {}\nIssuer: {}, {}\nSerial Number: {} ({:#x})\n",
        common_name(subject),
        joined(subject.iter_organization()),
        joined(subject.iter_organizational_unit()),
        joined(subject.iter_locality()),
        joined(subject.iter_state_or_province()),
        joined(subject.iter_country()),
        time(&validity.not_before)?,
        time(&validity.not_after)?,
        common_name(issuer),
        joined(issuer.iter_organization()),
        certificate.tbs_certificate.serial,
        certificate.tbs_certificate.serial,
    ))
}

fn common_name(name: &X509Name<'_>) -> String {
    let last = name.iter_common_name().last();
    last.and_then(|value| value.as_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn joined<'a>(
    values: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> String {
    let texts: Vec<&str> = values.filter_map(|value| value.as_str().ok()).collect();
    texts.join(" ")
}

/// `Jan 2 15:04:05 2006 UTC`.
fn time(time: &ASN1Time) -> Option<String> {
    let moment = jiff::Timestamp::from_second(time.timestamp()).ok()?;
    Some(moment.strftime("%b %-d %H:%M:%S %Y UTC").to_string())
}

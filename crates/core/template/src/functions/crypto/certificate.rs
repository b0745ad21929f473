//! Certificates as sprig makes them.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::tz::Offset;
use sha2::{Digest, Sha256};

use super::super::arguments::{any, integer, list_of, text};
use super::super::encoding::base64_decoded;
use super::super::{Outcome, text_of};
use super::der::{self, element, object_id, sequence};
use super::keys::{CERTIFICATE_RSA_BITS, PrivateKey};
use crate::exec::Runtime;
use crate::format;
use crate::function::CallError;
use crate::object::Object;
use crate::text::Text;
use crate::types::Kind;
use crate::value::{Operand, Value};

/// A certificate and its key, in PEM.
#[derive(Clone)]
struct Certificate {
    certificate: Text,
    key: Text,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

impl Object for Certificate {
    fn type_name(&self) -> Cow<'static, str> {
        "sprig.certificate".into()
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        vec![
            ("Cert".into(), Value::String(self.certificate.clone())),
            ("Key".into(), Value::String(self.key.clone())),
        ]
    }
}

/// What a certificate is to say.
struct Request {
    name: String,
    addresses: Vec<IpAddr>,
    dns_names: Vec<String>,
    days: i64,
    is_authority: bool,
}

/// Who signs: its name in DER, its key id, and its key.
struct Signer<'k> {
    subject: Vec<u8>,
    key_id: Option<Vec<u8>>,
    key: &'k PrivateKey,
}

/// The key that was given, or a new one.
fn own_key(
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
    index: usize,
) -> Result<PrivateKey, CallError> {
    if index >= arguments.len() {
        return PrivateKey::rsa(runtime, CERTIFICATE_RSA_BITS);
    }
    PrivateKey::from_pem(&text(arguments, index).lossy())
        .map_err(|message| CallError::new(format!("parsing private key: {message}")))
}

/// The name that the certificate is for.
fn common_name(arguments: &[Operand]) -> Result<String, CallError> {
    String::from_utf8(text(arguments, 0).to_vec())
        .map_err(|_| CallError::new("error creating certificate: asn1: string not valid UTF-8"))
}

/// `genCA NAME DAYS [KEY]`.
pub fn authority(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let key = own_key(runtime, arguments, 2)?;
    let request = Request {
        name: common_name(arguments)?,
        addresses: Vec::new(),
        dns_names: Vec::new(),
        days: integer(arguments, 1),
        is_authority: true,
    };
    issued_by_itself(runtime, &request, &key)
}

/// `genSelfSignedCert NAME ADDRESSES NAMES DAYS [KEY]`.
pub fn self_signed(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let key = own_key(runtime, arguments, 4)?;
    let request = request(arguments)?;
    issued_by_itself(runtime, &request, &key)
}

fn issued_by_itself(runtime: &mut Runtime<'_>, request: &Request, key: &PrivateKey) -> Outcome {
    let signer = Signer {
        subject: name(&request.name),
        key_id: None,
        key,
    };
    issue(runtime, request, key, &signer)
}

/// `genSignedCert NAME ADDRESSES NAMES DAYS CA [KEY]`.
pub fn signed(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let key = own_key(runtime, arguments, 5)?;
    let (authority, authority_key) = match any(arguments, 4) {
        Value::Object(object) => (object.field("Cert"), object.field("Key")),
        _ => (None, None),
    };
    let shown = |value: Option<Value>| {
        let value = value.unwrap_or_default();
        text_of(&value).lossy().into_owned()
    };
    let Some((_, certificate)) = der::from_pem(&shown(authority)) else {
        return Err(CallError::new("unable to decode certificate"));
    };
    let Some((subject, key_id)) = subject_of(&certificate) else {
        return Err(CallError::new(
            "error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate",
        ));
    };
    let signer_key = PrivateKey::from_pem(&shown(authority_key))
        .map_err(|message| CallError::new(format!("error parsing private key: {message}")))?;
    let request = request(arguments)?;
    let signer = Signer {
        subject,
        key_id,
        key: &signer_key,
    };
    issue(runtime, &request, &key, &signer)
}

fn strings(value: &Value, complaint: impl Fn(&str) -> String) -> Result<Vec<String>, CallError> {
    let list = list_of(value);
    let items = list.iter().flat_map(|list| list.items());
    items
        .map(|item| match item {
            Value::String(text) => Ok(text.lossy().into_owned()),
            other => {
                let shown = format::to_text(other);
                Err(CallError::new(complaint(&String::from_utf8_lossy(&shown))))
            }
        })
        .collect()
}

fn request(arguments: &[Operand]) -> Result<Request, CallError> {
    let addresses = strings(any(arguments, 1), |shown| {
        format!("error parsing ip: {shown} is not a string")
    })?;
    let dns_names = strings(any(arguments, 2), |shown| {
        format!("error processing alternate dns name: {shown} is not a string")
    })?;
    let addresses: Result<Vec<IpAddr>, CallError> = addresses
        .iter()
        .map(|address| {
            let parsed = address.parse();
            parsed.map_err(|_| CallError::new(format!("error parsing ip: {address}")))
        })
        .collect();
    Ok(Request {
        addresses: addresses?,
        name: common_name(arguments)?,
        dns_names,
        days: integer(arguments, 3),
        is_authority: false,
    })
}

/// 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return sequence(&[]);
    }
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    let tag = if common_name.chars().all(printable) {
        der::PRINTABLE_STRING
    } else {
        der::UTF8_STRING
    };
    let value = element(tag, common_name.as_bytes());
    let attribute = sequence(&[&object_id(COMMON_NAME), &value]);
    sequence(&[&element(der::SET, &attribute)])
}

fn time(instant: jiff::Timestamp) -> Vec<u8> {
    let civil = Offset::UTC.to_datetime(instant);
    if (1950..2050).contains(&civil.year()) {
        let text = civil.strftime("%y%m%d%H%M%SZ").to_string();
        element(der::UTC_TIME, text.as_bytes())
    } else {
        let text = civil.strftime("%Y%m%d%H%M%SZ").to_string();
        element(der::GENERALIZED_TIME, text.as_bytes())
    }
}

/// An extension under 2.5.29.
fn extension(id: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let id = object_id(&[0x55, 0x1d, id]);
    let value = element(der::OCTET_STRING, value);
    if critical {
        return sequence(&[&id, &element(der::BOOLEAN, &[0xff]), &value]);
    }
    sequence(&[&id, &value])
}

const SUBJECT_KEY_ID: u8 = 14;
const KEY_USAGE: u8 = 15;
const ALTERNATIVE_NAMES: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const AUTHORITY_KEY_ID: u8 = 35;
const EXTENDED_KEY_USAGE: u8 = 37;
/// 1.3.6.1.5.5.7.3.1 and .2.
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// Bytes of a key id.
const KEY_ID_BYTES: usize = 20;

fn extensions(request: &Request, public_key: &[u8], signer: &Signer<'_>) -> Vec<u8> {
    // Digital signature and key encipherment; an authority signs certificates too.
    let usage: &[u8] = if request.is_authority {
        &[0x02, 0xa4]
    } else {
        &[0x05, 0xa0]
    };
    let purposes = sequence(&[&object_id(SERVER_AUTH), &object_id(CLIENT_AUTH)]);
    let constraints = if request.is_authority {
        sequence(&[&element(der::BOOLEAN, &[0xff])])
    } else {
        sequence(&[])
    };
    let mut all = vec![
        extension(KEY_USAGE, true, &element(der::BIT_STRING, usage)),
        extension(EXTENDED_KEY_USAGE, false, &purposes),
        extension(BASIC_CONSTRAINTS, true, &constraints),
    ];
    if request.is_authority {
        let digest = Sha256::digest(key_bits(public_key));
        let id = element(der::OCTET_STRING, &digest[..KEY_ID_BYTES]);
        all.push(extension(SUBJECT_KEY_ID, false, &id));
    }
    if let Some(id) = &signer.key_id {
        let id = sequence(&[&element(0x80, id)]);
        all.push(extension(AUTHORITY_KEY_ID, false, &id));
    }
    let mut names = Vec::new();
    for dns in &request.dns_names {
        names.extend(element(0x82, dns.as_bytes()));
    }
    for address in &request.addresses {
        names.extend(match address {
            IpAddr::V4(address) => element(0x87, &address.octets()),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => element(0x87, &address.octets()),
                None => element(0x87, &address.octets()),
            },
        });
    }
    if !names.is_empty() {
        let names = element(der::SEQUENCE, &names);
        // They are all that names the subject where it has no name of its own.
        let is_critical = request.name.is_empty();
        all.push(extension(ALTERNATIVE_NAMES, is_critical, &names));
    }
    element(0xa3, &element(der::SEQUENCE, &all.concat()))
}

/// The bits of a public key without what says of which kind it is.
fn key_bits(public_key: &[u8]) -> &[u8] {
    let bits = || {
        let (_, content, _, _) = der::read(public_key)?;
        let (_, _, _, after) = der::read(content)?;
        // The first byte counts the bits that the last one lacks.
        der::read(after)?.1.get(1..)
    };
    bits().unwrap_or(public_key)
}

fn issue(
    runtime: &mut Runtime<'_>,
    request: &Request,
    key: &PrivateKey,
    signer: &Signer<'_>,
) -> Outcome {
    const SERIAL_BYTES: usize = 16;
    /// A Go duration counts nanoseconds in 64 bits, and wraps.
    const NANOSECONDS_PER_DAY: i64 = 86_400_000_000_000;
    if let Some(dns) = request.dns_names.iter().find(|name| !name.is_ascii()) {
        let shown = skein_gowords::quote(dns);
        return Err(CallError::new(format!(
            "error creating certificate: x509: {shown} cannot be encoded as an IA5String"
        )));
    }
    // The first byte is the sign; a number that begins lower has fewer bytes.
    let mut serial = [0; 1 + SERIAL_BYTES];
    runtime.environment().random(&mut serial[1..]);
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    let shown = match serial.get(zeros) {
        Some(byte) if *byte & 0x80 == 0 => zeros,
        _ => zeros.saturating_sub(1),
    };
    let serial = &serial[shown..];
    let from = runtime.environment().now();
    let nanoseconds = NANOSECONDS_PER_DAY.wrapping_mul(request.days);
    let lifetime = jiff::SignedDuration::from_nanos(nanoseconds);
    let until = from
        .saturating_add(lifetime)
        .map_err(|error| CallError::new(format!("error creating certificate: {error}")))?;
    let public_key = key.public_key()?;
    let algorithm = signer.key.algorithm();
    let body = sequence(&[
        &element(0xa0, &element(der::INTEGER, &[2])),
        &element(der::INTEGER, serial),
        &algorithm,
        &signer.subject,
        &sequence(&[&time(from), &time(until)]),
        &name(&request.name),
        &public_key,
        &extensions(request, &public_key, signer),
    ]);
    let signature = signer.key.sign(runtime.environment(), &body);
    let signature = der::bit_string(&signature);
    let certificate = sequence(&[&body, &algorithm, &signature]);
    let made = Certificate {
        certificate: der::pem("CERTIFICATE", &certificate).into(),
        key: key.to_pem()?.into(),
    };
    Ok(Value::object(made).into())
}

/// Subject and key id of a certificate.
fn subject_of(certificate: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let (_, content, _, _) = der::read(certificate)?;
    let (_, body, _, _) = der::read(content)?;
    let mut rest = body;
    if rest.first() == Some(&0xa0) {
        rest = der::read(rest)?.3;
    }
    // Serial number, algorithm, issuer and validity come before the subject.
    for _ in 0..4 {
        rest = der::read(rest)?.3;
    }
    let (_, _, subject, after) = der::read(rest)?;
    let mut after = der::read(after)?.3;
    let mut key_id = None;
    while let Some((tag, content, _, next)) = der::read(after) {
        if tag == 0xa3 {
            key_id = key_id_of(der::read(content)?.1);
        }
        after = next;
    }
    Some((subject.to_vec(), key_id))
}

fn key_id_of(extensions: &[u8]) -> Option<Vec<u8>> {
    let mut rest = extensions;
    while let Some((_, extension, _, next)) = der::read(rest) {
        let (_, id, _, value) = der::read(extension)?;
        if id == [0x55, 0x1d, SUBJECT_KEY_ID] {
            let (_, value, _, _) = der::read(value)?;
            return Some(der::read(value)?.1.to_vec());
        }
        rest = next;
    }
    None
}

/// `buildCustomCert CERTIFICATE KEY`, both in base64.
pub fn build_custom(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let certificate = base64_decoded(&text(arguments, 0))
        .map_err(|_| CallError::new("unable to decode base64 certificate"))?;
    let key = base64_decoded(&text(arguments, 1))
        .map_err(|_| CallError::new("unable to decode base64 private key"))?;
    let Some((_, bytes)) = der::from_pem(&String::from_utf8_lossy(&certificate)) else {
        return Err(CallError::new("unable to decode certificate"));
    };
    if subject_of(&bytes).is_none() {
        return Err(CallError::new(
            "error parsing certificate: decodedCert.Bytes: x509: malformed certificate",
        ));
    }
    PrivateKey::from_pem(&String::from_utf8_lossy(&key))
        .map_err(|message| CallError::new(format!("error parsing private key: {message}")))?;
    let made = Certificate {
        certificate: certificate.into(),
        key: key.into(),
    };
    Ok(Value::object(made).into())
}

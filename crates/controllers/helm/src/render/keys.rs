//! RSA keys of templates, drawn and used by the implementation that TLS has in this process: several times faster than code that knows no processor.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

/// A new private key as PKCS #8 in DER; nothing for a size that is not drawn here.
pub fn rsa_key(bits: usize) -> Option<Vec<u8>> {
    let size = match bits {
        2_048 => KeySize::Rsa2048,
        3_072 => KeySize::Rsa3072,
        4_096 => KeySize::Rsa4096,
        _ => return None,
    };
    let key = KeyPair::generate(size).ok()?;
    let document: Pkcs8V1Der<'_> = key.as_der().ok()?;
    Some(document.as_ref().to_vec())
}

/// The signature of a message by a key in PKCS #1 (DER); nothing for a key that is not taken here, as those below 2,048 bits are not.
pub fn rsa_signature(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let key = KeyPair::from_der(key).ok()?;
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .ok()?;
    Some(signature)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use jiff::Timestamp;
    use skein_template::{Environment, FixedEnvironment, Options, Templates, Value, helm};

    use super::*;

    /// A world that draws its keys here, and counts what was asked.
    #[derive(Default)]
    struct Drawing {
        fixed: FixedEnvironment,
        keys: Vec<Vec<u8>>,
        signatures: usize,
    }

    impl Environment for Drawing {
        fn now(&mut self) -> Timestamp {
            self.fixed.now()
        }

        fn random(&mut self, bytes: &mut [u8]) {
            self.fixed.random(bytes);
        }

        fn rsa_key(&mut self, bits: usize) -> Option<Vec<u8>> {
            let key = rsa_key(bits)?;
            self.keys.push(key.clone());
            Some(key)
        }

        fn rsa_signature(&mut self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
            self.signatures += 1;
            rsa_signature(key, message)
        }
    }

    fn rendered(text: &str, world: &mut dyn Environment) -> String {
        let mut templates = Templates::new(std::sync::Arc::new(helm::functions()), Options::helm());
        templates.parse("t", text).unwrap();
        templates.execute("t", &Value::Nil, world).unwrap()
    }

    #[test]
    fn templates_get_the_keys_that_are_drawn_here() {
        let mut world = Drawing::default();
        let text = r#"{{ $ca := genCA "a" 1 }}{{ (genSignedCert "b" nil nil 1 $ca).Key }}{{ genPrivateKey "rsa" }}"#;
        let shown = rendered(text, &mut world);
        assert_eq!(shown.matches("BEGIN RSA PRIVATE KEY").count(), 2, "{shown}");
        let lengths = world.keys.iter().map(|key| {
            let key = KeyPair::from_pkcs8(key).unwrap();
            key.public_modulus_len() * 8
        });
        assert_eq!(lengths.collect::<Vec<_>>(), [2_048, 2_048, 4_096]);
        assert_eq!(world.signatures, 2);
    }

    #[test]
    fn a_signature_is_the_same_wherever_it_is_made() {
        // The certificates are of one clock and one sequence of random bytes; only the place of the signature differs.
        let text = r#"{{ $key := genPrivateKey "rsa" }}{{ (genCAWithKey "a" 1 $key).Cert }}"#;
        let pure = rendered(text, &mut FixedEnvironment::default());
        struct Signing(FixedEnvironment);
        impl Environment for Signing {
            fn now(&mut self) -> Timestamp {
                self.0.now()
            }
            fn random(&mut self, bytes: &mut [u8]) {
                self.0.random(bytes);
            }
            fn rsa_signature(&mut self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
                let signature = rsa_signature(key, message);
                assert!(signature.is_some());
                signature
            }
        }
        let here = rendered(text, &mut Signing(FixedEnvironment::default()));
        assert_eq!(pure, here);
    }

    #[test]
    fn signatures_are_valid() {
        let key = rsa_key(2_048).unwrap();
        let pair = KeyPair::from_pkcs8(&key).unwrap();
        let inner = rsa_pkcs1(&key);
        let signature = rsa_signature(inner, b"message").unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        public.verify(b"message", &signature).unwrap();
        assert!(public.verify(b"another", &signature).is_err());
        assert_eq!(rsa_key(1_024), None);
        assert_eq!(rsa_signature(b"no key", b"message"), None);
    }

    /// The PKCS #1 document inside a PKCS #8 one: its last element, an octet string with a length of two bytes.
    fn rsa_pkcs1(document: &[u8]) -> &[u8] {
        let at = document
            .windows(2)
            .skip(4)
            .position(|pair| pair == [0x04, 0x82])
            .unwrap();
        &document[at + 8..]
    }
}

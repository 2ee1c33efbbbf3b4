//! Keys of tokens: the one half that signs, the other that everybody may have.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SecureRandom;
use ring::signature::{
    ED25519, Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};

use super::Algorithm;
use super::fault::{KeyFault, SignFault};

/// Bits of an RSA key that we make: what RS256 asks for at least (RFC 7518, section 3.3).
const RSA_BITS: usize = 2048;
/// Characters of a key's name: 96 bits of its thumbprint.
const KID_CHARS: usize = 16;

/// A key that signs. Has no `Debug`: it must not reach a log.
pub struct SigningKey {
    public: PublicKey,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kid: String,
    numbers: Numbers,
}

/// Big-endian, without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Numbers {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ed25519([u8; 32]),
}

impl SigningKey {
    /// Reads a private key in PKCS#8 (RFC 5208, RFC 8410), of one prime pair and at least 2048 bits where it is RSA's.
    ///
    /// # Errors
    /// Where it is none.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyFault> {
        let fault = |_| KeyFault::NotPrivate(algorithm.name());
        let (pair, numbers) = match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(fault)?;
                let RsaPublicKeyComponents { n: modulus, e: exponent } = pair.public().into();
                (Pair::Rsa(pair), Numbers::Rsa { modulus, exponent })
            }
            Algorithm::EdDsa => {
                // Both versions: one that holds its public key too, and the older one that other programs write.
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(fault)?;
                let mut public = [0; 32];
                public.copy_from_slice(pair.public_key().as_ref());
                (Pair::Ed25519(pair), Numbers::Ed25519(public))
            }
        };
        Ok(SigningKey { public: PublicKey::named(numbers), pair })
    }

    /// A new Ed25519 key in PKCS#8.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn generate_ed25519(rng: &dyn SecureRandom) -> Result<Vec<u8>, SignFault> {
        let der = Ed25519KeyPair::generate_pkcs8(rng).map_err(|_| SignFault::Random)?;
        Ok(der.as_ref().to_vec())
    }

    /// Its public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of `message`. RSA takes random numbers to hide from those who measure time; Ed25519 takes none.
    pub(super) fn sign(&self, message: &[u8], rng: &dyn SecureRandom) -> Result<Vec<u8>, SignFault> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, rng, message, &mut signature).map_err(|_| SignFault::Random)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl PublicKey {
    fn named(numbers: Numbers) -> Self {
        let thumbprint = thumbprint(&numbers);
        PublicKey { kid: thumbprint[..KID_CHARS].to_owned(), numbers }
    }

    /// Its name, `kid`: the start of its thumbprint (RFC 7638), so that it is the same wherever the key is.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it is for.
    pub fn algorithm(&self) -> Algorithm {
        match self.numbers {
            Numbers::Rsa { .. } => Algorithm::Rs256,
            Numbers::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Is `signature` its signature of `message`?
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.numbers {
            Numbers::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: &modulus[..], e: &exponent[..] };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Numbers::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
        }
    }

    /// As a JSON Web Key (RFC 7517, RFC 8037).
    pub fn to_jwk(&self) -> Value {
        let (kid, alg) = (&self.kid, self.algorithm().name());
        match &self.numbers {
            Numbers::Rsa { modulus, exponent } => json!({
                "kty": "RSA", "use": "sig", "alg": alg, "kid": kid, "n": b64(modulus), "e": b64(exponent),
            }),
            Numbers::Ed25519(key) => json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": alg, "kid": kid, "x": b64(key),
            }),
        }
    }

    /// Reads what [`PublicKey::to_jwk`] wrote; its name is computed anew.
    ///
    /// # Errors
    /// Where it is another key, or none.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyFault> {
        let algorithm = jwk["alg"].as_str().and_then(Algorithm::named).ok_or(KeyFault::NotPublic("alg"))?;
        let fault = KeyFault::NotPublic(algorithm.name());
        let bytes = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).map_err(|_| fault)?;
            if bytes.first().is_none_or(|byte| *byte == 0 && algorithm == Algorithm::Rs256) {
                return Err(fault);
            }
            Ok(bytes)
        };
        let numbers = match algorithm {
            Algorithm::Rs256 => {
                let (modulus, exponent) = (bytes("n")?, bytes("e")?);
                if !(RSA_BITS / 8..=1024).contains(&modulus.len()) || exponent.len() > 8 {
                    return Err(fault);
                }
                Numbers::Rsa { modulus, exponent }
            }
            Algorithm::EdDsa => Numbers::Ed25519(bytes("x")?.try_into().map_err(|_| fault)?),
        };
        Ok(PublicKey::named(numbers))
    }

    /// As PEM of its SubjectPublicKeyInfo (RFC 5280, section 4.1; RFC 8410): `-----BEGIN PUBLIC KEY-----`.
    pub fn to_pem(&self) -> String {
        const RSA_ENCRYPTION: &[u8] =
            &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
        const ID_ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
        let (algorithm, key) = match &self.numbers {
            Numbers::Rsa { modulus, exponent } => {
                let numbers = [der_integer(modulus), der_integer(exponent)].concat();
                (RSA_ENCRYPTION, der(0x30, &numbers))
            }
            Numbers::Ed25519(key) => (ID_ED25519, key.to_vec()),
        };
        // A string of bits begins with how many of the last byte are unused.
        let bits = der(0x03, &[&[0][..], &key].concat());
        let info = der(0x30, &[algorithm, &bits].concat());
        let text = STANDARD.encode(info);
        let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line));
        let lines = lines.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 over the members that make the key, in the order of the alphabet (RFC 7638, section 3).
fn thumbprint(numbers: &Numbers) -> String {
    let members = match numbers {
        Numbers::Rsa { modulus, exponent } => {
            format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(exponent), b64(modulus))
        }
        Numbers::Ed25519(key) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(key)),
    };
    b64(ring::digest::digest(&ring::digest::SHA256, members.as_bytes()).as_ref())
}

/// One element in DER (X.690, section 10.1); contents of at most 65,535 bytes, and every key is far shorter.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        len @ 0..0x80 => out.push(len as u8),
        len @ 0x80..0x100 => out.extend([0x81, len as u8]),
        len => {
            out.push(0x82);
            out.extend((len as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(contents);
    out
}

/// A number that is not negative: a zero stands before a first bit that is set.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    der(0x02, &[sign, number].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.
    fn rfc_8037() -> SigningKey {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        // RFC 8410, section 7: version 0, id-Ed25519, the seed.
        let head =
            [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        SigningKey::from_pkcs8(Algorithm::EdDsa, &[&head[..], &seed].concat()).unwrap()
    }

    #[test]
    fn the_key_of_rfc_8037_has_its_thumbprint_and_signature() {
        let key = rfc_8037();
        assert_eq!(key.public().to_jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.public().kid(), &"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"[..KID_CHARS]);
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = key.sign(message, &ring::rand::SystemRandom::new()).unwrap();
        let expect = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(b64(&signature), expect);
        assert!(key.public().verifies(message, &signature));
        assert!(!key.public().verifies(&message[1..], &signature));
    }

    #[test]
    fn the_key_of_rfc_7638_has_its_thumbprint() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
                 tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5ha\
                 jrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicKey::from_jwk(&json!({"alg": "RS256", "n": n, "e": "AQAB"})).unwrap();
        assert_eq!(key.kid(), &"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"[..KID_CHARS]);
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).unwrap(), key);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for der in [&b""[..], b"\x30\x00", &[0; 999]] {
            for algorithm in Algorithm::ALL {
                assert!(SigningKey::from_pkcs8(algorithm, der).is_err());
            }
        }
        let small = b64(&[0xff; 128]);
        for jwk in [
            json!(null),
            json!({"alg": "HS256", "k": "AAAA"}),
            json!({"alg": "RS256", "n": small, "e": "AQAB"}),
            json!({"alg": "RS256", "n": b64(&[0; 256]), "e": "AQAB"}),
            json!({"alg": "EdDSA", "x": b64(&[1; 31])}),
            json!({"alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"}),
        ] {
            assert!(PublicKey::from_jwk(&jwk).is_err(), "{jwk}");
        }
    }

    #[test]
    fn ed25519_has_a_pem_too() {
        // RFC 8410, section 10.1.
        let x =
            &STANDARD.decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").unwrap()[12..];
        let key = PublicKey::from_jwk(&json!({"alg": "EdDSA", "x": b64(x)})).unwrap();
        let lines: Vec<String> = key.to_pem().lines().map(str::to_owned).collect();
        assert_eq!(lines[1], "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
    }
}

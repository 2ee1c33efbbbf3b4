//! The compact form (RFC 7515, section 7.1): written in one way, and read only as we write it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_domain::{PassKind, Timestamp};
use serde::{Deserialize, Serialize};

use super::bounds::{
    ACTION_BYTES_MAX, CDATA_BYTES_MAX, HOSTNAME_BYTES_MAX, INTERACTION_BYTES_MAX, TOKEN_BYTES_MAX,
};
use super::fault::TokenFault;
use super::key::PublicKey;
use super::{ISSUER, Statement};

/// Unknown members make a header none: ours has these three. Serde refuses a member that is there twice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    alg: &'a str,
    #[serde(borrow, default)]
    kid: &'a str,
    #[serde(borrow, default)]
    typ: Option<&'a str>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// The claims, in the order they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    iat_ms: u16,
    exp: i64,
    jti: &'a str,
    action: &'a str,
    hostname: &'a str,
    score: f64,
    interaction_id: &'a str,
    kind: &'a str,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    cdata: &'a str,
}

/// Seconds far beyond any clock: what is later would overflow when it is counted in µs.
const SECS_MAX: i64 = 1 << 40;

/// Header and claims as they are signed.
pub(super) fn unsigned(key: &PublicKey, statement: &Statement) -> String {
    let header = format!(r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#, key.algorithm().name(), key.kid());
    let (action, hostname) =
        (clean(&statement.action, ACTION_BYTES_MAX), clean(&statement.hostname, HOSTNAME_BYTES_MAX));
    let (interaction_id, cdata) =
        (clean(&statement.interaction_id, INTERACTION_BYTES_MAX), clean(&statement.cdata, CDATA_BYTES_MAX));
    let millis = statement.issued.millis();
    let payload = Payload {
        iss: ISSUER,
        aud: &statement.site_key,
        iat: millis.div_euclid(1_000),
        iat_ms: millis.rem_euclid(1_000) as u16,
        exp: statement.expires.secs(),
        jti: &format!("{:032x}", statement.id),
        action: &action,
        hostname: &hostname,
        score: rounded(statement.score),
        interaction_id: &interaction_id,
        kind: statement.kind.name(),
        cdata: &cdata,
    };
    let payload = serde_json::to_string(&payload).expect("texts and finite numbers are always JSON");
    let mut text = String::with_capacity(TOKEN_BYTES_MAX / 2);
    URL_SAFE_NO_PAD.encode_string(header, &mut text);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut text);
    text
}

/// Adds the third part.
pub(super) fn append(text: &mut String, signature: &[u8]) {
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, text);
}

/// Four decimals, and a number in any case: what is none is no person.
fn rounded(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { (score.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0 }
}

/// `text` without what JSON would have to escape (so that its length is that of the token), cut at a character.
fn clean(text: &str, bytes_max: usize) -> String {
    let mut clean: String = text
        .chars()
        .filter(|char| !char.is_control() && !matches!(char, '"' | '\\'))
        .take(bytes_max)
        .collect();
    clean.truncate(clean.floor_char_boundary(bytes_max));
    clean
}

/// A token, taken apart. Nothing in it is to be believed before its signature is checked.
pub(super) struct Parts<'a> {
    message: &'a str,
    /// What it says it is signed with.
    pub(super) alg: String,
    /// Which key it says it is signed with; empty where it says nothing.
    pub(super) kid: String,
    payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// Where it is too long, not of our form, not signed, or asks for something that we do not know.
    pub(super) fn of(text: &'a str) -> Result<Self, TokenFault> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenFault::TokenTooLong);
        }
        let malformed = || TokenFault::MalformedToken;
        let (message, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        // Strict: no padding, no blanks, no bits beyond the last byte. A dot is no character of it.
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::MalformedToken);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let read: Header<'_> = serde_json::from_slice(&header).map_err(|_| TokenFault::MalformedToken)?;
        if read.crit.is_some() {
            return Err(TokenFault::UnknownCritical);
        }
        if read.alg.eq_ignore_ascii_case("none") {
            return Err(TokenFault::AlgorithmNone);
        }
        if read.typ.is_some_and(|typ| typ != "JWT") {
            return Err(TokenFault::MalformedToken);
        }
        let (alg, kid) = (read.alg.to_owned(), read.kid.to_owned());
        Ok(Parts { message, alg, kid, payload, signature })
    }

    /// What the signature covers.
    pub(super) fn message(&self) -> &'a [u8] {
        self.message.as_bytes()
    }

    /// Issuer and statement.
    ///
    /// # Errors
    /// Where a claim is missing, there twice, unknown or of another form than we write.
    pub(super) fn statement(&self) -> Result<(String, Statement), TokenFault> {
        let bad = TokenFault::BadClaims;
        let read: Payload<'_> = serde_json::from_slice(&self.payload).map_err(|_| bad)?;
        let in_time = |secs: i64| (0..SECS_MAX).contains(&secs);
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if !in_time(read.iat)
            || !in_time(read.exp)
            || read.iat_ms >= 1_000
            || !(0.0..=1.0).contains(&read.score)
            || read.jti.len() != 32
            || !read.jti.bytes().all(hex)
        {
            return Err(bad);
        }
        let statement = Statement {
            site_key: read.aud.to_owned(),
            issued: Timestamp::from_millis(read.iat * 1_000 + i64::from(read.iat_ms)),
            expires: Timestamp::from_secs(read.exp),
            id: u128::from_str_radix(read.jti, 16).map_err(|_| bad)?,
            action: read.action.to_owned(),
            hostname: read.hostname.to_owned(),
            score: read.score,
            interaction_id: read.interaction_id.to_owned(),
            kind: PassKind::named(read.kind).ok_or(bad)?,
            cdata: read.cdata.to_owned(),
        };
        Ok((read.iss.to_owned(), statement))
    }
}

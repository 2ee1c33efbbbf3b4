//! A challenged POST rides in its challenge page, sealed: nothing of it is stored, and after the challenge it is sent on once.
//!
//! AES-256-GCM over canonical fields; the body is the rest behind them. Each sealed request has a key of its own, made from
//! its id: whoever has a hundred billion bodies sealed never comes near the number of random nonces one key may see (NIST
//! SP 800-38D, section 8.3). It opens for the visitor who holds the nonce cookie it was sealed with, at the same site and host,
//! until it expires; that it opens once is for the claims ([`crate::claims::Kind::Seal`], under its `id`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_domain::{Scheme, SiteId, TenantId, Timestamp};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{digest, hmac};

use crate::canonical::{Fields, Reader, same};
use crate::code::Code;
use crate::pass::CLOCK_SKEW_MS;
use crate::secrets::Secrets;

/// Most bytes of a body that is sealed; larger ones are refused before they are read.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// Most bytes of all other fields together. Heads are bounded before us; this is what the longest target needs, and room.
pub const FIELDS_BYTES_MAX: usize = 24 << 10;
/// Most characters of a sealed text; a longer one is not looked at.
pub const TEXT_BYTES_MAX: usize =
    (HEAD_BYTES + FIELDS_BYTES_MAX + BODY_BYTES_MAX + TAG_BYTES).div_ceil(3) * 4;

const VERSION: u8 = 1;
const ID_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HASH_BYTES: usize = 16;
/// Version, id and nonce, in clear before the sealed bytes.
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_BYTES;
/// Characters of a nonce cookie's value: 128 bits.
const COOKIE_VALUE_BYTES: usize = 22;

/// The name of the nonce cookie. On https only the one with the prefix counts: a neighbour's host cannot have set it.
pub fn cookie_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Https => "__Host-palisade_post",
        Scheme::Http => "palisade_post",
    }
}

/// The value of the nonce cookie: what the visitor already holds, where it is one of ours, so that a second tab does not
/// shut the first one out; else 128 random bits.
pub fn cookie_value(held: Option<&str>, random: u128) -> String {
    match held.filter(|held| is_cookie_value(held)) {
        Some(held) => held.to_owned(),
        None => URL_SAFE_NO_PAD.encode(random.to_be_bytes()),
    }
}

fn is_cookie_value(text: &str) -> bool {
    let mut bytes = [0; ID_BYTES];
    text.len() == COOKIE_VALUE_BYTES && URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) == Ok(ID_BYTES)
}

/// A request that waits for its challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRequest {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// 128 random bits: claimed when the request is sent on.
    pub id: u128,
    /// When it was sealed, ms.
    pub issued: Timestamp,
    /// Until when it opens, ms.
    pub expires: Timestamp,
    /// The host it was for, as in `Host`.
    pub host: String,
    /// Its method.
    pub method: String,
    /// Its target in origin form: path and query.
    pub target: String,
    /// `Content-Type`, where it had one.
    pub content_type: Option<String>,
    /// `Origin`, where it had one: the site must see where the form stood, not where our page stood.
    pub origin: Option<String>,
    /// `Sec-Fetch-Site`, where it had one.
    pub sec_fetch_site: Option<String>,
    /// Its body, at most [`BODY_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
}

/// Nothing of what a person typed: a body may hold a password.
impl std::fmt::Debug for SealedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SealedRequest { tenant, site, method, body, .. } = self;
        write!(f, "SealedRequest({tenant:?}, {site:?}, {method}, {} bytes)", body.len())
    }
}

/// Where and by whom a sealed request is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// Which host, as in `Host`.
    pub host: &'a str,
    /// The value of the nonce cookie ([`cookie_name`]), where one came.
    pub cookie: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

impl SealedRequest {
    /// Its text, which only the holder of `cookie` ([`cookie_value`]) can show. `nonce` is 96 random bits.
    ///
    /// # Errors
    /// [`Code::TooLarge`] where the body or the fields are larger than what is ever sealed.
    pub fn seal(&self, secrets: &Secrets, cookie: &str, nonce: [u8; NONCE_BYTES]) -> Result<String, Code> {
        let fields = self.fields(cookie);
        if self.body.len() > BODY_BYTES_MAX || fields.bytes().len() > FIELDS_BYTES_MAX {
            return Err(Code::TooLarge);
        }
        let mut all = Vec::with_capacity(HEAD_BYTES + fields.bytes().len() + self.body.len() + TAG_BYTES);
        all.push(VERSION);
        all.extend_from_slice(&self.id.to_be_bytes());
        all.extend_from_slice(&nonce);
        all.extend_from_slice(fields.bytes());
        all.extend_from_slice(&self.body);
        let (head, plain) = all.split_at_mut(HEAD_BYTES);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key(secrets, self.id)
            .seal_in_place_separate_tag(nonce, Aad::from(head), plain)
            .expect("AES-GCM seals up to 64 GiB");
        all.extend_from_slice(tag.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(&all))
    }

    /// Opens what [`SealedRequest::seal`] wrote, for whom and where it was sealed. Whether it was sent on before is for the
    /// claims.
    ///
    /// # Errors
    /// [`Code::TooLarge`] and [`Code::InvalidSeal`] for what we never wrote; [`Code::ForeignSeal`], [`Code::CookiesOff`],
    /// [`Code::OtherVisitor`], [`Code::TicketFromTheFuture`] and [`Code::ExpiredSeal`] for what we did.
    pub fn open(text: &str, secrets: &Secrets, shown: &Shown<'_>) -> Result<Self, Code> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Code::TooLarge);
        }
        let mut all = URL_SAFE_NO_PAD.decode(text).map_err(|_| Code::InvalidSeal)?;
        let plain = unseal(&mut all, secrets).ok_or(Code::InvalidSeal)?;
        let (mut request, cookie, body) = parse(&all[..plain]).ok_or(Code::InvalidSeal)?;
        request.check(cookie, shown)?;
        all.truncate(plain);
        all.drain(..body);
        request.body = all;
        Ok(request)
    }

    /// Everything in front of the body. What is too long shows in their size.
    fn fields(&self, cookie: &str) -> Fields {
        let mut fields = Fields::default();
        fields
            .put_number(u64::from(self.tenant.0))
            .put_number(u64::from(self.site.0))
            .put_time(self.issued)
            .put_time(self.expires)
            .put(&hash(cookie))
            .put(self.host.as_bytes())
            .put(self.method.as_bytes())
            .put(self.target.as_bytes());
        for header in [&self.content_type, &self.origin, &self.sec_fetch_site] {
            put_header(&mut fields, header.as_deref());
        }
        fields
    }

    fn check(&self, cookie: [u8; HASH_BYTES], shown: &Shown<'_>) -> Result<(), Code> {
        let here = (self.tenant, self.site) == (shown.tenant, shown.site);
        if !here || !self.host.eq_ignore_ascii_case(shown.host) {
            return Err(Code::ForeignSeal);
        }
        if !same(&hash(shown.cookie.ok_or(Code::CookiesOff)?), &cookie) {
            return Err(Code::OtherVisitor);
        }
        if shown.now.plus_millis(CLOCK_SKEW_MS) < self.issued {
            return Err(Code::TicketFromTheFuture);
        }
        if shown.now >= self.expires {
            return Err(Code::ExpiredSeal);
        }
        Ok(())
    }
}

/// Opens `all` in place; how many of its bytes are head and plain text, when everything is as it was sealed.
fn unseal(all: &mut [u8], secrets: &Secrets) -> Option<usize> {
    let plain = all.len().checked_sub(TAG_BYTES)?;
    let (head, sealed) = all.split_at_mut_checked(HEAD_BYTES)?;
    let (version, rest) = head.split_first()?;
    let (id, nonce) = rest.split_first_chunk::<ID_BYTES>()?;
    if *version != VERSION {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    key(secrets, u128::from_be_bytes(*id)).open_in_place(nonce, Aad::from(&*head), sealed).ok()?;
    Some(plain)
}

/// A request without its body, the hash of its cookie, and where in `all` the body begins.
fn parse(all: &[u8]) -> Option<(SealedRequest, [u8; HASH_BYTES], usize)> {
    let (head, plain) = all.split_at_checked(HEAD_BYTES)?;
    let mut fields = Reader(plain);
    let text = |field: &[u8]| String::from_utf8(field.to_vec()).ok();
    let tenant = TenantId(fields.word()?);
    let site = SiteId(fields.word()?);
    let issued = fields.time()?;
    let expires = fields.time()?;
    let cookie = fields.array()?;
    let request = SealedRequest {
        tenant,
        site,
        id: u128::from_be_bytes(head[1..1 + ID_BYTES].try_into().ok()?),
        issued,
        expires,
        host: text(fields.take()?)?,
        method: text(fields.take()?)?,
        target: text(fields.take()?)?,
        content_type: take_header(&mut fields)?,
        origin: take_header(&mut fields)?,
        sec_fetch_site: take_header(&mut fields)?,
        body: Vec::new(),
    };
    Some((request, cookie, all.len() - fields.0.len()))
}

/// The key of the request with this id.
fn key(secrets: &Secrets, id: u128) -> LessSafeKey {
    let bytes = hmac::sign(&secrets.seal, &id.to_be_bytes());
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes.as_ref()).expect("32 bytes are a key of AES-256"))
}

/// What travels of the cookie's value, so that the text alone does not tell it.
fn hash(cookie: &str) -> [u8; HASH_BYTES] {
    let mut out = [0; HASH_BYTES];
    out.copy_from_slice(&digest::digest(&digest::SHA256, cookie.as_bytes()).as_ref()[..HASH_BYTES]);
    out
}

/// A header that is not there is no field content at all; one that is there has `=` in front, and may be empty.
fn put_header(fields: &mut Fields, value: Option<&str>) {
    fields.put(value.map(|value| format!("={value}")).unwrap_or_default().as_bytes());
}

fn take_header(fields: &mut Reader<'_>) -> Option<Option<String>> {
    match fields.take()?.split_first() {
        None => Some(None),
        Some((b'=', value)) => String::from_utf8(value.to_vec()).ok().map(Some),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;

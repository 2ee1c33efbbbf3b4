//! Our own export (`crate::export`): every fact as it was, and the place of request and end in the sequence.
//!
//! Unlike labelled traffic nothing is inferred here: a missing field is unseen even where a header would say it.

use std::borrow::Cow;

use palisade_domain::{
    BodyKind, Fact, HeadFault, HeaderCase, HeaderOrder, HttpVersion, PassKind, Resolution, Scheme, SessionId,
    SiteId, TenantId, Timestamp, Vantage,
};
use serde::Deserialize;

use super::Format;
use super::draft::{Draft, Pairs, Rich, Who};
use super::json::{Field, Str};
use super::own::{Ended, OwnDraft, Place, SignedDraft, Verdict};
use crate::export;

/// How every line begins, which spares trying all others.
pub(super) const BEGINNING: &str = "{\"palisade\":";

#[derive(Deserialize)]
struct Line<'a> {
    palisade: u32,
    time_us: i64,
    #[serde(borrow)]
    resolution: Str<'a>,
    #[serde(borrow)]
    client: Str<'a>,
    #[serde(default)]
    client_is_name: bool,
    #[serde(borrow)]
    run: Str<'a>,
    seq: u64,
    #[serde(default)]
    tenant: u32,
    #[serde(default)]
    site: u32,
    #[serde(borrow)]
    vantage: Str<'a>,
    #[serde(default)]
    score: Option<u8>,
    #[serde(borrow, default)]
    action: Option<Str<'a>>,
    #[serde(borrow, default)]
    signals: Vec<(Str<'a>, i16)>,
    #[serde(default)]
    observe: Option<bool>,
    #[serde(default)]
    trap: bool,
    #[serde(borrow, default)]
    key: Option<Str<'a>>,
    #[serde(borrow, default)]
    session: Field<Str<'a>>,
    #[serde(borrow, default)]
    pass: Field<Str<'a>>,
    #[serde(borrow, default)]
    version: Field<Str<'a>>,
    #[serde(borrow, default)]
    scheme: Field<Str<'a>>,
    #[serde(borrow, default)]
    head_fault: Field<Str<'a>>,
    #[serde(borrow, default)]
    signature: Field<Str<'a>>,
    #[serde(borrow, default)]
    signed_by: Option<Str<'a>>,
    #[serde(default)]
    client_hidden: bool,
    #[serde(default)]
    preview: bool,
    #[serde(borrow, default)]
    method: Field<Str<'a>>,
    #[serde(borrow, default)]
    host: Field<Str<'a>>,
    #[serde(borrow, default)]
    path: Field<Str<'a>>,
    #[serde(borrow, default)]
    user_agent: Field<Str<'a>>,
    #[serde(borrow, default)]
    referrer: Field<Str<'a>>,
    #[serde(borrow, default)]
    ja4: Field<Str<'a>>,
    #[serde(borrow, default)]
    fingerprint: Field<Str<'a>>,
    #[serde(borrow, default)]
    host_name: Field<Str<'a>>,
    #[serde(borrow, default)]
    header_order: Option<Str<'a>>,
    #[serde(borrow, default)]
    header_case: Option<Str<'a>>,
    #[serde(borrow, default)]
    headers: Field<Vec<(Str<'a>, Str<'a>)>>,
    #[serde(borrow, default)]
    body: Field<Str<'a>>,
    #[serde(borrow, default)]
    body_hex: Option<Str<'a>>,
    #[serde(borrow, default)]
    body_kind: Option<Str<'a>>,
    #[serde(default)]
    body_complete: Option<bool>,
    #[serde(default)]
    status: Field<u64>,
    #[serde(default)]
    bytes: Field<u64>,
    #[serde(default)]
    duration_ms: Field<u64>,
    #[serde(default)]
    set_cookie: Field<bool>,
    #[serde(default)]
    login_ok: Field<bool>,
    #[serde(default)]
    ours: bool,
    #[serde(default)]
    end_seq: Option<u64>,
    #[serde(default)]
    end_time_us: Option<i64>,
    #[serde(borrow, default)]
    label: Option<Str<'a>>,
    #[serde(borrow, default)]
    family: Option<Str<'a>>,
    #[serde(borrow, default)]
    group: Option<Str<'a>>,
}

/// Reads one line. `None` also for a line of a later version: half understood would be wrong.
pub(super) fn parse(line: &str) -> Option<Draft<'_>> {
    let line: Line<'_> = serde_json::from_str(line).ok()?;
    if line.palisade != 1 {
        return None;
    }
    let who = match line.client.0.parse() {
        Ok(ip) if !line.client_is_name => Who::Ip(ip),
        _ => Who::Name(line.client.0),
    };
    let resolution = named(&line.resolution, RESOLUTIONS, export::names::resolution)?;
    let mut draft = Draft::new(Format::Palisade, (Timestamp(line.time_us), resolution), who);
    draft.vantage = named(&line.vantage, VANTAGES, Vantage::name)?;
    draft.method = line.method.text();
    draft.host = line.host.text();
    draft.target = line.path.text();
    draft.user_agent = line.user_agent.text();
    draft.referrer = line.referrer.text();
    draft.version = fact(&line.version, |text| named(text, VERSIONS, export::names::version))?;
    draft.scheme = fact(&line.scheme, |text| named(text, SCHEMES, export::names::scheme))?;
    draft.response.status = fact(&line.status, |status| u16::try_from(*status).ok())?;
    draft.response.bytes = line.bytes.0;
    draft.response.duration_ms = line.duration_ms.0;
    draft.response.set_cookie = line.set_cookie.0;
    draft.response.login_ok = line.login_ok.0;
    draft.response.is_ours = line.ours;
    let kind = match &line.body_kind {
        Some(kind) => Some(named(kind, BODY_KINDS, export::names::body_kind)?),
        None => None,
    };
    let body_bytes = match &line.body_hex {
        Some(digits) => Some(bytes(&digits.0)?),
        None => None,
    };
    let own = OwnDraft {
        place: Place {
            run: u64::from_str_radix(&line.run.0, 16).ok()?,
            sequence: line.seq,
            end: line
                .end_seq
                .zip(line.end_time_us)
                .map(|(sequence, time_us)| Ended { sequence, time: Timestamp(time_us) }),
        },
        tenant: TenantId(line.tenant),
        site: SiteId(line.site),
        host_name: line.host_name.text(),
        signature: signature(&line.signature, line.signed_by)?,
        head_fault: fact(&line.head_fault, |name| HeadFault::named(&name.0))?,
        pass: fact(&line.pass, |name| PassKind::named(&name.0))?,
        client_hidden: line.client_hidden,
        preview: line.preview,
        is_peek: line.observe == Some(false),
        keyed_trap_hit: line.trap,
        key: match &line.key {
            Some(key) => Some(u64::from_str_radix(&key.0, 16).ok()?),
            None => None,
        },
        verdict: verdict(line.score, line.action.as_ref(), line.signals)?,
        body: body_bytes,
        body_kind: kind,
        body_complete: line.body_complete.unwrap_or(true),
    };
    let order = if line.header_order.is_some() { HeaderOrder::Lost } else { HeaderOrder::Wire };
    let case = if line.header_case.is_some() { HeaderCase::Lost } else { HeaderCase::Wire };
    let rich = Rich {
        session: fact(&line.session, |text| u128::from_str_radix(&text.0, 16).ok().map(SessionId))?,
        headers: line.headers.0.map(|pairs| {
            let pairs: Pairs<'_> = pairs.into_iter().map(|(name, value)| (name.0, value.0)).collect();
            (pairs, order, case)
        }),
        body: line.body.text(),
        ja4: line.ja4.text(),
        fingerprint: line.fingerprint.text(),
        label: super::labelled::label(line.label.as_ref())?,
        family: line.family.map(|text| text.0),
        group: line.group.map(|text| text.0),
        own: Some(Box::new(own)),
    };
    draft.rich = Some(Box::new(rich));
    Some(draft)
}

const RESOLUTIONS: &[Resolution] = &[Resolution::Second, Resolution::Milli, Resolution::Micro];
const VANTAGES: &[Vantage] =
    &[Vantage::GatewayTls, Vantage::GatewayClear, Vantage::ForwardAuth, Vantage::Check, Vantage::Log];
const VERSIONS: &[HttpVersion] = &[
    HttpVersion::Http09,
    HttpVersion::Http10,
    HttpVersion::Http11,
    HttpVersion::Http2,
    HttpVersion::Http3,
    HttpVersion::Other,
];
const SCHEMES: &[Scheme] = &[Scheme::Http, Scheme::Https];
const BODY_KINDS: &[BodyKind] = &[BodyKind::Form, BodyKind::Multipart, BodyKind::Json, BodyKind::Text];

/// The one of `all` that is called `text`.
fn named<T: Copy>(text: &Str<'_>, all: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|one| name(*one) == text.0)
}

/// `None` where there is a value that is none.
fn fact<F, T>(field: &Field<F>, read: impl FnOnce(&F) -> Option<T>) -> Option<Fact<T>> {
    match &field.0 {
        Fact::Known(value) => read(value).map(Fact::Known),
        Fact::Absent => Some(Fact::Absent),
        Fact::Unseen => Some(Fact::Unseen),
    }
}

fn signature<'a>(outcome: &Field<Str<'_>>, signed_by: Option<Str<'a>>) -> Option<Fact<SignedDraft<'a>>> {
    let mut signed_by = signed_by;
    fact(outcome, |outcome| match outcome.0.as_ref() {
        "verified" => signed_by.take().map(|origin| SignedDraft::Verified(origin.0)),
        "invalid" => Some(SignedDraft::Invalid),
        "unverified" => Some(SignedDraft::Unverified),
        _ => None,
    })
}

/// `Some(None)` where the line does not say what came of it.
fn verdict<'a>(
    score: Option<u8>,
    action: Option<&Str<'_>>,
    signals: Vec<(Str<'a>, i16)>,
) -> Option<Option<Verdict<Cow<'a, str>>>> {
    let (Some(score), Some(action)) = (score, action) else { return Some(None) };
    let action = palisade_domain::Action::NAMES.iter().position(|name| *name == action.0)? as u8;
    let signals = signals.into_iter().map(|(id, points)| (id.0, points)).collect();
    Some(Some(Verdict { score, action, signals }))
}

fn bytes(digits: &str) -> Option<Box<[u8]>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|digit| digit as u8);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"palisade":1,"time_ms":1,"time_us":1234,"resolution":"micro","client":"192.0.2.1","run":"ff","seq":7,"vantage":"gateway-clear"}"#;

    #[test]
    fn nothing_is_inferred() {
        let line = LINE.replace('}', r#","headers":[["Host","a.example"],[":path","/x"]]}"#);
        let draft = parse(&line).unwrap();
        assert_eq!((draft.moment.0, &draft.host), (Timestamp(1_234), &Fact::Unseen));
        let rich = draft.rich.unwrap();
        assert_eq!(rich.headers.known().map(|(pairs, ..)| pairs.len()), Some(2));
        assert_eq!(rich.own.unwrap().place, Place { run: 255, sequence: 7, end: None });
    }

    #[test]
    fn what_is_not_understood_is_refused_whole() {
        for (from, to) in [
            ("\"palisade\":1", "\"palisade\":2"),
            ("micro", "nano"),
            ("gateway-clear", "moon"),
            ("\"ff\"", "\"xx\""),
            ("\"seq\":7", "\"seq\":-7"),
            ("\"seq\":7", "\"seq\":7,\"status\":70000"),
            ("\"seq\":7", "\"seq\":7,\"head_fault\":\"none\""),
            ("\"seq\":7", "\"seq\":7,\"signature\":\"verified\""),
            ("\"seq\":7", "\"seq\":7,\"body_hex\":\"abc\",\"body_kind\":\"form\""),
        ] {
            assert!(parse(&LINE.replace(from, to)).is_none(), "{to}");
        }
        assert!(parse(LINE).is_some());
    }

    #[test]
    fn bytes_are_hexadecimal() {
        assert_eq!(bytes("00fF").as_deref(), Some(&[0, 255][..]));
        assert_eq!(bytes("0g"), None);
        assert_eq!(bytes("é0"), None);
    }
}

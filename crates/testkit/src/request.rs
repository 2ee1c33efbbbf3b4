//! A request that owns its text, to borrow [`RequestFacts`] from.

use palisade_domain::{
    BodyKind, BodyPrefix, ClientKey, Fact, HeadFault, HeaderCase, HeaderList, HeaderOrder, HttpVersion,
    RequestFacts, Resolution, ResponseFacts, Scheme, SessionId, Timestamp, Vantage,
};

/// Everything a test may say about a request; what it does not say is unseen at a log, absent at a gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedRequest {
    /// Where it is seen from.
    pub vantage: Vantage,
    /// When, in milliseconds since the epoch.
    pub time_ms: i64,
    /// An address, or an opaque name.
    pub client: String,
    /// A session we signed.
    pub session: Option<u128>,
    /// The method.
    pub method: Option<String>,
    /// Path and query.
    pub target: Option<String>,
    /// `User-Agent`: outer `None` unseen, inner `None` absent.
    pub user_agent: Option<Option<String>>,
    /// `Referer`, likewise.
    pub referrer: Option<Option<String>>,
    /// All headers in wire order and case; `None` unseen.
    pub headers: Option<Vec<(String, String)>>,
    /// HTTP version.
    pub version: Option<HttpVersion>,
    /// Scheme.
    pub scheme: Option<Scheme>,
    /// Body; `None` unseen.
    pub body: Option<String>,
    /// Claimed fingerprint.
    pub fingerprint: Option<String>,
    /// What is ambiguous about the head.
    pub head_fault: Option<HeadFault>,
    /// Status of the response.
    pub status: Option<u16>,
    /// The response sets a cookie.
    pub set_cookie: bool,
}

impl OwnedRequest {
    /// `GET /` at `time_ms` from `client`, as seen in a log line with a user agent.
    pub fn log(client: &str, time_ms: i64, target: &str, user_agent: &str) -> Self {
        OwnedRequest {
            vantage: Vantage::Log,
            time_ms,
            client: client.to_owned(),
            session: None,
            method: Some("GET".to_owned()),
            target: Some(target.to_owned()),
            user_agent: Some(Some(user_agent.to_owned())),
            referrer: None,
            headers: None,
            version: Some(HttpVersion::Http11),
            scheme: None,
            body: None,
            fingerprint: None,
            head_fault: None,
            status: Some(200),
            set_cookie: false,
        }
    }

    /// The header pairs to give to [`OwnedRequest::facts`].
    pub fn header_refs(&self) -> Vec<(&str, &str)> {
        self.headers.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The facts, borrowing from `self` and its [`OwnedRequest::header_refs`].
    pub fn facts<'a>(&'a self, headers: &'a [(&'a str, &'a str)]) -> RequestFacts<'a> {
        let client = match self.client.parse() {
            Ok(ip) => ClientKey::Ip(ip),
            Err(_) => ClientKey::Opaque(&self.client),
        };
        let mut facts = RequestFacts::bare(client, Timestamp::from_millis(self.time_ms), self.vantage);
        if self.vantage == Vantage::Log {
            facts.resolution = Resolution::Second;
        }
        let header = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
        let from = |said: &'a Option<Option<String>>, name: &str| match (said, &self.headers) {
            (Some(said), _) => Fact::seen(said.as_deref()),
            (None, Some(_)) => Fact::seen(header(name)),
            (None, None) => Fact::Unseen,
        };
        facts.session = self.session.map_or(Fact::Unseen, |id| Fact::Known(SessionId(id)));
        facts.method = Fact::seen(self.method.as_deref());
        facts.target = Fact::seen(self.target.as_deref());
        facts.user_agent = from(&self.user_agent, "user-agent");
        facts.referrer = from(&self.referrer, "referer");
        facts.host = if self.headers.is_some() { Fact::seen(header("host")) } else { Fact::Unseen };
        facts.version = self.version.map_or(Fact::Unseen, Fact::Known);
        facts.scheme = self.scheme.map_or(Fact::Unseen, Fact::Known);
        facts.fingerprint = self.fingerprint.as_deref().map_or(Fact::Unseen, Fact::Known);
        facts.head_fault = self.head_fault.map_or(Fact::Unseen, Fact::Known);
        if self.headers.is_some() {
            let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
            facts.headers = Fact::Known(HeaderList { entries: headers, order, case });
        }
        if let Some(body) = &self.body {
            let kind = body_kind(header("content-type").unwrap_or(""), body);
            facts.body = Fact::Known(BodyPrefix { kind, bytes: body.as_bytes(), complete: true });
        }
        facts
    }

    /// Its response.
    pub fn response(&self) -> ResponseFacts {
        ResponseFacts {
            status: self.status.map_or(Fact::Unseen, Fact::Known),
            set_cookie: Fact::Known(self.set_cookie),
            ..ResponseFacts::default()
        }
    }
}

fn body_kind(content_type: &str, body: &str) -> BodyKind {
    if content_type.contains("json") || body.starts_with(['{', '[']) {
        BodyKind::Json
    } else if content_type.starts_with("multipart/") {
        BodyKind::Multipart
    } else if content_type.starts_with("text/") {
        BodyKind::Text
    } else {
        BodyKind::Form
    }
}

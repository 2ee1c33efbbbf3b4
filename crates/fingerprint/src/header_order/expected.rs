//! Which header comes before which, in real browsers, and requests that do it the other way round.
//!
//! Orders are learned as precedence of pairs, not as whole lists: a header that is missing then says nothing, and a new
//! one that nobody knows says nothing either. A pair is a rule where it was seen often enough and never reversed.

use std::fmt;
use std::sync::LazyLock;

use palisade_domain::{HeaderList, HeaderOrder, HttpVersion};

use super::names::Name;

/// The network stack a browser is built on, which is what writes the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// Chromium and what is built from it, Android's web view included.
    Blink,
    /// Firefox, Thunderbird.
    Gecko,
    /// Safari, and every browser on iOS. No data: nothing is held against it.
    WebKit,
    /// Falkon, Konqueror, qutebrowser: Chromium of some years ago, with headers moved by the embedding program.
    QtWebEngine,
    /// Text browsers and all others. No data.
    Other,
}

impl Engine {
    /// The name used in the table.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Blink => "blink",
            Engine::Gecko => "gecko",
            Engine::WebKit => "webkit",
            Engine::QtWebEngine => "qtwebengine",
            Engine::Other => "other",
        }
    }

    /// The oldest major version the table speaks for; `None` for engines without data. Before it, orders are known to have
    /// been others (Chromium wrote `Sec-Fetch-Dest` before `Accept` until 83; Firefox had no `Sec-Fetch-*` before 90).
    pub fn known_from(self) -> Option<u16> {
        match self {
            Engine::Blink | Engine::QtWebEngine => Some(84),
            Engine::Gecko => Some(90),
            Engine::WebKit | Engine::Other => None,
        }
    }

    const WITH_DATA: [Engine; 3] = [Engine::Blink, Engine::Gecko, Engine::QtWebEngine];
}

const UPGRADE: Name = Name::known("upgrade");
const SEC_WEBSOCKET_KEY: Name = Name::known("sec-websocket-key");
const SEC_FETCH_MODE: Name = Name::known("sec-fetch-mode");
const SEC_FETCH_DEST: Name = Name::known("sec-fetch-dest");
const UPGRADE_INSECURE_REQUESTS: Name = Name::known("upgrade-insecure-requests");

/// What a browser sends a request for; the order of its headers differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A page is opened.
    Navigation,
    /// A script asks (fetch, XHR).
    Fetch,
    /// A page loads a part of itself.
    Asset,
    /// It cannot be told, as over clear HTTP, where `Sec-Fetch-*` is not sent: only what holds for all kinds.
    Any,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Navigation, Kind::Fetch, Kind::Asset, Kind::Any];

    /// The name used in the table.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Navigation => "navigation",
            Kind::Fetch => "fetch",
            Kind::Asset => "asset",
            Kind::Any => "any",
        }
    }

    /// The kind a request shows by `Sec-Fetch-*` or `Upgrade-Insecure-Requests`. `None` for upgrades (WebSocket), whose
    /// headers a browser writes elsewhere and in another order.
    pub fn of(list: &HeaderList<'_>) -> Option<Kind> {
        let (mut mode, mut dest, mut upgrades) = (None, None, false);
        for (name, value) in list.entries {
            match Name::of(name) {
                Some(UPGRADE | SEC_WEBSOCKET_KEY) => return None,
                Some(SEC_FETCH_MODE) => mode = mode.or(Some(*value)),
                Some(SEC_FETCH_DEST) => dest = dest.or(Some(*value)),
                Some(UPGRADE_INSECURE_REQUESTS) => upgrades = true,
                _ => {}
            }
        }
        Some(match (mode, dest) {
            (Some("navigate"), _) => Kind::Navigation,
            (Some(_), Some("empty")) => Kind::Fetch,
            (Some(_), Some(_)) => Kind::Asset,
            _ if upgrades => Kind::Navigation,
            _ => Kind::Any,
        })
    }
}

/// Two headers in an order that the claimed engine was never seen to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The pair as sent, lower case.
    pub pair: (&'static str, &'static str),
    /// The kind of request the order was compared under.
    pub kind: Kind,
    /// How many pairs are out of order.
    pub pairs: u32,
}

/// The line of a table that cannot be read, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTable {
    /// Which line.
    pub line: usize,
}

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "header orders, line {}: not engine, version, kind, first, second, seen", self.line)
    }
}

impl std::error::Error for BadTable {}

/// For each name, the set of names that come after it.
type Followers = [u64; Name::COUNT];

/// Precedence of headers per engine, HTTP version and kind.
#[derive(Clone, Debug)]
pub struct Expected {
    tables: Vec<Followers>,
}

static SHIPPED: LazyLock<Expected> = LazyLock::new(|| {
    Expected::parse(include_str!("../../data/header-orders.tsv"))
        .expect("the shipped table is read by a test")
});

/// The first pair of `list` that `engine` does not write in this order over `version`.
///
/// `None` where all is as expected, and wherever too little is known: an engine without data, an HTTP version other than
/// 1.1 and 2, a lost order, an upgrade, or signs that a proxy handled the request (`Via` and the like), which may reorder.
/// One pass over the list, no allocation.
pub fn conflicts(list: &HeaderList<'_>, version: HttpVersion, engine: Engine) -> Option<Conflict> {
    SHIPPED.conflicts(list, version, engine)
}

impl Expected {
    /// Reads a table: tab-separated engine, version (`1` or `2`), kind, first, second, times seen; `#` starts a comment.
    ///
    /// # Errors
    /// At the first line that is not of that form or names a header that is not well known.
    pub fn parse(text: &str) -> Result<Expected, BadTable> {
        let mut tables = vec![[0; Name::COUNT]; Engine::WITH_DATA.len() * 2 * Kind::ALL.len()];
        for (at, line) in
            text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        {
            let (table, first, second) = rule(line).ok_or(BadTable { line: at + 1 })?;
            let followers: &mut Followers = &mut tables[table];
            followers[first.index()] |= second.bit();
        }
        for kinds in tables.chunks_exact_mut(Kind::ALL.len()) {
            let any = kinds[Kind::Any as usize];
            kinds.iter_mut().for_each(|kind| kind.iter_mut().zip(any).for_each(|(own, any)| *own |= any));
        }
        Ok(Expected { tables })
    }

    /// As [`conflicts`], with this table.
    pub fn conflicts(&self, list: &HeaderList<'_>, version: HttpVersion, engine: Engine) -> Option<Conflict> {
        if list.order != HeaderOrder::Wire || was_proxied(list) {
            return None;
        }
        let kind = Kind::of(list)?;
        let followers = &self.tables[table(engine, version, kind)?];
        let (mut seen, mut pairs, mut pair) = (0u64, 0, None);
        for second in list.entries.iter().filter_map(|(name, _)| Name::of(name)) {
            if seen & second.bit() != 0 {
                continue;
            }
            let reversed = seen & followers[second.index()];
            pairs += reversed.count_ones();
            if let (None, Some(first)) = (pair, Name::at(reversed.trailing_zeros())) {
                pair = Some((first.text(), second.text()));
            }
            seen |= second.bit();
        }
        Some(Conflict { pair: pair?, kind, pairs })
    }
}

fn table(engine: Engine, version: HttpVersion, kind: Kind) -> Option<usize> {
    let engine = Engine::WITH_DATA.iter().position(|with| *with == engine)?;
    let version = match version {
        HttpVersion::Http11 => 0,
        HttpVersion::Http2 => 1,
        _ => return None,
    };
    Some((engine * 2 + version) * Kind::ALL.len() + kind as usize)
}

fn rule(line: &str) -> Option<(usize, Name, Name)> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    let engine = next()?;
    let engine = Engine::WITH_DATA.into_iter().find(|with| with.name() == engine)?;
    let version = match next()? {
        "1" => HttpVersion::Http11,
        "2" => HttpVersion::Http2,
        _ => return None,
    };
    let kind = next()?;
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind)?;
    let (first, second) = (Name::of(next()?)?, Name::of(next()?)?);
    next()?.parse::<u32>().ok()?;
    Some((table(engine, version, kind)?, first, second))
}

/// Headers that only something between client and us adds; it may have written all others anew.
fn was_proxied(list: &HeaderList<'_>) -> bool {
    list.entries.iter().any(|(name, _)| is_proxy_sign(name))
}

fn is_proxy_sign(name: &str) -> bool {
    let is = |sign: &str| name.eq_ignore_ascii_case(sign);
    match name.len() {
        3 => is("via"),
        8 => is("cdn-loop"),
        9 => is("forwarded") || is("x-real-ip") || is("client-ip"),
        10 => is("x-proxy-id"),
        14 => is("x-bluecoat-via"),
        15 => is("x-forwarded-for"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;

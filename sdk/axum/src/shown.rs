//! What of a request is shown to Palisade.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

/// Headers whose value is a secret: that they are there is told, not what they hold.
const SECRET: [&str; 3] = ["authorization", "proxy-authorization", "x-api-key"];
/// Cookies of Palisade's own; of all others only the names are told.
const OWN_COOKIES: [&str; 2] = ["palisade_", "__Host-palisade_"];

/// Headers for `/check`, by name: their order and case are lost by the time an application sees them.
pub(crate) fn shown(headers: &HeaderMap) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let text = match name {
            name if SECRET.contains(&name.as_str()) => "-".to_owned(),
            &header::COOKIE => values.map(|value| cookies(&value)).collect::<Vec<_>>().join("; "),
            _ => values.collect::<Vec<_>>().join(", "),
        };
        shown.insert(name.as_str().to_owned(), Value::String(text));
    }
    shown
}

fn cookies(value: &str) -> String {
    let pairs = value.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    let shown = pairs.map(|pair| match OWN_COOKIES.iter().any(|own| pair.starts_with(own)) {
        true => pair.to_owned(),
        false => format!("{}=-", pair.split('=').next().unwrap_or_default()),
    });
    shown.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn secrets_stay_here() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("accept", "text/html"),
            ("accept", "*/*"),
            ("authorization", "Bearer hush"),
            ("cookie", "session=hush; palisade_pass=p; a"),
            ("cookie", "__Host-palisade_pass=q"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append("x-odd", HeaderValue::from_bytes(b"a\xff").unwrap());
        let shown = shown(&headers);
        let get = |name: &str| shown[name].as_str().unwrap();
        assert_eq!(get("accept"), "text/html, */*");
        assert_eq!(get("authorization"), "-");
        assert_eq!(get("cookie"), "session=-; palisade_pass=p; a=-; __Host-palisade_pass=q");
        assert_eq!(get("x-odd"), "a\u{fffd}");
    }
}

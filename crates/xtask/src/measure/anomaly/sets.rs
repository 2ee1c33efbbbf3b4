//! The sets: parameter values by themselves (HttpParams), and whole requests of a shop (CSIC 2010).

use std::collections::HashSet;
use std::path::Path;

use anyhow::ensure;
use palisade_learn::parameters::Request;

use super::unpacked;

/// One request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    /// What it says, for people.
    pub(super) name: String,
    /// Which kind of attack; of benign ones nothing.
    pub(super) kind: String,
}

/// Benign requests and attacks, each once.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) benign: Vec<Asked>,
    pub(super) attacks: Vec<Asked>,
    /// What is promised: at the first nominal rate, and over all.
    pub(super) recall_min: f64,
    pub(super) auc_min: f64,
}

impl Set {
    /// What is in both is in neither: nobody can tell it apart.
    fn of(name: &'static str, benign: Vec<Asked>, attacks: Vec<Asked>, recall_min: f64, auc_min: f64) -> Set {
        let digests =
            |asked: &[Asked]| -> HashSet<u64> { asked.iter().map(|one| one.request.digest()).collect() };
        let (known, bad) = (digests(&benign), digests(&attacks));
        let once = |asked: Vec<Asked>, others: &HashSet<u64>| {
            let mut seen = HashSet::new();
            let is_new =
                |one: &Asked| seen.insert(one.request.digest()) && !others.contains(&one.request.digest());
            asked.into_iter().filter(is_new).collect()
        };
        Set { name, benign: once(benign, &bad), attacks: once(attacks, &known), recall_min, auc_min }
    }
}

/// Values of parameters nobody names: each stands as the only parameter of one route.
pub(super) fn http_params(data: &Path) -> anyhow::Result<Set> {
    let text = unpacked(data, "http-params/payload_train.csv.gz")?;
    let (mut benign, mut attacks) = (Vec::new(), Vec::new());
    for [payload, _, kind, label] in records(&text)? {
        let encoded: String = payload.iter().map(|byte| format!("%{byte:02x}")).collect();
        let asked = Asked {
            request: Request::of(&format!("/?value={encoded}"), b""),
            name: String::from_utf8_lossy(&payload).into_owned(),
            kind: String::from_utf8_lossy(&kind).into_owned(),
        };
        if label == b"norm" { benign.push(asked) } else { attacks.push(asked) }
    }
    ensure!(benign.len() > 10_000, "http-params: {} benign values", benign.len());
    Ok(Set::of("http-params", benign, attacks, 0.99, 0.995))
}

/// Requests with their queries and forms.
pub(super) fn csic(data: &Path) -> anyhow::Result<Set> {
    let of = |file: &str, kind: &str| anyhow::Ok(requests(&unpacked(data, file)?, kind));
    let (benign, attacks) =
        (of("csic-2010/norm.txt.gz", "")?, of("csic-2010/anomal.txt.gz", "attack or error")?);
    ensure!(
        benign.len() > 3_000 && attacks.len() > 2_000,
        "csic-2010: {} and {}",
        benign.len(),
        attacks.len()
    );
    Ok(Set::of("csic-2010", benign, attacks, 0.5, 0.96))
}

/// The records of a CSV with four fields, all of them quoted, but the first.
fn records(text: &[u8]) -> anyhow::Result<Vec<[Vec<u8>; 4]>> {
    let (mut records, mut fields, mut field) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_quoted = false;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted && bytes.peek() == Some(&b'"') => field.extend(bytes.next()),
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            b'\r' if !is_quoted => {}
            b'\n' if !is_quoted => {
                fields.push(std::mem::take(&mut field));
                let record: Result<[Vec<u8>; 4], _> = std::mem::take(&mut fields).try_into();
                records.extend(record.ok());
            }
            other => field.push(other),
        }
    }
    ensure!(!is_quoted && !records.is_empty(), "http-params: this is no CSV of four fields");
    records.remove(0);
    Ok(records)
}

/// Requests as they were sent, one after the other: `GET http://host/target HTTP/1.1`, headers, an empty line and a body.
fn requests(text: &[u8], kind: &str) -> Vec<Asked> {
    let mut requests: Vec<(String, Vec<u8>)> = Vec::new();
    let mut is_body = false;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (target(line), requests.last_mut()) {
            (Some(target), _) => {
                requests.push((target, Vec::new()));
                is_body = false;
            }
            (None, Some(_)) if line.is_empty() => is_body = true,
            (None, Some((_, body))) if is_body => body.extend_from_slice(line),
            _ => {}
        }
    }
    let asked = |(target, body): (String, Vec<u8>)| Asked {
        request: Request::of(&target, &body),
        name: format!("{target} {}", String::from_utf8_lossy(&body)),
        kind: kind.to_owned(),
    };
    requests.into_iter().map(asked).collect()
}

/// Path and query of a request line with a whole address.
fn target(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let (method, rest) = line.split_once(' ')?;
    let address = rest.strip_suffix(" HTTP/1.1")?.strip_prefix("http://")?;
    let target = address.find('/').map(|at| &address[at..])?;
    method.bytes().all(|byte| byte.is_ascii_uppercase()).then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_may_hold_anything() {
        let text = b"\"payload\",\"length\",\"attack_type\",\"label\"\n\"a,\"\"b\"\"\nc\",\"7\",\"xss\",\"anom\"\r\n";
        let records = records(text).unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!((&records[0][0][..], &records[0][3][..]), (&b"a,\"b\"\nc"[..], &b"anom"[..]));
        assert!(super::records(b"\"a\",\"b").is_err());
    }

    #[test]
    fn requests_are_taken_apart() {
        let text = b"GET http://h:8080/a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n\r\nPOST http://h:8080/c HTTP/1.1\r\nHost: h\r\n\r\nd=2\r\n\r\n";
        let found = requests(text, "x");
        let same =
            |at: usize, target: &str, body: &[u8]| assert_eq!(found[at].request, Request::of(target, body));
        same(0, "/a?b=1", b"");
        same(1, "/c", b"d=2");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn equal_requests_are_one_and_doubtful_ones_none() {
        let asked = |targets: &[&str]| {
            let one = |target: &&str| Asked {
                request: Request::of(target, b""),
                name: String::new(),
                kind: String::new(),
            };
            targets.iter().map(one).collect::<Vec<_>>()
        };
        let set = Set::of("x", asked(&["/a", "/a", "/b"]), asked(&["/b", "/c"]), 0.0, 0.0);
        assert_eq!((set.benign.len(), set.attacks.len()), (1, 1));
    }
}

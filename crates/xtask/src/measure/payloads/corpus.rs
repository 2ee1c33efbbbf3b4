//! The corpora, with the line each is held to.

use std::path::{Path, PathBuf};

use super::read;

/// Which way a corpus is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// At least this share must be decided.
    Attack,
    /// At most this share may be noticed.
    Ordinary,
}

/// Values of one kind.
#[derive(Debug)]
pub(super) struct Corpus {
    pub(super) name: String,
    pub(super) side: Side,
    pub(super) values: Vec<Vec<u8>>,
    /// Long texts are only sent as bodies.
    pub(super) in_query: bool,
    /// Percent: least share in queries for attacks, most share in queries and bodies for ordinary values.
    limit: f64,
}

impl Corpus {
    fn attack(name: &str, limit: f64, values: Vec<Vec<u8>>) -> Self {
        Corpus { name: name.to_owned(), side: Side::Attack, values, in_query: true, limit }
    }

    fn ordinary(name: &str, limit: f64, values: Vec<Vec<u8>>) -> Self {
        Corpus { name: name.to_owned(), side: Side::Ordinary, values, in_query: true, limit }
    }

    pub(super) fn line(&self) -> String {
        match self.side {
            Side::Attack => format!(">= {} % decided in queries", self.limit),
            Side::Ordinary => format!("<= {} % noticed", self.limit),
        }
    }

    pub(super) fn holds(&self, query: f64, body: f64) -> bool {
        match self.side {
            Side::Attack => query >= self.limit,
            Side::Ordinary => query <= self.limit && body <= self.limit,
        }
    }
}

/// Lists that hold probe words, names, grammar pieces or prose, no payloads; and formats no site of ours speaks.
const NO_PAYLOADS: &[&str] = &[
    "html_attributes",
    "javascript_events",
    "html-event-attributes",
    "default-javascript-event-attributes",
    "shell-delimiters",
    "Commands-OSX",
    "useful-commands-windows",
    "all-encodings-of-lt",
    "JHADDIX",
    "Generic_SQLI",
    "MimeTypes",
    "xss-uri",
];

/// Every corpus.
pub(super) fn all(data: &Path) -> anyhow::Result<Vec<Corpus>> {
    let patt = data.join("payloads-all-the-things");
    let fuzz = data.join("fuzzdb/attack");
    // One word or one construct (`;id`, `/etc/hosts`, `[$gt]`, two folders up) decides nothing in a search box, and all
    // are sent there: the lists hold many such lines.
    let mut all = vec![
        Corpus::attack("patt sql", 94.0, lines(&[patt.join("SQL Injection")])?),
        Corpus::attack("patt xss", 85.0, lines(&[patt.join("XSS Injection")])?),
        Corpus::attack("patt traversal", 82.5, lines(&[patt.join("Directory Traversal")])?),
        Corpus::attack("patt inclusion", 47.0, lines(&[patt.join("File Inclusion")])?),
        Corpus::attack("patt command", 78.0, lines(&[patt.join("Command Injection")])?),
        Corpus::attack("patt xxe", 72.0, lines(&[patt.join("XXE Injection")])?),
        Corpus::attack("fuzzdb sql", 82.0, lines(&[fuzz.join("sql-injection")])?),
        Corpus::attack("fuzzdb xss", 91.0, lines(&[fuzz.join("xss")])?),
        Corpus::attack("fuzzdb command", 76.0, lines(&[fuzz.join("os-cmd-execution")])?),
        Corpus::attack(
            "fuzzdb nosql, xml, xpath",
            44.0,
            lines(&[fuzz.join("no-sql-injection"), fuzz.join("xml"), fuzz.join("xpath")])?,
        ),
    ];
    all.extend(http_params(&data.join("http-params/payload_train.csv.gz"))?);
    all.push(Corpus::ordinary("csic norm values", 0.2, csic_values(&data.join("csic-2010/norm.txt.gz"))?));
    // Most values of a request that carries an attack are harmless, and many of its anomalies are typing errors.
    all.push(Corpus::attack(
        "csic anomalous values",
        4.0,
        csic_values(&data.join("csic-2010/anomal.txt.gz"))?,
    ));
    all.push(Corpus::ordinary(
        "browser user agents",
        0.0,
        user_agents(&data.join("user-agents/browsers.tsv.gz"))?,
    ));
    all.push(Corpus::ordinary("own sentences", 0.0, sentences()));
    all.push(Corpus { in_query: false, ..Corpus::ordinary("system documents", 0.5, documents()?) });
    Ok(all)
}

/// Lines of every list below `folders` that holds payloads, each once.
fn lines(folders: &[PathBuf]) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    folders.iter().try_for_each(|folder| walk(folder, &mut files))?;
    files.sort();
    let mut values = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if NO_PAYLOADS.iter().any(|known| name.contains(known)) {
            continue;
        }
        let text = read(&file)?;
        let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
        values.extend(lines.filter(|line| line.len() > 2 && !line.starts_with(b"# ")).map(<[u8]>::to_vec));
    }
    values.sort();
    values.dedup();
    Ok(values)
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in
        std::fs::read_dir(folder).map_err(|error| anyhow::anyhow!("{}: {error}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            into.push(path);
        }
    }
    Ok(())
}

/// `payload,length,attack_type,label`, the payload quoted where it holds a comma.
fn http_params(path: &Path) -> anyhow::Result<Vec<Corpus>> {
    let text = read(path)?;
    let text = String::from_utf8_lossy(&text);
    let mut by_kind: std::collections::BTreeMap<String, Vec<Vec<u8>>> = Default::default();
    for line in text.lines().skip(1) {
        let mut columns = line.rsplitn(4, ',');
        let (_, kind, _, payload) = (columns.next(), columns.next(), columns.next(), columns.next());
        let (Some(kind), Some(payload)) = (kind, payload) else { continue };
        let payload = payload.strip_prefix('"').and_then(|p| p.strip_suffix('"')).unwrap_or(payload);
        by_kind.entry(kind.to_owned()).or_default().push(payload.replace("\"\"", "\"").into_bytes());
    }
    Ok(by_kind
        .into_iter()
        .map(|(kind, values)| {
            let kind = kind.trim_matches('"');
            let name = format!("http-params {kind}");
            match kind {
                "norm" => Corpus::ordinary(&name, 0.2, values),
                // A tenth of its traversal lines hold no traversal (`///{file}`, `/aaaa…`), of its commands a lone word.
                "cmdi" => Corpus::attack(&name, 57.0, values),
                "path-traversal" => Corpus::attack(&name, 54.0, values),
                "xss" => Corpus::attack(&name, 91.0, values),
                _ => Corpus::attack(&name, 98.0, values),
            }
        })
        .collect())
}

/// Values of queries and form bodies of raw requests, encoded as they came.
fn csic_values(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let text = read(path)?;
    let mut values = Vec::new();
    for line in text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end) {
        let first = [b"GET ".as_slice(), b"POST ", b"PUT "].iter().any(|method| line.starts_with(method));
        let form = !first && !line.contains(&b' ') && line.contains(&b'=');
        let query = if first {
            line.split(|b| *b == b' ').nth(1).and_then(|target| target.splitn(2, |b| *b == b'?').nth(1))
        } else {
            form.then_some(line)
        };
        let pairs = query.into_iter().flat_map(|query| query.split(|b| *b == b'&'));
        values.extend(pairs.filter_map(|pair| pair.splitn(2, |b| *b == b'=').nth(1)).map(<[u8]>::to_vec));
    }
    Ok(values)
}

fn user_agents(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let text = read(path)?;
    Ok(text
        .split(|b| *b == b'\n')
        .filter_map(|line| line.split(|b| *b == b'\t').find(|c| c.starts_with(b"Mozilla/")))
        .map(<[u8]>::to_vec)
        .collect())
}

/// Paragraphs of the licences and manuals of the machine it runs on; none where it has none.
fn documents() -> anyhow::Result<Vec<Vec<u8>>> {
    let mut paragraphs = Vec::new();
    let licences = std::fs::read_dir("/usr/share/common-licenses")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let documents = std::fs::read_dir("/usr/share/doc").into_iter().flatten().flatten().flat_map(|entry| {
        ["copyright", "README", "NEWS", "TODO", "README.Debian", "changelog.gz", "README.gz", "NEWS.gz"]
            .map(|name| entry.path().join(name))
    });
    for path in licences.chain(documents).filter(|path| path.is_file()) {
        let text = read(&path)?;
        let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
        paragraphs.extend(
            text.split("\n\n").map(str::trim).filter(|p| p.len() > 30).map(|p| p.as_bytes().to_vec()),
        );
    }
    paragraphs.sort();
    paragraphs.dedup();
    Ok(paragraphs)
}

/// Our own ordinary values, in three languages.
fn sentences() -> Vec<Vec<u8>> {
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/ordinary-values.txt"))
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.as_bytes().to_vec())
        .collect()
}

/// `value` as a client would put it into a query; what is already `%xx` stays so.
pub(super) fn percent_encoded(value: &[u8]) -> String {
    let mut out = String::new();
    for (at, &byte) in value.iter().enumerate() {
        let escaped = byte == b'%'
            && value.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if byte.is_ascii_alphanumeric() || b"-_.~/:()'*+!,".contains(&byte) || escaped {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// For the terminal: one line, no control characters.
pub(super) fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().take(150).map(|c| if c.is_control() { '.' } else { c }).collect()
}

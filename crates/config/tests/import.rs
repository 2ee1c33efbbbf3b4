//! Files of other systems in, palisade.toml out. `UPDATE_GOLDEN=1 cargo test -p palisade-config` rewrites what is
//! expected, and the tables of docs/coming-from.md.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use palisade_config::import::{ForeignFile, Imported, NameFate, import, known_names};
use palisade_config::{Layers, Loaded, SourceFile, read};
use proptest::prelude::*;

/// The detectors that imports speak of; the binary's own tests hold that they exist.
const DETECTORS: [&str; 11] = [
    "honeypot_field",
    "identical_bodies",
    "page_sequence",
    "request_burst",
    "request_gaps",
    "script_token",
    "timing_regularity",
    "ua_automation",
    "ua_missing",
    "ua_program",
    "ua_scanner",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

fn text(text: &str) -> Result<Imported, String> {
    bytes(text.as_bytes())
}

fn bytes(bytes: &[u8]) -> Result<Imported, String> {
    import(&[ForeignFile { name: "x.env", bytes }], &DETECTORS).map_err(|errors| errors.to_string())
}

fn files(names: &[&str]) -> Imported {
    let texts: Vec<_> = names.iter().map(|name| fs::read(folder().join(name)).unwrap()).collect();
    let files: Vec<_> = names.iter().zip(&texts).map(|(name, bytes)| ForeignFile { name, bytes }).collect();
    import(&files, &DETECTORS).unwrap_or_else(|errors| panic!("{names:?}:\n{errors}"))
}

fn loaded(toml: &str) -> Result<Loaded, String> {
    let file = Some(Arc::new(SourceFile::new("palisade.toml", toml)));
    read(&Layers { file, ..Layers::default() }, &DETECTORS).map_err(|errors| errors.to_string())
}

/// What is written, and what is said, in one text.
fn shown(imported: &Imported) -> String {
    let mut out = imported.toml.clone();
    out.push_str("--\n");
    for name in &imported.names {
        let fate = match &name.fate {
            NameFate::Mapped(key) => format!("-> {key}"),
            NameFate::Dropped(why) => format!("dropped: {why}"),
            NameFate::Unknown(nearest) => format!("unknown, near {nearest:?}"),
        };
        writeln!(out, "{}:{} {} {fate}", name.file, name.line, name.name).unwrap();
    }
    for secret in &imported.secrets {
        writeln!(out, "secret {} by {} from {}", secret.key, secret.variable, secret.found_at()).unwrap();
    }
    out
}

/// `found` is what stands in `path`, or is written there on request.
fn golden(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(path).unwrap_or_default(), "{}", path.display());
}

#[test]
fn every_seed_is_read_as_expected() {
    for names in [
        &["seed000.env"][..],
        &["seed002.env"],
        &["seed002.yaml"],
        &["seed002.yaml", "seed002.env"],
        &["seed003.py"],
        &["seed003.py", "seed003.env"],
        &["seed004.env"],
    ] {
        let imported = files(names);
        let whole = loaded(&imported.toml).unwrap();
        assert!(whole.has_file, "{names:?}");
        assert!(!imported.toml.contains("not-a-real"), "{names:?}: a secret in\n{}", imported.toml);
        golden(&folder().join(format!("{}.expected", names.join("+"))), &shown(&imported));
    }
}

#[test]
fn settings_arrive() {
    let settings = loaded(&files(&["seed004.env"]).toml).unwrap().settings;
    let upstreams: Vec<_> = settings.sites[0].upstreams.iter().map(ToString::to_string).collect();
    assert_eq!(upstreams, ["http://10.0.0.5:3000", "http://app2.internal:3000"]);
    assert_eq!((settings.policy.entries.block_hours, settings.policy.entries.throttle_minutes), (25, 15));
    assert_eq!((settings.server.tenant.as_str(), settings.limits.rates.network_per_minute), ("shop-1", 1200));
    assert_eq!((settings.server.api.len(), settings.server.desk.len()), (2, 2));
    assert_eq!(settings.challenge.provider, "recaptcha");

    let both = files(&["seed002.yaml", "seed002.env"]);
    let settings = loaded(&both.toml).unwrap().settings;
    assert_eq!((settings.policy.bands.challenge, settings.policy.bands.block), (80, 95));
    assert_eq!((settings.server.api[0].to_string(), both.secrets.len()), ("0.0.0.0:8000".to_owned(), 1));
    assert_eq!(settings.challenge.provider, "hcaptcha");

    let settings = loaded(&files(&["seed003.py"]).toml).unwrap().settings;
    assert!(!settings.detection.of("request_gaps").enabled && !settings.detection.of("ua_missing").enabled);
    assert!(settings.detection.of("ua_program").enabled);
    assert_eq!(settings.challenge.recaptcha_threshold, 0.7);
}

#[test]
fn a_secret_without_its_provider_is_not_used() {
    let imported = files(&["seed002.env"]);
    assert!(imported.secrets.is_empty());
    let told = imported.names.iter().find(|name| name.name == "CAPTCHA_SECRET").unwrap();
    assert!(matches!(&told.fate, NameFate::Dropped(why) if why.contains("provider")));
}

#[test]
fn foreign_spellings_are_one_file() {
    let plain = text("TENANT_ID=a\nREAL_BACKEND_HOST=http://b\n").unwrap().toml;
    for other in [
        "\u{feff}TENANT_ID=a\r\nREAL_BACKEND_HOST=http://b\r\n",
        "export TENANT_ID='a'\nexport REAL_BACKEND_HOST=\"http://b\"",
        "TENANT_ID=a\nREAL_BACKEND_HOST=${BACKEND:-http://b}\n",
    ] {
        assert_eq!(text(other).unwrap().toml, plain, "{other:?}");
    }
}

#[test]
fn bad_files_are_refused_with_their_lines() {
    let check = |input: &[u8], expect: &str| {
        let found = bytes(input).map(|imported| imported.toml).unwrap_err();
        assert!(found.contains(expect), "{expect:?} is not in {found:?}");
    };
    check(b"", "x.env: is none of the files that are read");
    check(b"HELLO=1\n", "is none of the files");
    check(b"TENANT_ID=a\n\0\0", "x.env:2: is no text: byte 0x00");
    check(b"\x7fELF\x02\x01\x01", "x.env:1: is no text");
    check(b"\xff\xfeT\0E\0", "UTF-16");
    check(b"A=1\nTENANT_ID=\xe9\n", "x.env:2: is no UTF-8");
    check(&vec![b'#'; 10 << 20], "larger than 1048576 bytes");
    check(b"TENANT_ID=\"a\n", "x.env:1: TENANT_ID: the quote \" is not closed");
    check(b"TENANT_ID=a\nTENANT_ID=b\n", "x.env:2: TENANT_ID: is set differently on line 1");
    check(b"# x\nREAL_BACKEND_HOST=http://${HOST}\n", "x.env:2: REAL_BACKEND_HOST: ${HOST} is not set above");
    check(b"REAL_BACKEND_HOST=http://a/path\n", "x.env:1: REAL_BACKEND_HOST: \"http://a/path\" is no origin");
    check(b"NGINX_HTTP_PORT=99999\n", "\"99999\" is no port");
    check(b"TENANT_ID=My Shop\n", "x.env:1: TENANT_ID: server.tenant: \"My Shop\" is not 1 to 64");
    check(b"BLOCKLIST_TTL_SECONDS=1e99\n", "is no number");
    check(
        b"BLOCKLIST_TTL_SECONDS=1000000000\n",
        "x.env:1: BLOCKLIST_TTL_SECONDS: policy.entries.block_hours",
    );
    check(b"SECURITY_TRUSTED_PROXY_CIDRS=0.0.0.0/0\n", "everybody's forwarding headers");
    check(b"API_HOST=db.internal\n", "is no address");
    check(
        b"detection:\n  block_threshold: 60\n",
        "x.env:2: detection.block_threshold: policy.bands.block: 60",
    );
    check(b"detection:\n  block_threshold: high\n", "\"high\" is no number");
    check(b"detection: &a\n  block_threshold: 95\ncaptcha: *a\n", "x.env:1: anchors");
    check(
        b"detection:\n  block_threshold: 95\n  block_threshold: 96\n",
        "x.env:3: detection.block_threshold: is set on line 2",
    );
    check(
        b"BOT_CONFIG = {\n 'RECAPTCHA_THRESHOLD': 5,\n}\n",
        "x.env:2: RECAPTCHA_THRESHOLD: \"5\" is not in 0.0..=1.0",
    );
    check(b"BOT_CONFIG = {\n 'RECAPTCHA_THRESHOLD': '0.5,\n}\n", "x.env:2: the quote ' is not closed");
    check(b"TENANT_ID=x\x1b[2J\n", "is no text");
}

#[test]
fn secrets_are_never_repeated() {
    let hostile = "WEBHOOK_SHARED_SECRET=hunter2\nCAPTCHA_SECRET=hunter2\nADMIN_UI_PASSWORD=hunter2\nNOBODY=hunter2\nTENANT_ID=My Shop\n";
    assert!(!text(hostile).unwrap_err().contains("hunter2"));
    let imported = text(&hostile.replace("My Shop", "shop")).unwrap();
    assert!(!shown(&imported).contains("hunter2") && !format!("{imported:?}").contains("hunter2"));
    assert_eq!(imported.secrets.len(), 2);
    assert!(imported.secrets.iter().all(|secret| secret.secret.expose() == "hunter2"));
}

#[test]
fn yaml_bombs_end_at_once() {
    let mut bomb = "detection:\n  a0: &a0 [x, x]\n".to_owned();
    for at in 1..60 {
        writeln!(bomb, "  a{at}: &a{at} [*a{0}, *a{0}]", at - 1).unwrap();
    }
    assert!(text(&bomb).unwrap_err().contains("anchors"));
    assert!(text(&format!("detection:\n  x: {}", "[".repeat(500_000))).unwrap_err().contains("x.env:2"));
}

#[test]
fn every_known_name_alone_can_be_imported_or_is_refused_with_its_line() {
    for known in known_names() {
        for value in ["1", "true", "0.5", "127.0.0.1", "hello", "http://a:1", "a,b", "'"] {
            let name = known.name.replace('*', "X");
            let file = match (known.file, name.split_once('.')) {
                ("config.yaml", Some((section, key))) => format!("{section}:\n  {key}: {value}\n"),
                ("config.yaml", None) => format!("{name}:\n  - {value}\n"),
                ("bot_detection.py", _) => format!("BOT_CONFIG = {{\n'{name}': \"{value}\"}}\n"),
                _ => format!("{name}={value}\n"),
            };
            match text(&file) {
                Ok(imported) => {
                    let only = &imported.names[0];
                    assert!(!matches!(only.fate, NameFate::Unknown(_)), "{name}: {only:?}");
                    loaded(&imported.toml).unwrap_or_else(|errors| panic!("{file}{}{errors}", imported.toml));
                }
                Err(error) => {
                    assert!(error.starts_with("x.env:1:") || error.starts_with("x.env:2:"), "{error}");
                }
            }
        }
    }
}

/// What becomes of a name, as the page has it.
fn rows(seed: &str, file: &str) -> String {
    let mut out = "| there | here |\n|---|---|\n".to_owned();
    for name in known_names().into_iter().filter(|name| name.seed == seed && name.file == file) {
        let fate = name.fate.map_or_else(|why| format!("dropped: {why}"), |here| format!("→ {here}"));
        writeln!(out, "| `{}` | {} |", name.name, fate.replace('|', "\\|")).unwrap();
    }
    out
}

/// docs/coming-from.md has every name, between `<!-- names SEED FILE -->` and `<!-- end -->`.
#[test]
fn the_page_says_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coming-from.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut built = String::new();
    let mut rest = page.as_str();
    let mut told = 0;
    while let Some((before, after)) = rest.split_once("<!-- names ") {
        let (what, inner) = after.split_once(" -->").unwrap();
        let (seed, file) = what.split_once(' ').unwrap();
        let rows = rows(seed, file);
        told += rows.lines().count() - 2;
        write!(built, "{before}<!-- names {what} -->\n{rows}<!-- end -->").unwrap();
        rest = inner.split_once("<!-- end -->").unwrap().1;
    }
    built.push_str(rest);
    assert_eq!(told, known_names().len(), "every kind of file has its table in the page");
    golden(&path, &built);
}

/// Names and values that mean something, beside some that mean nothing.
fn lines() -> impl Strategy<Value = String> {
    let names: Vec<_> = known_names().iter().map(|name| name.name.replace('*', "X")).collect();
    let value = prop_oneof![
        Just("true".to_owned()),
        "[0-9]{1,6}",
        "0\\.[0-9]",
        "http://[a-z]{1,8}(:[0-9]{2,4})?",
        "[0-9]{1,3}\\.0\\.0\\.1(/[0-9]{1,2})?",
        "[a-z:/${}'\"#, ]{0,12}",
    ];
    let name = prop_oneof![4 => proptest::sample::select(names), 1 => "[A-Za-z_.]{1,12}"];
    let join = prop_oneof![3 => Just("="), 1 => Just(": "), 1 => Just("':")];
    let line = (name, join, value).prop_map(|(name, join, value)| format!("{name}{join}{value}"));
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_bytes_panic(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = bytes(&noise);
    }

    #[test]
    fn no_text_panics(start in "(BOT_CONFIG = \\{|detection:\n|TENANT_ID=a\n|)", noise in "[\\PC\n\"'{}:,=$#\\\\ -]{0,200}") {
        if let Ok(imported) = text(&format!("{start}{noise}")) {
            prop_assert!(loaded(&imported.toml).is_ok());
        }
    }

    /// What is written is always sound.
    #[test]
    fn what_is_imported_passes_the_check(file in lines()) {
        if let Ok(imported) = text(&file) {
            let checked = loaded(&imported.toml);
            prop_assert!(checked.is_ok(), "{file}\n--\n{}\n--\n{:?}", imported.toml, checked);
        }
    }
}

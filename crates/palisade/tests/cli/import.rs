//! `palisade config import`: a folder of an older system becomes one that `config check` takes.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::desk::Desk;

const SHOP: &str = "\
TENANT_ID=shop-1
NGINX_HTTP_PORT=8088
REAL_BACKEND_HOST=http://127.0.0.1:3000
WEBHOOK_SHARED_SECRET=hunter2
LOG_LEVEL=INFO
TARPIT_API_PRT=8001
";

#[test]
fn a_file_becomes_a_configuration_that_is_sound() {
    let desk = Desk::new();
    desk.file("shop.env", SHOP);
    let done = desk.run("config import shop.env");
    assert_eq!(done.code, 0, "{}", done.err);
    done.said(&[
        "shop.env:1: TENANT_ID: mapped: server.tenant",
        "shop.env:5: LOG_LEVEL: dropped: ",
        "shop.env:6: TARPIT_API_PRT: unknown; did you mean TARPIT_API_PORT?",
    ]);
    for words in [
        "palisade.toml: written from 004 .env; 4 mapped, 1 dropped, 1 unknown",
        "PALISADE_API__WEBHOOK_SECRET_FILE=palisade.api-webhook-secret palisade serve -c palisade.toml",
    ] {
        assert!(done.out.contains(words), "{words:?} is not in {}", done.out);
    }
    assert!(!format!("{}{}{}", done.out, done.err, desk.read("palisade.toml")).contains("hunter2"));

    let secret = desk.path("palisade.api-webhook-secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.read("palisade.api-webhook-secret"), "hunter2");

    let env = [("PALISADE_API__WEBHOOK_SECRET_FILE", "palisade.api-webhook-secret")];
    assert!(desk.run_with("config check", "", &env).out.contains("nothing is wrong"));
    let rows = desk.run_with("config show --json", "", &env).json();
    let value = |key: &str| {
        rows.as_array().unwrap().iter().find(|row| row["key"] == key).map(|row| row["value"].clone())
    };
    assert_eq!(value("api.webhook_secret"), Some("(secret)".into()));
    assert_eq!(value("sites[0].upstreams"), Some("[\"http://127.0.0.1:3000\"]".into()));
}

#[test]
fn a_report_is_pure_json_on_request() {
    let desk = Desk::new();
    desk.file("shop.env", SHOP);
    let report = desk.run("config import shop.env --out shop.toml --json").json();
    let names = |field: &str| -> Vec<String> {
        report[field].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("mapped"),
        ["TENANT_ID", "NGINX_HTTP_PORT", "REAL_BACKEND_HOST", "WEBHOOK_SHARED_SECRET"]
    );
    assert_eq!(
        (names("dropped"), names("unknown")),
        (vec!["LOG_LEVEL".into()], vec!["TARPIT_API_PRT".into()])
    );
    assert_eq!(report["secrets"][0]["file"], "shop.api-webhook-secret");
    assert!(!report.to_string().contains("hunter2"));
    desk.run("config check -c shop.toml").fine();
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let desk = Desk::new();
    desk.file("shop.env", SHOP).file("palisade.toml", "# mine\n");
    desk.run("config import shop.env")
        .refused(2, &["palisade.toml: is there already and stays as it is", "--out"]);
    assert_eq!(desk.read("palisade.toml"), "# mine\n");
    assert!(!desk.path("palisade.api-webhook-secret").exists(), "the secret is taken back");
    desk.run("config import shop.env --out no/palisade.toml").refused(3, &["cannot be written"]);
}

#[test]
fn bad_files_are_refused_with_their_lines() {
    let desk = Desk::new();
    desk.file("a.env", "TENANT_ID=My Shop\nNGINX_HTTP_PORT=http\nREAL_BACKEND_HOST=\"http://a\n");
    let faults = ["nothing is imported\n", "a.env:3: REAL_BACKEND_HOST: the quote \" is not closed"];
    desk.run("config import a.env").refused(2, &faults);
    desk.file("b.env", "TENANT_ID=My Shop\nNGINX_HTTP_PORT=http\n");
    desk.run("config import b.env").refused(2, &["b.env:2: NGINX_HTTP_PORT: \"http\" is no port"]);
    assert!(!desk.path("palisade.toml").exists());

    desk.file("big", vec![b'#'; 10 << 20])
        .file("binary", b"\x7fELF\x02\0\0")
        .file("other.env", "HOME=/root\n");
    desk.run("config import big").refused(2, &["big: larger than 1048576 bytes"]);
    desk.run("config import binary").refused(2, &["binary:1: is no text"]);
    desk.run("config import other.env").refused(2, &["other.env: is none of the files that are read"]);
    desk.run("config import nowhere.env").refused(2, &["nowhere.env: cannot be read"]);
    desk.run("config import .").refused(2, &["cannot be read"]);
    desk.run("config import").refused(2, &["FILE"]);

    let done = desk.run("config import b.env --json");
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, done.err.as_str()), (2, ""));
    assert_eq!((&report["written"], &report["errors"][0]["line"]), (&Value::Null, &2.into()));
}

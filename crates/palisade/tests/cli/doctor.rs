//! `palisade doctor` without files: the installation, running or not.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::desk::{Desk, Done};
use crate::running::{FREE, Started};

/// An address nobody listens on.
const NOBODY: &str = "--api 127.0.0.1:1";

/// The check of `what` among those of a run with `--json`.
fn check(done: &Done, what: &str) -> Value {
    let found: Value = serde_json::from_str(&done.out).unwrap();
    let checks = found["checks"].as_array().unwrap();
    checks.iter().find(|check| check["what"] == what).unwrap_or_else(|| panic!("{what}: {found}")).clone()
}

#[test]
fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let desk = Desk::new();
    let done = desk.run(&format!("doctor {NOBODY}"));
    let out = done.fine();
    for words in ["no file", "is not there yet", "nobody answers on 127.0.0.1:1", "Nothing is wrong."] {
        assert!(out.contains(words), "{words:?} is not in: {out}");
    }
    assert_eq!(std::fs::read_dir(desk.path(".")).unwrap().count(), 0);
}

#[test]
fn a_wrong_configuration_is_all_there_is_to_say() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[policy]\nenforce = \"evrything\"\n");
    desk.run("doctor").refused(2, &["palisade.toml:2:11", "policy.enforce"]);
    desk.run("doctor --api here").refused(2, &["'here'", "--api"]);
    desk.run("doctor x.log --api 127.0.0.1:1").refused(2, &["--api"]);
}

#[test]
fn a_site_that_does_not_answer_is_found() {
    let desk = Desk::new();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    desk.file("palisade.toml", format!("[[sites]]\nupstreams = [\"http://{address}\"]\n"));
    assert!(desk.run(&format!("doctor {NOBODY}")).fine().contains(&format!("http://{address} answers")));
    drop(upstream);
    let done = desk.run(&format!("doctor {NOBODY}"));
    assert!(done.code == 1 && done.out.contains("does not answer (Connection refused"), "{}", done.out);
    assert!(done.out.contains("One thing is to be put right."), "{}", done.out);
}

#[test]
fn settings_that_hurt_a_live_site_are_found_with_their_line() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[server]\napi = \":8081\"\n[api]\nrequire_key = \"unless-loopback\"\n[intel]\nallow_private = true\n");
    let done = desk.run(&format!("doctor --json {NOBODY}"));
    assert_eq!(done.code, 1);
    assert_eq!(check(&done, "api.require_key")["line"], "require_key = \"always\"");
    assert_eq!(check(&done, "intel.allow_private")["line"], "allow_private = false");
}

#[cfg(unix)]
#[test]
fn what_others_may_read_is_found_with_the_command() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let mut started = Started::start(&desk, &format!("serve --upstream http://127.0.0.1:9 {FREE} --data d"));
    started.address("api");
    assert_eq!(started.end("TERM").0, Some(0));
    let fine = desk.run(&format!("doctor --json --data d {NOBODY}"));
    assert_eq!(fine.code, 0, "{}", fine.out);
    assert_eq!(check(&fine, "database")["message"], "0 list entries, 1 API keys");
    assert_eq!(check(&fine, "first start")["line"], "rm d/first-run.txt");
    for (path, mode) in [("d", 0o755), ("d/hash.seed", 0o644)] {
        std::fs::set_permissions(desk.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
        let done = desk.run(&format!("doctor --json --data d {NOBODY}"));
        assert_eq!(done.code, 1);
        let line = check(&done, "permissions")["line"].clone();
        let type_this = line.as_str().unwrap().split(' ').collect::<Vec<_>>();
        let mut typed = std::process::Command::new(type_this[0]);
        assert!(typed.args(&type_this[1..]).current_dir(desk.path(".")).status().unwrap().success());
        assert_eq!(desk.run(&format!("doctor --data d {NOBODY}")).code, 0, "the line put it right");
    }
    desk.file("d/hash.seed", "12");
    assert!(
        check(&desk.run(&format!("doctor --json --data d {NOBODY}")), "hash seed")["message"]
            .as_str()
            .unwrap()
            .contains("is no hash seed")
    );
    desk.file("d/palisade.db", "this is no database ".repeat(300));
    let damaged = check(&desk.run(&format!("doctor --json --data d {NOBODY}")), "database");
    assert!(damaged["message"].as_str().unwrap().contains("not a sound database"), "{damaged}");
}

#[test]
fn the_one_that_runs_is_asked() {
    let desk = Desk::new();
    let mut started = Started::start(&desk, &format!("serve --upstream http://127.0.0.1:9 {FREE} --data d"));
    let api = started.address("api");
    let done = desk.run(&format!("doctor --json --data d --api {api}"));
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&found["running"], &found["status"]), (&true.into(), &"fine".into()), "{found}");
    assert!(desk.run(&format!("doctor --data d --api {api}")).fine().contains("says it is ready"));
}

#[test]
fn what_a_running_one_says_comes_with_the_line_to_type() {
    let desk = Desk::new();
    let line = r#"trusted_proxies = ["loopback", "10.0.0.2/32"]"#;
    let said = format!("10.0.0.2 forwards requests and is not trusted; write under [server]: {line}");
    let ready =
        serde_json::json!({"status": "degraded", "degraded": [{"what": "trusted_proxies", "message": said}]});
    let done = beside(&desk, format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{ready}"));
    assert_eq!(done.code, 1);
    assert_eq!(check(&done, "trusted_proxies")["line"], line);
    let stranger = beside(&desk, "SSH-2.0-OpenSSH_9\r\n".to_owned());
    assert_eq!(stranger.code, 1);
    assert!(check(&stranger, "running")["message"].as_str().unwrap().contains("is no Palisade"));
}

/// Runs it while somebody gives `answer` where the API should be.
fn beside(desk: &Desk, answer: String) -> Done {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1_024];
            let _ = stream.read(&mut head).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        desk.run(&format!("doctor --json --api {address}"))
    })
}

//! `palisade keys`.

use serde_json::json;

use crate::desk::Desk;

#[test]
fn a_key_is_shown_once_listed_and_revoked() {
    let desk = Desk::new();
    assert!(desk.run("keys list --data d").fine().contains("palisade keys create"));
    let made = desk.run("keys create --name shop --scope check,feedback --json --data d").json();
    assert_eq!(made.as_object().unwrap().len(), 2, "{{id, key}}: {made}");
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("pal_") && key.len() == 47, "{key}");
    let other = desk.run("keys create --name desk --scope admin --data d").fine();
    assert!(other.starts_with("pal_") && other.contains("admin"), "{other}");

    let listed = desk.run("keys list --json --data d").json();
    let shop = &listed[0];
    assert_eq!((&shop["id"], &shop["name"]), (&made["id"], &json!("shop")));
    assert_eq!(shop["scopes"], json!(["check", "feedback"]));
    assert_eq!(shop["last_chars"], key[43..]);
    let table = desk.run("keys list --data d").fine();
    assert!(table.contains("shop") && table.contains("check,feedback"), "{table}");
    assert!(!table.contains(&key[4..40]), "a key is never shown again");
    let database = std::fs::read(desk.path("d/palisade.db")).unwrap();
    let found = database.windows(16).any(|window| window == &key.as_bytes()[4..20]);
    assert!(!found, "only its hash is stored");

    assert_eq!(desk.run("keys revoke 1 --json --data d").json(), json!({"revoked": [1]}));
    assert_eq!(desk.run("keys list --json --data d").json().as_array().unwrap().len(), 1);
    let done = desk.run("keys revoke 1 --data d");
    assert_eq!(done.code, 1);
    assert!(done.out.contains("palisade keys list"), "{}", done.out);
}

#[test]
fn nonsense_is_refused() {
    let desk = Desk::new();
    desk.run("keys create --name x --scope check,everything").refused(2, &["everything", "feedback"]);
    desk.run("keys create --name x").refused(2, &["--scope"]);
    desk.run("keys create --scope check").refused(2, &["--name"]);
    desk.run("keys revoke x").refused(2, &["x"]);
    desk.run("keys revoke").refused(2, &["ID"]);
}

#[test]
fn strangers_text_cannot_move_the_cursor() {
    let desk = Desk::new();
    desk.run("keys create --name a\u{1b}[2Jb --scope check --data d").fine();
    assert!(desk.run("keys list --data d").fine().contains("a.[2Jb"));
}

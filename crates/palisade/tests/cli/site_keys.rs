//! `palisade keys`: site keys, their secrets, and the key that signs result tokens.

use serde_json::json;

use crate::desk::Desk;

#[test]
fn a_site_key_is_made_with_its_secret_rotated_and_revoked() {
    let desk = Desk::new();
    let made = desk.run("keys create --name shop --site shop.example,*.shop.example --json --data d").json();
    assert_eq!(made.as_object().unwrap().len(), 3, "{{id, key, secret}}: {made}");
    let (key, secret) = (made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert!(key.starts_with("pal_site_") && key.len() == 9 + 22, "{key}");
    assert!(secret.starts_with("pal_secret_") && secret.len() == 11 + 43, "{secret}");
    let api = desk.run("keys create --name api --scope check --json --data d").json();
    assert_ne!(api["id"], made["id"], "a number means one thing");

    let listed = desk.run("keys list --json --data d").json();
    assert_eq!(listed[0]["site_key"], key);
    assert_eq!(listed[0]["hosts"], json!(["shop.example", "*.shop.example"]));
    assert_eq!(listed[1]["scopes"], json!(["check"]));
    let table = desk.run("keys list --data d").fine();
    assert!(table.contains(key) && table.contains("shop.example,*.shop.example"), "{table}");
    assert!(!table.contains(&secret[11..40]), "a secret is never shown again");
    let database = std::fs::read(desk.path("d/palisade.db")).unwrap();
    let found = database.windows(16).any(|window| window == &secret.as_bytes()[11..27]);
    assert!(!found, "only its hash is stored");

    let rotated = desk.run("keys rotate 1 --json --data d").json();
    assert_eq!(rotated["id"], 1);
    assert!(rotated["secret"] != secret && rotated["previous_until"].is_string(), "{rotated}");
    assert_eq!(desk.run("keys list --json --data d").json()[0]["previous_until"], rotated["previous_until"]);
    let none = desk.run("keys rotate 2 --data d");
    assert_eq!(none.code, 1, "an API key has no secret beside it");
    assert!(none.out.contains("palisade keys list"), "{}", none.out);
    assert_eq!(desk.run("keys revoke 1 --json --data d").json(), json!({"revoked": [1]}));
    assert_eq!(desk.run("keys list --json --data d").json().as_array().unwrap().len(), 1);
    let audit = desk.run("audit show --data d").fine();
    for deed in ["site_key.create", "site_key.rotate", "site_key.revoke"] {
        assert!(audit.contains(deed), "{deed}: {audit}");
    }
}

#[test]
fn every_installation_has_a_site_key_of_its_own() {
    let desk = Desk::new();
    let shown = desk.run("keys site --json --data d").json();
    assert!(shown["key"].as_str().unwrap().starts_with("pal_site_"), "{shown}");
    assert!(shown["secret"].as_str().unwrap().starts_with("pal_secret_"), "{shown}");
    assert_eq!(desk.run("keys site --json --data d").json(), shown, "always the same");
    assert_ne!(desk.run("keys site --json --data e").json(), shown, "elsewhere another");
    assert!(desk.run("keys site --data d").fine().contains(shown["key"].as_str().unwrap()));
}

#[test]
fn the_key_that_signs_is_rotated_with_a_warning() {
    let desk = Desk::new();
    let first = desk.run("keys rotate --json --data d").json();
    let second = desk.run("keys rotate --data d").fine();
    assert!(second.contains("/api/public_key") && second.contains("24 hours"), "{second}");
    assert!(!second.contains(first["kid"].as_str().unwrap()), "{second}");
    let keys = std::fs::read_dir(desk.path("d/keys")).unwrap().count();
    assert_eq!(keys, 2, "the one before is taken for a day");
    desk.run("keys rotate --drop-old --data d").fine();
    assert_eq!(std::fs::read_dir(desk.path("d/keys")).unwrap().count(), 1);
}

#[test]
fn nonsense_is_refused() {
    let desk = Desk::new();
    desk.run("keys create --name x").refused(2, &["--scope"]);
    desk.run("keys create --name x --scope check --site shop.example").refused(2, &["--site"]);
    desk.run("keys create --name x --site https://shop.example/").refused(2, &["is no host"]);
    desk.run("keys create --name x --site shop.example:80").refused(2, &["is no host"]);
    desk.run("keys create --name x --site shop.example,").refused(2, &["is no host"]);
    desk.run("keys rotate x").refused(2, &["x"]);
    desk.run("keys rotate 1 --drop-old").refused(2, &["--drop-old"]);
}

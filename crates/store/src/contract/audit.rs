//! Promises of [`Audit`](crate::Audit).

use palisade_domain::TenantId;

use super::{ONE, TWO, at};
use crate::{AuditHead, AuditLine, AuditRandom, NewAuditLine, Page, Personal, Store, bounds};

/// Line `n`: somebody listed 192.0.2.7 and another address.
pub(super) fn line(n: i64) -> NewAuditLine {
    let personal = |subject: &str, field: &str, value: &str| Personal {
        subject: subject.into(),
        field: field.into(),
        value: value.into(),
    };
    NewAuditLine {
        time: at(n),
        actor: "key:3".into(),
        action: "list.add".into(),
        object: format!("entry:{n}"),
        detail: "for 24 h".into(),
        personal: vec![
            personal("ip:192.0.2.7", "address", "192.0.2.7"),
            personal("ip:192.0.2.7", "user_agent", "curl é"),
            personal("user:alice", "actor", "Alice"),
        ],
    }
}

pub(super) fn random(n: u8) -> AuditRandom {
    AuditRandom::new([n; AuditRandom::BYTES])
}

async fn lines(store: &dyn Store, tenant: TenantId) -> Vec<AuditLine> {
    store.audit_lines(tenant, Page::FIRST).await.expect("lines")
}

fn values(line: &AuditLine) -> Vec<Option<&str>> {
    line.personal.iter().map(|fact| fact.value.as_deref()).collect()
}

/// The log only grows: this suite has it for itself.
pub(super) async fn a_person_is_erased_and_the_chain_stays_sound(store: &dyn Store) {
    let empty = store.verify_audit(ONE, &[]).await.expect("verify");
    assert_eq!((empty.sound, empty.broken), (0, None));
    let mut heads: Vec<AuditHead> = Vec::new();
    for n in 1..=4 {
        let id = store.append_audit(ONE, &line(n), &random(n as u8)).await.expect("append");
        assert_eq!(id.0, n);
        heads.push(store.audit_head(ONE).await.expect("head"));
    }
    store.append_audit(TWO, &line(1), &random(1)).await.expect("append");
    let theirs = store.audit_head(TWO).await.expect("head");
    assert_ne!(theirs.hash, heads[0].hash, "the same line in another tenant's chain");

    let shown = lines(store, ONE).await;
    assert_eq!(shown.len(), 4);
    assert_eq!((shown[1].object.as_str(), shown[1].time), ("entry:2", at(2)));
    assert_eq!(values(&shown[1]), [Some("192.0.2.7"), Some("curl é"), Some("Alice")]);
    let page = store.audit_lines(ONE, Page { after: 3, limit: 9 }).await.expect("lines");
    assert_eq!(page, shown[3..]);

    assert!(store.erase_subject(ONE, "ip:192.0.2.7").await.expect("erase"));
    assert!(!store.erase_subject(ONE, "ip:192.0.2.7").await.expect("erase"), "a second time there is nobody");
    assert!(lines(store, ONE).await.iter().all(|line| values(line) == [None, None, Some("Alice")]));
    assert_eq!(values(&lines(store, TWO).await[0])[0], Some("192.0.2.7"), "the other tenant's stay readable");
    let verdict = store.verify_audit(ONE, &heads).await.expect("verify");
    assert_eq!((verdict.sound, verdict.head, verdict.broken), (4, heads[3], None));

    store.append_audit(ONE, &line(5), &random(5)).await.expect("append");
    let after = lines(store, ONE).await;
    assert_eq!(values(&after[4])[0], Some("192.0.2.7"), "what is new about them has a new key");
    assert_eq!(values(&after[3])[0], None, "and the old stays erased");
    assert_eq!(store.verify_audit(ONE, &heads).await.expect("verify").broken, None);
    let wrong = AuditHead { hash: [0; 32], ..heads[1] };
    let broken = store.verify_audit(ONE, &[wrong]).await.expect("verify").broken.expect("it differs");
    assert_eq!(broken.line, 2);
}

pub(super) async fn foreign_audit_text_is_cut(store: &dyn Store) {
    let long = "é\0".repeat(9_000);
    let mut huge = line(1);
    (huge.actor, huge.detail) = (long.clone(), long.clone());
    huge.personal = vec![Personal { subject: long.clone(), field: long.clone(), value: long.clone() }; 9];
    let id = store.append_audit(TWO, &huge, &random(9)).await.expect("append");
    let page = store.audit_lines(TWO, Page { after: id.0 - 1, limit: 1 }).await.expect("lines");
    assert!(page[0].detail.len() <= bounds::AUDIT_FIELD_BYTES_MAX);
    assert_eq!(page[0].personal.len(), bounds::AUDIT_PERSONAL_MAX);
    assert!(page[0].personal[3].value.as_ref().expect("readable").len() <= bounds::AUDIT_FIELD_BYTES_MAX);
    assert!(store.erase_subject(TWO, &long).await.expect("erase"), "found by the name as it was given");
    assert_eq!(store.verify_audit(TWO, &[]).await.expect("verify").broken, None);
}

//! `/stats` and `/reputation/{ip}`.

use palisade_api::routes::stats::{Reputation, Stats};
use palisade_domain::TenantId;
use palisade_domain::{IdentityClass, SiteId};
use palisade_store::{ActionName, Rollup, Rollups, Scope};

use crate::bench::{Bench, START, settings};

#[tokio::test]
async fn counts_are_those_of_all_processes_so_far() {
    let store = std::sync::Arc::new(palisade_store::MemoryStore::new());
    let rollup = Rollup {
        minute: START,
        site: SiteId(0),
        action: ActionName::named("allow").unwrap(),
        class: IdentityClass::Browser,
        requests: 97,
        bots: 30,
    };
    store.add_rollups(TenantId(0), &[rollup]).await.unwrap();
    let bench = Bench::over(settings(), store, palisade_policy::Preset::Balanced).await;
    for (ip, agent) in [("192.0.2.1", "curl/8"), ("192.0.2.1", "curl/8"), ("192.0.2.2", "python-requests/2")]
    {
        let body = format!(r#"{{"ip":"{ip}","user_agent":"{agent}","endpoint":"/"}}"#);
        bench.post("/check", Scope::Check, body).await;
    }
    bench.post("/report", Scope::List, r#"{"ip":"192.0.2.77"}"#).await;
    bench.post("/feedback", Scope::Feedback, r#"{"user_agent":"x","endpoint":"/","is_bot":false}"#).await;
    let stats: Stats = bench.get("/stats", Scope::Stats).await.parsed();
    assert_eq!((stats.total_requests, stats.bot_requests, stats.human_requests), (100, 33, 67));
    assert_eq!(stats.bot_percentage, 33.0);
    assert_eq!((stats.blocked_ips, stats.training_examples, stats.deep_learning_enabled), (1, 1, false));
    bench.pass_secs(24 * 3_600);
    let stats: Stats = bench.get("/stats", Scope::Stats).await.parsed();
    assert_eq!(stats.blocked_ips, 0, "an entry ends");
}

#[tokio::test]
async fn an_address_nobody_knows_has_no_reputation() {
    let bench = Bench::new().await;
    let known: Reputation = bench.get("/reputation/2001:DB8::1", Scope::Stats).await.parsed();
    assert_eq!((known.ip.as_str(), known.requests, known.bot_requests), ("2001:db8::1", 0, 0));
    assert_eq!((known.reputation_score, known.first_seen, known.last_seen), (None, None, None));
    for path in ["/reputation/nobody", "/reputation/1.2.3", "/reputation/%00", "/reputation/%ff"] {
        bench.get(path, Scope::Stats).await.is_error(400, "bad_request");
    }
    bench.get("/reputation/", Scope::Stats).await.is_error(404, "not_found");
}

#[tokio::test]
async fn what_was_counted_lately_makes_a_reputation() {
    let bench = Bench::new().await;
    for path in ["/", "/.env", "/wp-login.php"] {
        let body = format!(r#"{{"ip":"192.0.2.50","user_agent":"curl/8","endpoint":"{path}"}}"#);
        bench.post("/check", Scope::Check, body).await;
        bench.pass_secs(1);
    }
    let known: Reputation = bench.get("/reputation/192.0.2.50", Scope::Stats).await.parsed();
    assert_eq!((known.requests, known.bot_requests), (3, 3));
    assert_eq!((known.first_seen, known.last_seen), (Some(START.millis()), Some(START.millis() + 2_000)));
    assert!(known.reputation_score.is_some_and(|score| (0.0..=100.0).contains(&score) && score > 0.0));
    let asked = r#"{"ip":"192.0.2.51","user_agent":"curl/8","endpoint":"/","observe":false}"#;
    bench.post("/check", Scope::Check, asked).await;
    let known: Reputation = bench.get("/reputation/192.0.2.51", Scope::Stats).await.parsed();
    assert_eq!(known.requests, 0, "only asked about");
}

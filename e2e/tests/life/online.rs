//! The live model follows labels, little by little, where `[model] online` says so.

use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use serde_json::Value;

use super::{CONFIG, ask, label, metrics_say, over, statuses, train, visits};

/// Most that a bin moves in one update, log-odds, and what is lost in writing it down.
const STEP_MAX: f64 = 0.1 + 1e-5;

/// What each bin of each shape of a version says, in the order of its file.
async fn bins(palisade: &Palisade, version: u32) -> Vec<f64> {
    let path = palisade.data().join(format!("{version}.model"));
    let (id, out) = (version.to_string(), path.display().to_string());
    palisade.command(&["models", "export", &id, "--out", &out]).await.unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let views = file["views"].as_array().unwrap().iter();
    let shapes = views.flat_map(|view| view["shapes"].as_array().unwrap());
    let bins = shapes
        .flat_map(|shape| shape["weights"].as_array().unwrap().iter().chain([&shape["unseen"]]).cloned());
    bins.map(|bin| bin.as_f64().unwrap()).collect()
}

/// Fastest where it is now: other settings are looked at when they are taken.
async fn follows(palisade: &Palisade, config: &str) {
    std::fs::write(palisade.config(), config).unwrap();
    palisade.reload().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_model_follows_labels_within_its_bound_and_stays_so() {
    let site = Site::start().await.unwrap();
    let setup = Setup::before(site.address).with(CONFIG);
    let palisade = Palisade::serve(&setup).await.unwrap();
    let key = palisade.key("train").await.unwrap();
    visits(palisade.gateway, 0..130).await;
    label(&palisade, 0..130).await;
    let id = train(&palisade, &key).await;
    assert_eq!(over(&palisade, &id, &key).await["state"], "done");
    palisade.command(&["models", "promote", "1"]).await.unwrap();
    visits(palisade.gateway, 130..160).await;
    label(&palisade, 130..160).await;

    let online = CONFIG.replace("[model]\n", "[model]\nonline = true\n");
    follows(&palisade, &online).await;
    let job = over(&palisade, "2", &key).await;
    let said = job["outcome"].as_str().unwrap_or_default();
    assert!(said.contains("version 2 is live") && said.contains("version 1 moved by"), "{job}");
    assert_eq!(statuses(&palisade).await, ["retired", "live"]);
    metrics_say(&palisade, "model_version_info{version=\"2\"").await;

    let (before, after) = (bins(&palisade, 1).await, bins(&palisade, 2).await);
    assert_eq!(before.len(), after.len());
    let moved: Vec<f64> = before.iter().zip(&after).map(|(one, other)| (one - other).abs()).collect();
    assert!(moved.iter().any(|step| *step > 0.0) && moved.iter().all(|step| *step <= STEP_MAX), "{moved:?}");

    // Killed and begun again it is as it was, and follows nothing twice: the next job is the one that is asked for.
    let setup = Setup { config: online, ..setup };
    let palisade = palisade.killed_and_served_again(&setup).await.unwrap();
    metrics_say(&palisade, "model_version_info{version=\"2\"").await;
    let id = train(&palisade, &key).await;
    assert_eq!(id, "3");
    ask(&palisade, "DELETE", &format!("/jobs/{id}"), &key).await;
    assert_eq!(bins(&palisade, 2).await, after);
    palisade.command(&["models", "rollback"]).await.unwrap();
    assert_eq!(statuses(&palisade).await, ["live", "retired"]);
}

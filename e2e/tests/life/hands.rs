//! Interactions that the application stores become a model of behaviour, by themselves once there are enough.

use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::wire;
use palisade_testkit::hands::visits;
use serde_json::{Value, json};

use super::{CONFIG, ask, over};

/// Stores `visit` as the protected application does; the name it got.
async fn store(palisade: &Palisade, visit: &Value, key: &str) -> String {
    let headers = [("Authorization", &*format!("Bearer {key}")), ("Content-Type", "application/json")];
    let body = json!({"data": visit}).to_string();
    let stored = wire::request(palisade.api, "POST", "/api/store", &headers, body.as_bytes()).await.unwrap();
    assert_eq!(stored.status, 200, "{}", stored.text());
    stored.json().unwrap()["interaction_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_interactions_train_a_model_by_themselves() {
    let site = Site::start().await.unwrap();
    let setup = Setup::before(site.address).with(CONFIG);
    let palisade = Palisade::serve(&setup).await.unwrap();
    let key = palisade.key("train,store").await.unwrap();
    // Half of them come with their label, of the others it is said later.
    for (at, visit) in visits().into_iter().enumerate() {
        let label = visit["label"].clone();
        let mut bare = visit;
        if at % 2 == 0 {
            store(&palisade, &bare, &key).await;
            continue;
        }
        bare.as_object_mut().unwrap().remove("label");
        let id = store(&palisade, &bare, &key).await;
        let headers = [("Authorization", &*format!("Bearer {key}")), ("Content-Type", "application/json")];
        let body = json!({"interaction_id": id, "label": label}).to_string();
        let told =
            wire::request(palisade.api, "POST", "/api/update", &headers, body.as_bytes()).await.unwrap();
        assert_eq!(told.status, 200, "{}", told.text());
    }
    // Other settings are looked at when they are taken.
    let config = CONFIG.replace("[model]\n", "[model]\nretrain_after = 80\n");
    std::fs::write(palisade.config(), config).unwrap();
    palisade.reload().await.unwrap();
    let job = over(&palisade, "1", &key).await;
    let said = job["outcome"].as_str().unwrap_or_default();
    assert!(said.contains("model version 1 learned from 80 interactions") && said.contains("AUC"), "{job}");
    let listed: Value =
        serde_json::from_str(&palisade.command(&["models", "list", "--json"]).await.unwrap()).unwrap();
    assert_eq!((&listed[0]["subject"], &listed[0]["status"]), (&"behaviour".into(), &"candidate".into()));

    // It has looked at them: nothing begins by itself until somebody asks.
    palisade.reload().await.unwrap();
    let begun = ask(&palisade, "POST", "/train?kind=behaviour&epochs=10", &key).await;
    assert_eq!(
        (begun.status, begun.json().unwrap()["job_id"].as_str()),
        (202, Some("2")),
        "{}",
        begun.text()
    );
    assert_eq!(over(&palisade, "2", &key).await["model_version"], 2);
}

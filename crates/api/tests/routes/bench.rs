//! An API in process, with a store in memory and a clock that stands still.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use palisade_api::{Api, ApiSettings, Clock, Secret, router};
use palisade_detect::{Engine, EngineSettings, HashSeed};
use palisade_domain::{TenantId, Timestamp};
use palisade_guard::{Backlog, Guard, GuardSettings, Site, Sites};
use palisade_policy::{Judge, Policy, Preset};
use palisade_store::{ApiKey, Keys, MemoryStore, NewKey, Scope, Scopes, Store};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

/// 2026-03-01T00:00:00Z
pub(crate) const START: Timestamp = Timestamp(1_772_323_200_000_000);
/// A peer that nobody trusts.
pub(crate) const STRANGER: [u8; 4] = [203, 0, 113, 200];
pub(crate) const SECRET: &str = "a secret of the webhook";

pub(crate) struct Bench {
    pub(crate) api: Arc<Api>,
    pub(crate) router: Router,
    /// Holds the cold ends, so that queues stay open.
    backlog: Backlog,
    time: Arc<AtomicI64>,
    keys: Vec<(Scope, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn parsed<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Asserts status and error code; returns the message.
    pub(crate) fn is_error(&self, status: u16, code: &str) -> String {
        let json = self.json();
        assert_eq!((self.status, json["error"].as_str()), (status, Some(code)), "{json}");
        json["message"].as_str().expect("every error has a message").to_owned()
    }
}

/// Everything a test may set about a call.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) peer: [u8; 4],
    pub(crate) body: Vec<u8>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Call { method, path, headers: Vec::new(), peer: STRANGER, body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn from(mut self, peer: [u8; 4]) -> Self {
        self.peer = peer;
        self
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Bench::with(settings()).await
    }

    pub(crate) async fn with(settings: ApiSettings) -> Self {
        Bench::over(settings, Arc::new(MemoryStore::new()), Preset::Balanced).await
    }

    pub(crate) async fn over(settings: ApiSettings, store: Arc<MemoryStore>, preset: Preset) -> Self {
        let seed = HashSeed([7, 11]);
        let judge = Judge::new(Engine::new(EngineSettings::new(seed)), Policy::preset(preset));
        let sites = Sites::new(vec![Site {
            hosts: vec!["*".to_owned()],
            tenant: TenantId::default(),
            upstreams: Vec::new(),
            seed_routes: false,
        }]);
        let (guard, backlog) =
            Guard::new(judge, sites, GuardSettings { seed, event_sample: 1.0, first_id: 1_000 });
        let time = Arc::new(AtomicI64::new(START.0));
        let clock = Clock::new({
            let time = Arc::clone(&time);
            move || Timestamp(time.load(Ordering::Relaxed))
        });
        let mut keys = Vec::new();
        for (n, scope) in Scope::ALL.into_iter().enumerate() {
            let key = ApiKey::from_random([n as u8 + 1; 32]);
            let new =
                NewKey { name: scope.name().to_owned(), scopes: Scopes::of(&[scope]), created_at: START };
            store.create_key(settings.tenant, &key, &new).await.unwrap();
            keys.push((scope, key.text()));
        }
        let store: Arc<dyn Store> = store;
        let api = Api::new(guard, store, settings, clock);
        api.refresh().await.unwrap();
        Bench { router: router(Arc::clone(&api)), api, backlog, time, keys }
    }

    /// The same around another API.
    pub(crate) fn serving(self, api: Arc<Api>) -> Self {
        Bench { router: router(Arc::clone(&api)), api, ..self }
    }

    /// The key that may do `scope` and nothing else.
    pub(crate) fn key(&self, scope: Scope) -> String {
        self.keys.iter().find(|(held, _)| *held == scope).map(|(_, key)| key.clone()).unwrap()
    }

    /// Stores what the guard was given to keep until now.
    pub(crate) async fn store_kept(&mut self) {
        let kept = std::mem::replace(&mut self.backlog.kept, tokio::sync::mpsc::channel(1).1);
        let store = Arc::clone(&self.api.store);
        palisade_guard::kept::run(Arc::clone(&self.api.guard), kept, store, std::future::ready(())).await;
    }

    pub(crate) fn pass_secs(&self, secs: i64) {
        self.time.fetch_add(secs * 1_000_000, Ordering::Relaxed);
    }

    pub(crate) async fn call(&self, call: Call<'_>) -> Answer {
        let mut request = Request::builder().method(call.method).uri(call.path);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        request = request.extension(ConnectInfo(SocketAddr::from((call.peer, 40_000))));
        let request = request.body(Body::from(call.body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{} {}", call.method, call.path);
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, scope: Scope) -> Answer {
        self.call(Call::new("GET", path).header("x-api-key", self.key(scope))).await
    }

    pub(crate) async fn post(&self, path: &str, scope: Scope, body: impl Into<Vec<u8>>) -> Answer {
        let call = Call::new("POST", path)
            .header("x-api-key", self.key(scope))
            .header("content-type", "application/json");
        self.call(call.body(body)).await
    }
}

pub(crate) fn settings() -> ApiSettings {
    ApiSettings { webhook_secret: Secret::new(SECRET), ..ApiSettings::default() }
}

//! The layer: a question before each request.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Json;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use serde_json::json;
use tower::{Layer, Service};

use crate::client::{OnFailure, Palisade, Question, Unavailable, Verdict};
use crate::shown::shown;

/// Whose request it is.
type ClientOf = Arc<dyn Fn(&Request) -> Option<IpAddr> + Send + Sync>;

/// Asks about each request before the application sees it.
#[derive(Clone)]
pub struct PalisadeLayer {
    palisade: Palisade,
    client: ClientOf,
    min_score: f64,
    obeys_enforce: bool,
}

impl fmt::Debug for PalisadeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PalisadeLayer").field("palisade", &self.palisade).finish_non_exhaustive()
    }
}

impl PalisadeLayer {
    /// Asks `palisade`.
    pub fn new(palisade: Palisade) -> Self {
        let client = |request: &Request| {
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
        };
        PalisadeLayer { palisade, client: Arc::new(client), min_score: 0.5, obeys_enforce: false }
    }

    /// Finds the visitor's address in another way than by the connection: behind a proxy, by the header it sets.
    pub fn client(self, client: impl Fn(&Request) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        PalisadeLayer { client: Arc::new(client), ..self }
    }

    /// The lowest score of a token, 0.0 to 1.0: higher is stricter.
    pub fn min_score(self, min_score: f64) -> Self {
        PalisadeLayer { min_score, ..self }
    }

    /// Does what a gateway would do now (`enforce`), instead of what the policy says (`action`).
    pub fn obey_enforce(self) -> Self {
        PalisadeLayer { obeys_enforce: true, ..self }
    }
}

impl<S> Layer<S> for PalisadeLayer {
    type Service = PalisadeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PalisadeService { inner, layer: self.clone() }
    }
}

/// An application behind a [`PalisadeLayer`].
#[derive(Clone, Debug)]
pub struct PalisadeService<S> {
    inner: S,
    layer: PalisadeLayer,
}

impl<S> Service<Request> for PalisadeService<S>
where
    S: Service<Request, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // The one that is ready goes along; its clone is made ready later.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            match layer.refusal(&mut request).await {
                Some(refusal) => Ok(refusal),
                None => inner.call(request).await.map(IntoResponse::into_response),
            }
        })
    }
}

impl PalisadeLayer {
    /// The answer instead of the application's; `None` where the request goes on.
    async fn refusal(&self, request: &mut Request) -> Option<Response> {
        let (question, token) = self.question(request);
        let verdict = match self.palisade.check(&question).await {
            Ok(verdict) => verdict,
            Err(error) => return self.without_answer(&error),
        };
        let does = self.does(&verdict);
        let captcha_token = verdict.captcha_token.clone();
        request.extensions_mut().insert(verdict);
        match does {
            Does::Pass => None,
            Does::Refuse => Some(refused(StatusCode::FORBIDDEN, &json!({"error": "Access denied"}))),
            Does::Challenge => match self.is_solved(token.as_deref(), question.ip).await {
                Ok(true) => None,
                Ok(false) => {
                    let content = json!({"error": "CAPTCHA required", "captcha_token": captcha_token});
                    Some(refused(StatusCode::FORBIDDEN, &content))
                }
                Err(error) => self.without_answer(&error),
            },
        }
    }

    /// What is asked about a request, and the token it brings.
    fn question(&self, request: &Request) -> (Question, Option<String>) {
        let text = |name| {
            let value = request.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let host = text(header::HOST).or_else(|| request.uri().authority().map(ToString::to_string));
        let question = Question {
            endpoint: request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            user_agent: text(header::USER_AGENT),
            ip: (self.client)(request),
            method: request.method().as_str().to_owned(),
            host,
            headers: Some(shown(request.headers())),
        };
        (question, text(HeaderName::from_static("x-captcha-token")))
    }

    fn without_answer(&self, error: &Unavailable) -> Option<Response> {
        let on_failure = self.palisade.on_failure();
        tracing::warn!(%error, ?on_failure, "no verdict");
        let content = json!({"error": "Service unavailable"});
        (on_failure == OnFailure::Closed).then(|| refused(StatusCode::SERVICE_UNAVAILABLE, &content))
    }

    fn does(&self, verdict: &Verdict) -> Does {
        match (self.obeys_enforce, verdict.action.as_str(), verdict.enforce.as_str()) {
            (false, "ALLOW" | "MONITOR", _) | (true, _, "allow" | "monitor") => Does::Pass,
            (false, "BLOCK", _) | (true, _, "block" | "tarpit") => Does::Refuse,
            _ => Does::Challenge,
        }
    }

    async fn is_solved(&self, token: Option<&str>, ip: Option<IpAddr>) -> Result<bool, Unavailable> {
        let Some(token) = token else { return Ok(false) };
        let verified = self.palisade.siteverify(token, ip).await?;
        Ok(verified.success && verified.score.is_none_or(|score| score >= self.min_score))
    }
}

/// What follows from a verdict.
enum Does {
    Pass,
    Challenge,
    Refuse,
}

fn refused(status: StatusCode, content: &serde_json::Value) -> Response {
    (status, Json(content)).into_response()
}

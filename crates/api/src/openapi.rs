//! The OpenAPI document: made from the handlers, once.

use std::sync::{Arc, LazyLock};

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Api;
use crate::problem::ErrorBody;
use crate::routes::{
    auth, captcha, check, docs, escalate, feedback, health, interactions, jobs, later, list, metrics,
    siteverify, stats, visitor, webhook,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Palisade",
        description = "Is this request a bot's, and why? Every error is `{error, message}` with, where it is about a body, \
                       `field`, `line` and `column`.",
    ),
    tags(
        (name = "verdicts", description = "Who is it, and what the application knows afterwards"),
        (name = "captcha", description = "The widget, its tokens, and whether one is good"),
        (name = "lists", description = "Networks that are kept out, let in or watched"),
        (name = "models", description = "Training, and how far it has come"),
        (name = "records", description = "What was counted and remembered"),
        (name = "operation", description = "For those who run it"),
        (name = "not built yet", description = "Routes that answer 501 and name their feature"),
    ),
    // Served for every method, so the router adds them by itself.
    paths(
        auth::judge, visitor::script, visitor::public_key, visitor::key_set, visitor::start, visitor::challenge
    ),
    components(schemas(ErrorBody)),
)]
struct Head;

/// All routes that describe themselves.
pub(crate) fn documented() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(check::check, check::check_self))
        .routes(routes!(feedback::feedback))
        .routes(routes!(escalate::escalate))
        .routes(routes!(stats::stats))
        .routes(routes!(stats::reputation))
        .routes(routes!(webhook::webhook))
        .routes(routes!(list::list))
        .routes(routes!(list::list_auth))
        .routes(routes!(list::report))
        .routes(routes!(captcha::verify))
        .routes(routes!(interactions::store))
        .routes(routes!(interactions::update))
        .routes(routes!(jobs::train))
        .routes(routes!(jobs::job, jobs::cancel))
        .routes(routes!(siteverify::own))
        .routes(routes!(siteverify::turnstile))
        .routes(routes!(siteverify::recaptcha))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::docs))
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = documented().into_openapi();
    let header = |name: &str, text: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)))
    };
    let bearer = |text: &str| {
        SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build(),
        )
    };
    let components = document.components.get_or_insert_default();
    let made_by = "An API key: `palisade keys create --name N --scope check` makes one";
    components.add_security_scheme("key", bearer(made_by));
    components.add_security_scheme("x_api_key", header("X-API-Key", "The same key; `Key` is read as well"));
    components.add_security_scheme(
        "webhook_signature",
        header("X-Signature", "HMAC-SHA-256 of the body under `[api] webhook_secret`, in hexadecimal digits"),
    );
    components.add_security_scheme("metrics_token", bearer("`[api] metrics_token`"));
    later::document(&mut document);
    document
}

/// The document as JSON.
pub(crate) static TEXT: LazyLock<String> = LazyLock::new(|| {
    document().to_pretty_json().expect("a document of strings and finite numbers is always JSON")
});

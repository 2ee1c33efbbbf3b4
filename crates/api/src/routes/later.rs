//! Routes whose feature is not built yet: they answer 501 and name it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodFilter, on};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder};

use crate::api::Api;
use crate::problem::{Code, Problem};

/// One such route.
struct Later {
    method: HttpMethod,
    path: &'static str,
    feature: &'static str,
}

const fn get(path: &'static str, feature: &'static str) -> Later {
    Later { method: HttpMethod::Get, path, feature }
}

const fn post(path: &'static str, feature: &'static str) -> Later {
    Later { method: HttpMethod::Post, path, feature }
}

const OCR: &str = "text CAPTCHA lab";
const CRAWL: &str = "pay per crawl";

const ALL: &[Later] = &[
    get("/recommendations", "recommendations"),
    get("/v1/models/{name}", OCR),
    post("/v1/models/{name}", OCR),
    post("/register-crawler", CRAWL),
    post("/pay", CRAWL),
];

/// Adds them to `router`.
pub(crate) fn routes(mut router: Router<Arc<Api>>) -> Router<Arc<Api>> {
    for later in ALL {
        let filter = match later.method {
            HttpMethod::Get => MethodFilter::GET,
            _ => MethodFilter::POST,
        };
        let feature = later.feature;
        router = router.route(later.path, on(filter, move || async move { problem(feature) }));
    }
    router
}

fn problem(feature: &'static str) -> Problem {
    Problem::new(Code::NotBuilt, format!("this feature is not built yet: {feature}")).feature(feature)
}

/// Adds them to the document.
pub(crate) fn document(api: &mut OpenApi) {
    for later in ALL {
        // The router cannot tell `name:predict` from `name`; the document can.
        let path = match (later.path, &later.method) {
            ("/v1/models/{name}", HttpMethod::Post) => "/v1/models/{name}:predict",
            (path, _) => path,
        };
        let error = RefOr::Ref(Ref::from_schema_name("ErrorBody"));
        let answer = ResponseBuilder::new()
            .description(format!("Not built yet: {}", later.feature))
            .content("application/json", ContentBuilder::new().schema(Some(error)).build());
        let mut operation = OperationBuilder::new()
            .tag("not built yet")
            .summary(Some(format!("Not built yet: {}", later.feature)))
            .response("501", answer);
        for name in path.split(['{', '}']).skip(1).step_by(2) {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(utoipa::openapi::schema::Object::with_type(
                    utoipa::openapi::schema::Type::String,
                )));
            operation = operation.parameter(parameter);
        }
        api.paths.add_path_operation(path, vec![later.method.clone()], operation.build());
    }
}

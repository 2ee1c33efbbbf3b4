//! Every answer that is not the asked one: one closed set of codes, one form on the wire.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use palisade_store::{ReadError, WriteError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::place::Place;

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 400: the request makes no sense.
    BadRequest,
    /// 401: who are you?
    Unauthorized,
    /// 403: you may not.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 405: not with this method; `Allow` names those that do.
    MethodNotAllowed,
    /// 408: the body did not come in time.
    Timeout,
    /// 409: not while something else is under way.
    Busy,
    /// 413: the body is too long.
    TooLarge,
    /// 422: JSON, but not of the form this route takes.
    InvalidBody,
    /// 429: too often; `Retry-After` says when again.
    TooManyRequests,
    /// 501: this feature is not built yet.
    NotBuilt,
    /// 503: it would work, but something it needs does not.
    Unavailable,
}

impl Code {
    /// Its HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Code::BadRequest => StatusCode::BAD_REQUEST,
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::Timeout => StatusCode::REQUEST_TIMEOUT,
            Code::Busy => StatusCode::CONFLICT,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::InvalidBody => StatusCode::UNPROCESSABLE_ENTITY,
            Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Code::NotBuilt => StatusCode::NOT_IMPLEMENTED,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for programs.
    pub error: Code,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// Which field of the body, such as `headers[2][0]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Line of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in that line, in bytes, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The feature that is not built yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<&'static str>,
}

/// An error on its way out.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    body: Box<ErrorBody>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// `message` under `code`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            error: code,
            message: message.into(),
            field: None,
            line: None,
            column: None,
            feature: None,
        };
        Problem { code, body: Box::new(body), headers: Vec::new() }
    }

    /// Says where in the body.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.body.field = place.field;
        self.body.line = place.line;
        self.body.column = place.column;
        self
    }

    /// Says which field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.body.field = Some(name.into());
        self
    }

    /// Says which feature.
    #[must_use]
    pub fn feature(mut self, name: &'static str) -> Self {
        self.body.feature = Some(name);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Which code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json(self.code.status(), &self.body);
        response.headers_mut().extend(
            self.headers.into_iter().map(|(name, value)| (Some(name), value)).fold(
                axum::http::HeaderMap::new(),
                |mut map, (name, value)| {
                    if let Some(name) = name {
                        map.append(name, value);
                    }
                    map
                },
            ),
        );
        response
    }
}

/// An error of the store: its message may name files, which are nobody's business over the wire.
impl From<ReadError> for Problem {
    fn from(_: ReadError) -> Self {
        unavailable()
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Full { what, max } => Problem::new(
                Code::Unavailable,
                format!("{what} are full: {max} is the most one tenant may hold; remove some, then repeat"),
            ),
            WriteError::TooLong { what, bytes, max } => {
                Problem::new(Code::TooLarge, format!("{what} has {bytes} bytes, {max} is the most"))
            }
            WriteError::Read(_) | WriteError::Fault(_) => unavailable(),
        }
    }
}

fn unavailable() -> Problem {
    Problem::new(
        Code::Unavailable,
        "the store does not answer; nothing was changed. Repeat later; /ready and the log say more",
    )
    .header(header::RETRY_AFTER, HeaderValue::from_static("5"))
}

/// `value` as a JSON answer.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        // Our own values have string keys and finite numbers; if one ever had not, it must not be called a success.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

//! `POST /api/store` and `POST /api/update`: interactions kept for training, and what is known of them later.

use axum::response::Response;
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use palisade_challenge::Code as Reason;
use palisade_challenge::behaviour::{self, Around, Interaction, Said};
use palisade_store::{
    InteractionId, InteractionSource, LabelBasis, LabelSource, LabelSubject, LabelVerdict, NewInteraction,
    NewLabel, Scope, Weight,
};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::audit::Deed;
use crate::call::{Admitted, Call, form, text};
use crate::limit::Group;
use crate::problem::{Code, ErrorBody, Problem};

/// An interaction to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "data": {"interactions": {"keyPresses": [{"time": 1}, {"time": 120}]}, "duration": 4000,
             "viewport": {"width": 1280, "height": 720}, "loadTimestamp": 0, "label": "human"},
    "session_id": "0d1c2b3a",
}))]
pub struct StoreRequest {
    /// The widget's `data` object, or the same as base64 of its JSON; `label` inside says who it was (1, true, `"human"`; 0,
    /// false, `"bot"`). Keys, values and names of fields are dropped while it is read.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub data: Value,
    /// What the recordings of one session share.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub session_id: Value,
}

/// It is kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreResponse {
    /// `interaction stored`
    pub message: String,
    /// Its name, for `/api/update`.
    pub interaction_id: String,
}

/// Who it was.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"interaction_id": "5e6f7a8b-0000-4000-8000-00000000000b", "label": "bot"}))]
pub struct UpdateRequest {
    /// As `/api/store` or a result token named it; with or without dashes.
    #[serde(default)]
    #[schema(value_type = String)]
    pub interaction_id: Value,
    /// 1, true, `"human"`; 0, false, `"bot"`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub label: Value,
}

/// The label is kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateResponse {
    /// `label updated`
    pub message: String,
}

/// Labels that repeat our own decision never weigh more (DESIGN section 10).
const OWN_DECISION_WEIGHT: f64 = 0.1;
/// Below this we took it for a program ourselves.
const HALF: f64 = 0.5;
/// With or without padding: seed 000's clients pad, those of URLs do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keep an interaction for training
///
/// Bounded, and deleted with the events (`[privacy] retain_events_days`). Which key was pressed, what a field is called or
/// holds is never kept, whatever is sent.
#[utoipa::path(
    post, path = "/api/store", tag = "captcha", request_body = StoreRequest,
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "Kept", body = StoreResponse),
        (status = 400, description = "Not JSON, no `data`, numbers that nobody's hand makes, or no label that is one", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `store`", body = ErrorBody),
        (status = 413, description = "The recording is longer than 256 KiB", body = ErrorBody),
        (status = 422, description = "The body is no JSON object", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer; nothing was kept", body = ErrorBody),
    )
)]
pub async fn store(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::Store)?;
    let body = call.body().await?;
    let asked: StoreRequest = form(text(&body)?)?;
    let mut interaction = asked.interaction()?;
    let label = verdict(interaction.label).map_err(|()| bad_label("data.label"))?;
    if let Value::String(session) = asked.session_id {
        interaction.session_id = Some(session);
    }
    let now = call.api.clock.now();
    let around = Around { now, ticket: None, user_agent: None, key: [0; 2] };
    let new = NewInteraction {
        id: InteractionId::from_random(random()?),
        time: now,
        data: interaction.to_json(),
        label,
        source: InteractionSource::Application,
        score: Some(behaviour::judge(&interaction.trace, &around).human),
    };
    let tenant = call.settings.tenant;
    if !call.api.kept(call.api.store.add_interaction(tenant, &new).await)? {
        return Err(Problem::new(Code::Unavailable, "no name was free; repeat"));
    }
    if let Some(label) = label {
        tell(&call, &admitted, &new, label).await?;
    }
    let message = "interaction stored".to_owned();
    Ok(admitted.json(&StoreResponse { message, interaction_id: new.id.to_string() }))
}

/// Say who an interaction was
///
/// The newest word counts. Where it only repeats what we took a widget's visitor for, it weighs 0.1 at most.
#[utoipa::path(
    post, path = "/api/update", tag = "captcha", request_body = UpdateRequest,
    security(("key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "Kept", body = UpdateResponse),
        (status = 400, description = "Not JSON, no `interaction_id`, or no label that is one", body = ErrorBody),
        (status = 401, description = "No key, or an unknown one", body = ErrorBody),
        (status = 403, description = "The key lacks the scope `store`", body = ErrorBody),
        (status = 404, description = "No interaction of that name is kept", body = ErrorBody),
        (status = 413, description = "The body is longer than 1 MiB", body = ErrorBody),
        (status = 422, description = "The body is no JSON object", body = ErrorBody),
        (status = 429, description = "Too many calls", body = ErrorBody),
        (status = 503, description = "The store does not answer; nothing was changed", body = ErrorBody),
    )
)]
pub async fn update(mut call: Call) -> Result<Response, Problem> {
    let admitted = call.admit(Group::Write, Scope::Store)?;
    let body = call.body().await?;
    let asked: UpdateRequest = form(text(&body)?)?;
    let id = asked.interaction_id.as_str().ok_or_else(|| {
        Problem::new(Code::BadRequest, "interaction_id is missing, or no text").field("interaction_id")
    })?;
    let said = serde_json::from_value(asked.label).map_err(|_| bad_label("label"))?;
    let label = verdict(said).ok().flatten().ok_or_else(|| bad_label("label"))?;
    let tenant = call.settings.tenant;
    let unknown = || Problem::new(Code::NotFound, "no interaction of that name is kept");
    // A text that names nothing is as unknown as a name that nobody has.
    let id: InteractionId = id.parse().map_err(|_| unknown())?;
    let known = call.api.read(call.api.store.interaction(tenant, id).await)?.ok_or_else(unknown)?;
    if !call.api.kept(call.api.store.label_interaction(tenant, id, label).await)? {
        return Err(unknown());
    }
    tell(&call, &admitted, &known.interaction, label).await?;
    Ok(admitted.json(&UpdateResponse { message: "label updated".to_owned() }))
}

impl StoreRequest {
    fn interaction(&self) -> Result<Interaction, Problem> {
        let json = match &self.data {
            Value::Object(_) => self.data.to_string().into_bytes(),
            Value::String(text) => BASE64.decode(text).map_err(|_| {
                Problem::new(Code::BadRequest, "data is a text, and not base64").field("data")
            })?,
            Value::Null => return Err(Problem::new(Code::BadRequest, "data is missing").field("data")),
            _ => {
                let message = "data must be an object, or base64 of one as JSON";
                return Err(Problem::new(Code::BadRequest, message).field("data"));
            }
        };
        Interaction::read(&json).map_err(|reason| {
            let code = if reason == Reason::TooLarge { Code::TooLarge } else { Code::BadRequest };
            let message = match (reason, behaviour::missing_field(&json)) {
                (Reason::TooLarge, _) => "is longer than 256 KiB".to_owned(),
                (Reason::MalformedTrace, Some(field)) => format!("has an event without {field}"),
                (Reason::MalformedTrace, None) => {
                    "has numbers that are none, or that nobody makes".to_owned()
                }
                _ => "is no JSON object of a recording".to_owned(),
            };
            Problem::new(code, format!("{reason}: data {message}")).field("data")
        })
    }
}

/// The label that was said, if any; an error for something that is none.
fn verdict(said: Said) -> Result<Option<LabelVerdict>, ()> {
    match said {
        Said::Nothing => Ok(None),
        Said::Human => Ok(Some(LabelVerdict::Human)),
        Said::Bot => Ok(Some(LabelVerdict::Bot)),
        Said::Other => Err(()),
    }
}

fn bad_label(field: &'static str) -> Problem {
    let message = format!("{field} must be 1, true or \"human\", or 0, false or \"bot\"");
    Problem::new(Code::BadRequest, message).field(field)
}

/// Writes the label beside all others, with its weight, and into the audit log.
async fn tell(
    call: &Call,
    admitted: &Admitted,
    about: &NewInteraction,
    label: LabelVerdict,
) -> Result<(), Problem> {
    let widgets = about.source == InteractionSource::Widget;
    let ours = widgets && label == LabelVerdict::Bot && about.score.is_some_and(|score| score < HALF);
    let new = NewLabel {
        subject: LabelSubject::Interaction(about.id),
        verdict: label,
        source: LabelSource::Application,
        author: admitted.actor(),
        basis: if ours { LabelBasis::Decision } else { LabelBasis::Told },
        weight: if ours { Weight::new(OWN_DECISION_WEIGHT) } else { None }.unwrap_or(Weight::FULL),
        created_at: call.api.clock.now(),
    };
    call.api.kept(call.api.store.put_label(call.settings.tenant, &new).await)?;
    let deed = Deed {
        action: "interaction.label",
        object: format!("interaction:{}", about.id),
        detail: label.name().to_owned(),
        about: None,
    };
    call.api.audit(&admitted.actor(), deed).await
}

/// 128 bits that nobody guesses.
fn random() -> Result<u128, Problem> {
    let mut bytes = [0; 16];
    let failed = |_| Problem::new(Code::Unavailable, "the system has no random numbers now; repeat");
    SystemRandom::new().fill(&mut bytes).map_err(failed)?;
    Ok(u128::from_be_bytes(bytes))
}

//! Seed 000, the behaviour CAPTCHA: its `.env`.

use super::draft::Draft;
use super::given::ImportError;
use super::table::{Form, Table, dropped};

/// Port of its only listener.
const PORT: &str = "127.0.0.1:5000";

/// Its `.env`.
pub(super) const DOTENV: Table = Table {
    seed: "000",
    file: ".env",
    form: Form::Dotenv,
    names: &[&[
        dropped(
            "AUTH_TOKEN",
            "keys are made here and stored as hashes: `palisade keys create --name store --scope store`; give the new key to what calls /api/store and /api/update",
        ),
        dropped(
            "PUBLIC_AUTH_TOKEN",
            "a site key takes its place: /captcha.js carries the one of its host, and pages need not name it",
        ),
        dropped("FLASK_ENV", "there is no debug mode; `[challenge] testing` lets test keys pass"),
    ]],
    finish,
};

/// It listened on port 5000, and its pages and servers have that in their URLs.
fn finish(draft: &mut Draft) -> Vec<ImportError> {
    // A list that is set before cannot fail to be added to.
    let _ = draft.add("server.api", [PORT]);
    Vec::new()
}

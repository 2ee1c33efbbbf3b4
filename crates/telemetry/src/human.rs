//! Lines for people at a terminal: no time, no module, one line each.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::event::TARGET;

/// `palisade: <message>` for our warnings and errors, whose message says everything; with level and fields for the
/// rest: `palisade: info: replay started replay.files=2`.
pub(crate) struct Human;

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Line::default();
        event.record(&mut line);
        let level = *event.metadata().level();
        if level <= Level::WARN && event.metadata().target() == TARGET {
            return writeln!(out, "palisade: {}", line.message);
        }
        let level = level.as_str().to_ascii_lowercase();
        writeln!(out, "palisade: {level}: {}{}", line.message, line.fields)
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = harmless(&format!("{value:?}"));
        // Writing into a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{text}"),
            name => write!(self.fields, " {name}={text}"),
        };
    }
}

/// File names may hold anything; a terminal must not obey it.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '.' } else { c }).collect()
}

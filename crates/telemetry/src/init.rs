//! Turns events into lines on standard error: once, at the start of the program.

use std::io;
use std::str::FromStr;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::event::TARGET;
use crate::human::Human;

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    #[default]
    Human,
    /// One JSON object a line: `{timestamp, level, fields: {message, …}, target}`.
    Json,
}

impl FromStr for Format {
    type Err = InitError;

    fn from_str(text: &str) -> Result<Self, InitError> {
        match text {
            "human" => Ok(Format::Human),
            "json" => Ok(Format::Json),
            _ => Err(InitError::Format(text.to_owned())),
        }
    }
}

/// Logging was asked for in a way that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// The format is neither `human` nor `json`.
    #[error("{0:?} is no log format; it is human or json")]
    Format(String),
    /// The filter is none.
    #[error("{filter:?} is no log filter ({problem}); use off, error, warn, info, debug or trace")]
    Filter {
        /// The filter given.
        filter: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Sends events from now on to standard error; `filter` as in `info` or `warn,sqlx=debug`.
/// Only the first call counts.
///
/// # Errors
/// Where `filter` is none.
pub fn init(format: Format, filter: &str) -> Result<(), InitError> {
    let subscriber = subscriber(format, filter, io::stderr)?;
    // Somebody who set one before, such as a test, keeps theirs.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// The subscriber that [`init`] sets, writing to `writer`.
///
/// # Errors
/// Where `filter` is none.
pub fn subscriber<W>(
    format: Format,
    filter: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, InitError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let chosen = parsed(filter)
        .map_err(|problem| InitError::Filter { filter: filter.to_owned(), problem: problem.to_string() })?;
    let builder = tracing_subscriber::fmt().with_env_filter(chosen).with_writer(writer).with_ansi(false);
    Ok(match format {
        Format::Human => Box::new(builder.event_format(Human).finish()),
        Format::Json => Box::new(builder.json().finish()),
    })
}

/// A single word is a level of ours: what libraries say below a warning (SQL, say) has to be asked for by name. Taken
/// as tracing takes it, a word that is no level would name a module and silence everything else.
fn parsed(filter: &str) -> Result<EnvFilter, Box<dyn std::error::Error>> {
    if filter.contains(['=', ',', '[']) {
        return Ok(EnvFilter::try_new(filter)?);
    }
    let level: LevelFilter = filter.parse().map_err(|_| "an unknown level")?;
    let others = level.min(LevelFilter::WARN);
    Ok(EnvFilter::try_new(format!("{others},{TARGET}={level}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_two_names() {
        assert_eq!("json".parse(), Ok(Format::Json));
        assert_eq!("human".parse(), Ok(Format::Human));
        let error = "xml".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "\"xml\" is no log format; it is human or json");
    }

    #[test]
    fn a_filter_that_is_none_is_named() {
        for filter in ["palisade=loud", "verbose"] {
            let error = subscriber(Format::Human, filter, io::sink).err().unwrap();
            assert!(error.to_string().starts_with(&format!("{filter:?} is no log filter")), "{error}");
        }
        for filter in ["off", "WARN", "info,sqlx=debug"] {
            assert!(subscriber(Format::Human, filter, io::sink).is_ok(), "{filter}");
        }
    }
}

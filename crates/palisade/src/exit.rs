//! One place where an error becomes words and an exit code.

use std::process::ExitCode;

use crate::shell;

/// The answer is "no".
pub(crate) const NO: u8 = 1;

/// Usage or configuration is wrong.
pub(crate) const USAGE: u8 = 2;

/// Something failed while running.
pub(crate) const RUNTIME: u8 = 3;

/// What the user typed or configured is wrong; exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

/// Prints `error` with its causes and picks the exit code.
pub(crate) fn explain(error: &anyhow::Error) -> ExitCode {
    if shell::is_closed_pipe(error) {
        // `palisade … | head` is not a failure.
        return ExitCode::SUCCESS;
    }
    shell::complain(&format!("palisade: {error:#}"));
    let usage = error.chain().any(|cause| cause.is::<UsageError>());
    ExitCode::from(if usage { USAGE } else { RUNTIME })
}

//! In the place of `train`, `evaluate` and `gym`, in a build that has no training.

use std::ffi::OsString;
use std::process::ExitCode;

use super::Global;
use crate::exit::UsageError;

/// Whatever was asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Taken, so that the answer is this build's and not that a word is unknown
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    asked: Vec<OsString>,
}

/// Says that it is not here.
///
/// # Errors
/// Always.
pub(crate) fn run(args: &Args, _: &Global) -> anyhow::Result<ExitCode> {
    let words = args.asked.len();
    let why = "this build has no training: train, evaluate and gym are left out (--no-default-features)";
    let way = "use a build with the feature train; the model files that it writes are read here";
    let rest =
        if words == 0 { String::new() } else { format!(" ({words} words after the command were not read)") };
    Err(UsageError(format!("{why}; {way}{rest}")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_what_is_missing() {
        let args = Args { asked: vec!["--from-store".into()] };
        let error = run(&args, &Global::default()).expect_err("it is not here").to_string();
        assert!(
            error.starts_with("this build has no training: ") && error.contains("feature train"),
            "{error}"
        );
    }
}

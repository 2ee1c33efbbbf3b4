//! `palisade assess`: judge described requests.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use palisade_detect::Observe;
use palisade_domain::ClientIp;
use palisade_policy::Judge;
use palisade_replay::answer::{ActionWords, CheckAnswer};
use palisade_replay::formats::CheckBody;

use super::Global;
use crate::exit;
use crate::memory;
use crate::setup::{self, Overrides};
use crate::shell;

/// Longest body that is read, in bytes.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// Read buffer of a batch.
const READ_BYTES: usize = 64 * 1024;

/// Judge one described request from standard input, or one a line with --batch.
///
/// A request is a /check body: {"user_agent": "curl/8.5.0", "endpoint": "/"} with ip, method, host, headers, body,
/// status, referrer, session, ja4, fingerprint and time_ms where known. The answer is /check's. With --data DIR the
/// history of earlier runs goes on and is kept there, one run at a time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One body a line in, one answer a line out, in one history; a bad line answers {"error": …}
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Runs it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let data = setup::data(global)?;
    let judge = setup::judge(global, &args.overrides, data.as_ref())?;
    let history = judge.engine().history();
    if let Some(data) = &data {
        memory::recall(history, data)?;
    }
    let done = if args.batch { batch(&judge) } else { single(&judge) };
    if let Some(data) = &data {
        // Also where nobody reads our answers any more: what was judged has happened.
        memory::keep(history, data)?;
    }
    done
}

/// Shown where a body is missing or wrong.
const EXAMPLE: &str =
    r#"echo '{"ip": "203.0.113.7", "user_agent": "curl/8.5.0", "endpoint": "/"}' | palisade assess"#;

fn single(judge: &Judge) -> anyhow::Result<ExitCode> {
    if io::stdin().is_terminal() {
        shell::complain("palisade assess: type a /check body as JSON and end it with Ctrl-D");
    }
    let mut body = String::new();
    let read = io::stdin().lock().take(BODY_BYTES_MAX + 1).read_to_string(&mut body);
    let answer = match read {
        Err(error) => Err(format!("standard input: {error}; a /check body is JSON in UTF-8")),
        Ok(bytes) if bytes as u64 > BODY_BYTES_MAX => Err(too_long()),
        Ok(_) => answer(judge, &body, 1),
    };
    match answer {
        Ok(answer) => shell::say(&answer)?,
        Err(error) => {
            shell::complain(&format!("palisade assess: {error}\nAn example: {EXAMPLE}"));
            return Ok(ExitCode::from(exit::USAGE));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn batch(judge: &Judge) -> anyhow::Result<ExitCode> {
    let mut lines = io::BufReader::with_capacity(READ_BYTES, io::stdin().lock());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if lines.buffer().is_empty() {
            // A program may wait for this answer before it asks again.
            out.flush()?;
        }
        if (&mut lines).take(BODY_BYTES_MAX + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 > BODY_BYTES_MAX {
            skip_rest(&mut lines)?;
            writeln!(out, "{}", error_line(&too_long()))?;
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        match answer(judge, text.trim_end_matches(['\n', '\r']), number) {
            Ok(answer) => writeln!(out, "{answer}")?,
            Err(error) => writeln!(out, "{}", error_line(&error))?,
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn skip_rest(lines: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = lines.fill_buf()?;
        let Some(end) = buffer.iter().position(|&byte| byte == b'\n') else {
            let all = buffer.len();
            lines.consume(all);
            if all == 0 {
                return Ok(());
            }
            continue;
        };
        lines.consume(end + 1);
        return Ok(());
    }
}

fn too_long() -> String {
    format!("a body longer than {BODY_BYTES_MAX} bytes is not read")
}

fn error_line(error: &str) -> String {
    serde_json::json!({ "error": error }).to_string()
}

fn answer(judge: &Judge, text: &str, number: u64) -> Result<String, String> {
    let peer = ClientIp::new(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let body = CheckBody::parse(text, shell::now(), peer).map_err(|error| error.to_string())?;
    let headers = body.record.header_entries();
    let facts = body.record.facts(&headers);
    let judged = judge.request(&facts, if body.observe { Observe::Note } else { Observe::Peek });
    if body.observe {
        judge.response(judged.ticket, &body.record.response(), facts.time);
    }
    let words = if body.all_actions { ActionWords::All } else { ActionWords::Four };
    let id = body.request_id.unwrap_or_else(|| format!("assess-{number}"));
    let answer = CheckAnswer::new(&judged, judge.policy().bands.challenge(), words, id);
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

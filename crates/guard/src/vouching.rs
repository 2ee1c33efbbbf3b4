//! Forms that need a token: which, and whether the one that came is good. Ours is checked and used up here, a provider's is
//! asked about.

use std::borrow::Cow;
use std::sync::Arc;

use palisade_challenge::siteverify::{Expect, Fault, Flavour, check, redeem};
use palisade_domain::{ClientIp, TenantId, Timestamp};
use palisade_intel::providers::field::{FIELDS, Given};
use palisade_intel::providers::{Ask, OnFailure, Verifier};

use crate::Guard;
use crate::health::PROVIDER;

/// The lowest score of our own tokens where a rule names none.
const OWN_SCORE_MIN: f64 = 0.5;

/// One rule: what is posted below a path needs a token.
#[derive(Clone, Debug, PartialEq)]
pub struct RequireToken {
    /// The path, and everything below it.
    pub path: String,
    /// What happens where a provider cannot be asked.
    pub on_failure: OnFailure,
    /// Lowest score, 0.0..=1.0 human; `None` for the provider's own threshold, or a half.
    pub score_min: Option<f64>,
    /// What it must have been made for; `None` for anything.
    pub action: Option<String>,
}

/// All rules, and whose word counts.
#[derive(Clone, Default)]
pub struct Vouching {
    /// In the order of the file; the first that covers a path counts.
    pub rules: Vec<RequireToken>,
    /// The provider; without one, our own tokens count.
    pub provider: Option<Arc<Verifier>>,
}

/// Who posts what.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// Whose site.
    pub tenant: TenantId,
    /// The host that was asked, without port.
    pub host: &'a str,
    /// Whom it came from, where that is known.
    pub client: Option<ClientIp>,
    /// When.
    pub now: Timestamp,
}

impl Vouching {
    /// The rule for posts to `path`.
    pub fn rule(&self, path: &str) -> Option<&RequireToken> {
        if self.rules.is_empty() {
            return None;
        }
        let path = without_parameters(palisade_policy::plainly(path));
        self.rules.iter().find(|rule| {
            path.strip_prefix(&*rule.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rule.path.ends_with('/'))
        })
    }
}

/// `/forms;jsessionid=1/send` is `/forms/send` to servers that know path parameters (RFC 3986, section 3.3): what such a server takes
/// for a form must not get around its rule.
fn without_parameters(path: Cow<'_, str>) -> Cow<'_, str> {
    if !path.contains(';') {
        return path;
    }
    let segments = path.split('/').map(|segment| segment.split(';').next().unwrap_or(segment));
    Cow::Owned(segments.collect::<Vec<_>>().join("/"))
}

impl Guard {
    /// The rules in office.
    pub fn vouching(&self) -> Arc<Vouching> {
        self.vouching.load_full()
    }

    /// Other rules, whole.
    pub fn replace_vouching(&self, vouching: Vouching) {
        self.vouching.store(Arc::new(vouching));
        // Said of the one before; whether it holds of this one shows with the next question.
        self.health.recover(PROVIDER);
    }

    /// Is the token among `given` good enough for `rule`? A good one of ours is used up.
    ///
    /// # Errors
    /// With machine-readable reasons, the general one first.
    pub async fn vouched(
        &self,
        vouching: &Vouching,
        rule: &RequireToken,
        given: &Given,
        posted: &Posted<'_>,
    ) -> Result<(), Vec<String>> {
        let words = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let Some(provider) = &vouching.provider else {
            return self.own_token(rule, given, posted).map_err(words);
        };
        let Some(response) = given.first(provider.provider().fields) else {
            return Err(words(vec!["missing-input-response"]));
        };
        let ask = Ask {
            remote_ip: posted.client.map(ClientIp::addr),
            hosts: &[posted.host],
            action: rule.action.as_deref(),
            min_score: rule.score_min,
            ..Ask::new(response)
        };
        let outcome = self.ask_provider(provider, &ask, posted.now).await;
        if outcome.passes(rule.on_failure) { Ok(()) } else { Err(words(outcome.error_codes())) }
    }

    fn own_token(
        &self,
        rule: &RequireToken,
        given: &Given,
        posted: &Posted<'_>,
    ) -> Result<(), Vec<&'static str>> {
        let text = given.first(&FIELDS).ok_or_else(|| vec!["missing-input-response"])?;
        let challenges = self.challenges().ok_or_else(|| vec!["internal-error"])?;
        let expect = Expect { tenant: posted.tenant, site_key: None };
        let codes = |fault: Fault| fault.codes(Flavour::Own);
        let said = check(&challenges.tokens, text, &expect, posted.now).map_err(codes)?;
        if !said.hostname.eq_ignore_ascii_case(posted.host) {
            return Err(vec!["invalid-input-response", "wrong-hostname"]);
        }
        if rule.action.as_ref().is_some_and(|action| *action != said.action) {
            return Err(vec!["invalid-input-response", "wrong-action"]);
        }
        if !challenges.is_good(&said, rule.score_min.unwrap_or(OWN_SCORE_MIN)) {
            return Err(vec!["invalid-input-response", "low-score"]);
        }
        // Only what is good in every way is used up.
        redeem(&challenges.tokens, &challenges.claims, text, &expect, posted.now).map(drop).map_err(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_what_lies_below_it() {
        let rule = |path: &str| RequireToken {
            path: path.to_owned(),
            on_failure: OnFailure::Closed,
            score_min: None,
            action: None,
        };
        let vouching = Vouching { rules: vec![rule("/contact"), rule("/forms/")], provider: None };
        for (path, covered) in [
            ("/contact", true),
            ("/contact/send", true),
            ("/contacts", false),
            ("/contact;jsessionid=1", true),
            ("/forms;a=b/send;c", true),
            ("/x;/contact", false),
            ("/forms/a", true),
            ("/forms", false),
            ("/", false),
            ("/%63ontact", true),
            ("//contact", true),
            ("/x/../contact", true),
            ("/contact/.", true),
        ] {
            assert_eq!(vouching.rule(path).is_some(), covered, "{path}");
        }
    }
}

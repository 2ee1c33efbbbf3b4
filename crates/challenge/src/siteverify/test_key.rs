//! The vendors' published test keys, taken only where `challenge.testing` says so: an application's own tests run unchanged.

use super::Fault;

/// What a test secret says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestSecret {
    /// Turnstile: takes everything.
    TurnstilePasses,
    /// Turnstile: takes nothing.
    TurnstileBlocks,
    /// Turnstile: says that the token was used before.
    TurnstileSpent,
    /// reCAPTCHA v2: takes everything.
    Recaptcha,
    /// hCaptcha: takes the tokens of its test site keys.
    Hcaptcha,
}

/// The token of Turnstile's test site keys.
pub const TURNSTILE_TOKEN: &str = "XXXX.DUMMY.TOKEN.XXXX";
/// The token of hCaptcha's test site key; the second is a person's under its enterprise key.
pub const HCAPTCHA_TOKENS: [&str; 2] =
    ["10000000-aaaa-bbbb-cccc-000000000001", "20000000-aaaa-bbbb-cccc-000000000002"];

/// What a widget with a test site key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestWidget {
    /// Answers this token.
    Token(&'static str),
    /// Fails.
    Blocked,
}

/// The test secret `text`, where it is one.
pub fn secret(text: &str) -> Option<TestSecret> {
    Some(match text {
        "1x0000000000000000000000000000000AA" => TestSecret::TurnstilePasses,
        "2x0000000000000000000000000000000AA" => TestSecret::TurnstileBlocks,
        "3x0000000000000000000000000000000AA" => TestSecret::TurnstileSpent,
        "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe" => TestSecret::Recaptcha,
        "0x0000000000000000000000000000000000000000" => TestSecret::Hcaptcha,
        _ => return None,
    })
}

/// What a widget does that carries `site_key`, where that is a test site key. reCAPTCHA's answers any token, since its test
/// secret takes any.
pub fn widget(site_key: &str) -> Option<TestWidget> {
    Some(match site_key {
        "1x00000000000000000000AA" | "1x00000000000000000000BB" | "3x00000000000000000000FF" => {
            TestWidget::Token(TURNSTILE_TOKEN)
        }
        "2x00000000000000000000AB" | "2x00000000000000000000BB" => TestWidget::Blocked,
        "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI" => TestWidget::Token(TURNSTILE_TOKEN),
        "10000000-ffff-ffff-ffff-000000000001" => TestWidget::Token(HCAPTCHA_TOKENS[0]),
        "20000000-ffff-ffff-ffff-000000000002" => TestWidget::Token(HCAPTCHA_TOKENS[1]),
        "30000000-ffff-ffff-ffff-000000000003" => TestWidget::Blocked,
        _ => return None,
    })
}

impl TestSecret {
    /// The host that the answer names.
    pub(super) fn hostname(self) -> &'static str {
        match self {
            TestSecret::Recaptcha => "testkey.google.com",
            TestSecret::Hcaptcha => "dummy-key-pass",
            _ => "example.com",
        }
    }

    pub(super) fn judge(self, response: &str) -> Result<TestSecret, Fault> {
        match self {
            _ if response.is_empty() => Err(Fault::MissingResponse),
            TestSecret::TurnstileBlocks => Err(Fault::TestBlocks),
            TestSecret::TurnstileSpent => Err(Fault::Spent),
            TestSecret::Hcaptcha if !HCAPTCHA_TOKENS.contains(&response) => Err(Fault::NotDummy),
            _ => Ok(self),
        }
    }
}

//! Lines of the audit log: who changed what by this API.

use palisade_domain::ClientIp;
use palisade_store::{AuditRandom, NewAuditLine, Personal};
use ring::rand::{SecureRandom, SystemRandom};

use crate::api::Api;
use crate::call::Admitted;
use crate::problem::{Code, Problem};

/// What was done.
pub(crate) struct Deed<'a> {
    /// `list.block`, `feedback.label`.
    pub(crate) action: &'a str,
    /// `label:3`, `entry:17`.
    pub(crate) object: String,
    /// How it went.
    pub(crate) detail: String,
    /// Whom it is about.
    pub(crate) about: Option<ClientIp>,
}

impl Admitted {
    /// The caller in words of the audit log.
    pub(crate) fn actor(&self) -> String {
        self.key.map_or_else(|| "local".to_owned(), |key| format!("key:{}", key.0))
    }
}

impl Api {
    /// Writes a line. It is durable when this returns.
    ///
    /// # Errors
    /// 503 where it cannot be written: then the call must not be acknowledged.
    pub(crate) async fn audit(&self, actor: &str, deed: Deed<'_>) -> Result<(), Problem> {
        let personal = deed.about.map(|ip| Personal {
            subject: format!("ip:{ip}"),
            field: "address".to_owned(),
            value: ip.to_string(),
        });
        let line = NewAuditLine {
            time: self.clock.now(),
            actor: actor.to_owned(),
            action: deed.action.to_owned(),
            object: deed.object,
            detail: deed.detail,
            personal: personal.into_iter().collect(),
        };
        let mut bytes = [0; AuditRandom::BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Problem::new(Code::Unavailable, "the machine gives no random numbers"))?;
        let tenant = self.settings().tenant;
        self.kept(self.store.append_audit(tenant, &line, &AuditRandom::new(bytes)).await)?;
        Ok(())
    }
}

//! Everything challenges need at run time, shared by both edges: what is issued here is redeemed here.

use std::sync::Arc;

use arc_swap::ArcSwap;
use palisade_domain::{Fact, PassKind, RequestFacts, Scheme, SessionId, SiteId, TenantId, Timestamp};
use palisade_limits::{BoundedTable, BoundedTableSettings, BucketRate, Take, TokenBucket};

use siphasher::sip::SipHasher13;

use crate::behaviour::{self, Around, Behaviour, Lifetime, Submission, Trace};
use crate::bindings::Bindings;
use crate::claims::{self, Claim, Claims};
use crate::code::Code;
use crate::ladder::{Asked, Kind, Ladder, Load, Plan, Pressure, TRIES_EACH};
use crate::novelty::Novelty;
use crate::outcome::Outcomes;
use crate::pass::{self, Pass, PassFault, Shown};
use crate::revoked::Revoked;
use crate::secrets::Secrets;
use crate::siteverify::Desk;
use crate::ticket::{Purpose, Ticket};
use crate::token::{Statement, Tokens};
use crate::work::{self, Puzzles, WorkKind};

/// What the operator chose about challenges; swapped whole when the configuration is read again.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How long a pass holds, ms.
    pub pass_ms: i64,
    /// How long a pass holds that was given without script, ms: it cost its bearer next to nothing.
    pub no_script_pass_ms: i64,
    /// How long a ticket may be redeemed, ms.
    pub ticket_ms: i64,
    /// Passes of another epoch hold no longer.
    pub epoch: u32,
    /// Which challenge is next.
    pub ladder: Ladder,
    /// Share of interactions that are kept where the page asks for it, 0.0..=1.0.
    pub save_sample: f64,
    /// Lowest score that `/siteverify` calls a success where its caller looks at nothing else, 0.0..=1.0.
    pub siteverify_score_min: f64,
    /// Whether test keys pass everything. Never on a live site.
    pub testing: bool,
}

/// What [`Settings::siteverify_score_min`] is where nobody says: between a browser that says a program drives it (0.01), whoever sends
/// no recording or an old one (0.05), and a person who has done nothing yet (0.4) in a browser with three oddities (0.13). A caller
/// who looks at `success` only offers no other way, so nobody who is merely odd is refused.
pub const SITEVERIFY_SCORE_MIN: f64 = 0.1;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            pass_ms: 24 * 3_600_000,
            no_script_pass_ms: 3_600_000,
            ticket_ms: 600_000,
            epoch: 1,
            ladder: Ladder::default(),
            save_sample: 0.0,
            siteverify_score_min: SITEVERIFY_SCORE_MIN,
            testing: false,
        }
    }
}

/// Challenges of one installation.
pub struct Challenges {
    /// The keys.
    pub secrets: Secrets,
    /// What was used and may not be used again.
    pub claims: Claims,
    /// Passes that were taken back.
    pub revoked: Revoked,
    /// Challenges that networks left unanswered.
    pub pressure: Pressure,
    /// How often each network asked for something that costs us work.
    asks: BoundedTable<TokenBucket>,
    /// Recordings that were played before.
    pub novelty: Novelty,
    /// Keys of result tokens, site keys.
    pub tokens: Tokens,
    /// What became of challenges.
    pub outcomes: Outcomes,
    settings: ArcSwap<Settings>,
}

/// What is known about the request that is challenged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Occasion {
    /// Its score, 0..=100 bot.
    pub score: u8,
    /// How much the site is under.
    pub load: Load,
    /// How many challenges this visitor failed or left before.
    pub tries: u8,
    /// Why the last answer was not taken.
    pub code: Option<Code>,
}

/// A challenge that was issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// What was asked.
    pub ticket: Ticket,
    /// The ticket as it travels.
    pub text: String,
    /// The puzzles to solve; none where behaviour alone is looked at, or at the end of the ladder.
    pub puzzles: Option<Puzzles>,
    /// What the ladder says: the kind, what goes without script, the reason.
    pub plan: Plan,
}

/// A challenge that was met.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    /// Which.
    pub ticket: Ticket,
    /// What was proved.
    pub kind: PassKind,
    /// What the behaviour says, where any was sent: 0.0 a program, 1.0 a person.
    pub behaviour: Option<Behaviour>,
}

/// An answer that was not taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unmet {
    /// Why.
    pub code: Code,
    /// The ticket, where it was one of ours and of this visitor: the next challenge counts its tries on.
    pub ticket: Option<Ticket>,
}

/// Who answers a challenge, as the edge sees it.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// Whose site.
    pub tenant: TenantId,
    /// Which site.
    pub site: SiteId,
    /// What a pass would be bound to.
    pub bindings: Bindings,
    /// How it came.
    pub scheme: Scheme,
}

impl Challenges {
    /// With keys of `master`; `claims` are those of the run before, or say since when none are known.
    pub fn new(master: &[u8; 32], claims: Claims, settings: Settings) -> Self {
        let secrets = Secrets::derive(master);
        Challenges {
            revoked: Revoked::new(secrets.table),
            pressure: Pressure::new(&secrets),
            asks: BoundedTable::new(BoundedTableSettings { name: "challenge.asks", entries_max: ASKING_MAX }),
            novelty: Novelty::new(),
            tokens: Tokens::default(),
            secrets,
            claims,
            outcomes: Outcomes::default(),
            settings: ArcSwap::from_pointee(settings),
        }
    }

    /// The settings in office.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Other settings, whole.
    pub fn replace_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// The pass that a request shows, as facts: what it was given for, and the session it stands for. Both are `Absent`
    /// where it shows none that holds.
    pub fn look(&self, facts: &RequestFacts<'_>) -> (Fact<PassKind>, Fact<SessionId>) {
        let Fact::Known(headers) = facts.headers else { return (Fact::Unseen, facts.session) };
        let cookies = headers.entries.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        // The first that holds: a neighbour's host may have set another of the same name.
        let mut bindings = None;
        for text in cookies.flat_map(|(_, cookies)| pass::shown(cookies, facts.scheme)).take(PASSES_SHOWN_MAX)
        {
            let bindings = bindings.get_or_insert_with(|| Bindings::of(facts));
            if let Ok(pass) = self.check(text, facts.tenant, facts.site, bindings, facts.time) {
                return (Fact::Known(pass.kind), Fact::Known(SessionId(pass.id)));
            }
        }
        (Fact::Absent, facts.session)
    }

    /// Reads and checks the text of a pass.
    ///
    /// # Errors
    /// With what speaks against it.
    pub fn check(
        &self,
        text: &str,
        tenant: TenantId,
        site: SiteId,
        bindings: &Bindings,
        now: Timestamp,
    ) -> Result<Pass, PassFault> {
        let pass = Pass::read(text, &self.secrets)?;
        let epoch = self.settings.load().epoch;
        pass.check(&Shown { tenant, site, bindings, now, epoch })?;
        if self.revoked.contains(tenant, pass.id) { Err(PassFault::Revoked) } else { Ok(pass) }
    }

    /// May this network ask for another ticket, answer or token now? Each costs us a signature or more.
    pub fn may_ask(&self, tenant: TenantId, bindings: &Bindings, now: Timestamp) -> bool {
        // Behind a proxy nobody named, everybody would share one bucket.
        let Some(network) = bindings.network else { return true };
        let now_ms = now.millis().max(0).unsigned_abs();
        let network = network ^ u64::from(tenant.0).rotate_left(32);
        let key = SipHasher13::new_with_keys(self.secrets.table[0], self.secrets.table[1])
            .hash(&network.to_be_bytes());
        let full = || TokenBucket::new(ASKS, now_ms);
        self.asks.update(key, full, |bucket, _| bucket.try_take(now_ms, 1) == Take::Allowed)
    }

    /// A challenge for `visitor`; `id` is random. Nothing is kept.
    pub fn issue(
        &self,
        visitor: &Visitor,
        purpose: Purpose,
        occasion: &Occasion,
        now: Timestamp,
        id: u128,
    ) -> Issued {
        let settings = self.settings.load();
        if purpose == Purpose::Widget {
            // Its token will be signed in a moment: whoever has to make the key begins now.
            let _ = self.tokens.keyring();
        }
        // What an application is given for its visitor is answered with a token or a provider's word: no work of its own.
        let own = purpose != Purpose::Check;
        let pressure = match visitor.bindings.network.filter(|_| own) {
            Some(network) => self.pressure.issued(visitor.tenant, network, now),
            None => 0,
        };
        // A widget's first kind is behaviour, and the cheap work beside it in the background: else a recording would be free.
        let asked = Asked {
            purpose: if purpose == Purpose::Widget { Purpose::Pass } else { purpose },
            score: occasion.score,
            load: occasion.load,
            pressure,
            tries: occasion.tries,
            code: occasion.code,
        };
        let mut plan = settings.ladder.plan(&asked);
        if plan.kind == Some(PassKind::HardWork) && pressure >= HARD_PRESSURE_MAX {
            // The hard kind costs us a millisecond to ask for: a network that answers nothing is asked for the next one.
            plan = settings.ladder.plan(&Asked { tries: asked.tries.saturating_add(TRIES_EACH), ..asked });
        }
        plan.work = plan.work.filter(|_| own);
        let ticket = Ticket {
            tenant: visitor.tenant,
            site: visitor.site,
            id,
            issued: now,
            expires: now.plus_millis(settings.ticket_ms),
            purpose,
            work: plan.work,
            tries: occasion.tries,
            score: occasion.score,
            bindings: visitor.bindings,
        };
        if let Some(kind) = plan.kind.filter(|_| own) {
            self.outcomes.issued(kind, ticket.expires, now);
        }
        let puzzles = plan.work.map(|work| work::issue(work, id, &self.secrets));
        Issued { ticket, text: ticket.text(&self.secrets), puzzles, plan }
    }

    /// Checks an answer and claims its ticket: of all who bring one ticket exactly one is told that it met it.
    ///
    /// # Errors
    /// With what speaks against it; a ticket that was not met may be brought again until it expires.
    pub fn redeem(
        &self,
        visitor: &Visitor,
        purpose: Purpose,
        submission: &Submission,
        user_agent: Option<&str>,
        now: Timestamp,
    ) -> Result<Met, Unmet> {
        let unmet = |code| Unmet { code, ticket: None };
        let text = submission.ticket.as_deref().ok_or_else(|| self.refused(unmet(Code::MissingTicket)))?;
        let ticket = Ticket::read(text, &self.secrets).map_err(|code| self.refused(unmet(code)))?;
        ticket.check(visitor.tenant, visitor.site, purpose, now).map_err(|code| self.refused(unmet(code)))?;
        if purpose == Purpose::Pass && !ticket.bindings.hold(&visitor.bindings) {
            return Err(self.refused(unmet(Code::OtherVisitor)));
        }
        let kind = kind_of(ticket.work);
        let failed = |code| {
            self.outcomes.failed(kind, code);
            // Others were answered before, or are not among those that were counted.
            if !matches!(code, Code::SpentTicket | Code::TicketBeforeRestart) {
                self.answered(&ticket, now);
            }
            Unmet { code, ticket: Some(ticket) }
        };
        if let Some(work) = ticket.work {
            let answer = submission.work.as_ref().ok_or_else(|| failed(Code::MissingWork))?;
            work::check(work, ticket.id, &self.secrets, &answer.solutions).map_err(failed)?;
        }
        let behaviour =
            submission.trace.as_ref().map(|trace| self.seen(trace, Some(&ticket), user_agent, now));
        match self.claims.claim(
            ticket.tenant,
            claims::Kind::Ticket,
            ticket.id,
            ticket.issued,
            ticket.expires,
            now,
        ) {
            Claim::Won => {}
            Claim::Spent => return Err(failed(Code::SpentTicket)),
            Claim::Unknown => return Err(failed(Code::TicketBeforeRestart)),
        }
        // Only who won is asked whether the recording is new: those who bring the same ticket at once bring the same one.
        let behaviour = behaviour.map(|behaviour| self.compared(behaviour, visitor, now));
        self.settle(&ticket, behaviour.as_ref()).map_err(failed)?;
        self.met(&ticket, kind, now);
        Ok(Met { ticket, kind, behaviour })
    }

    /// `ticket`, claimed by the caller, was met by `kind`: what it asked for, or what stood beside it.
    pub fn met(&self, ticket: &Ticket, kind: PassKind, now: Timestamp) {
        self.answered(ticket, now);
        let asked = self.asked(ticket);
        if asked != kind {
            self.outcomes.moved(asked, kind);
        }
        self.outcomes.solved(kind, now.millis_since(ticket.issued));
        if let Some(network) = ticket.bindings.network {
            self.pressure.met(ticket.tenant, network, now);
        }
    }

    /// Is a token good enough where nobody reads its score but us?
    pub fn is_good(&self, statement: &Statement, score_min: f64) -> bool {
        statement.is_good(self.settings.load().ladder.asks_work(), score_min)
    }

    /// Where `/siteverify` is answered.
    pub fn desk(&self) -> Desk<'_> {
        let settings = self.settings.load();
        Desk {
            tokens: &self.tokens,
            claims: &self.claims,
            testing: settings.testing,
            asks_work: settings.ladder.asks_work(),
            score_min: settings.siteverify_score_min,
        }
    }

    /// `ticket` was not left. Those of applications are theirs to count.
    fn answered(&self, ticket: &Ticket, now: Timestamp) {
        if ticket.purpose != Purpose::Check {
            self.outcomes.answered(self.asked(ticket), ticket.expires, now);
        }
    }

    /// The kind that `ticket` asked for. Where that is no work it does not say which: the ladder does.
    fn asked(&self, ticket: &Ticket) -> Kind {
        let kind = kind_of(ticket.work);
        if kind != PassKind::Behaviour {
            return kind;
        }
        let settings = self.settings.load();
        let planned = |tries| {
            let (score, load, pressure) = (ticket.score, Load::Calm, 0);
            settings
                .ladder
                .plan(&Asked { purpose: Purpose::Pass, score, load, pressure, tries, code: None })
                .kind
        };
        let without_work = |kind: &Kind| !matches!(kind, PassKind::Work | PassKind::HardWork);
        // One more: a network that leaves the hard kind is asked for the next.
        let tries = [ticket.tries, ticket.tries.saturating_add(TRIES_EACH)];
        tries.into_iter().filter_map(planned).find(without_work).unwrap_or(kind)
    }

    /// What the recorded behaviour says; a recording that was sent before says little.
    pub fn judge(
        &self,
        trace: &Trace,
        visitor: &Visitor,
        ticket: Option<&Ticket>,
        user_agent: Option<&str>,
        now: Timestamp,
    ) -> Behaviour {
        self.compared(self.seen(trace, ticket, user_agent, now), visitor, now)
    }

    fn seen(
        &self,
        trace: &Trace,
        ticket: Option<&Ticket>,
        user_agent: Option<&str>,
        now: Timestamp,
    ) -> Behaviour {
        let ticket = ticket.map(|ticket| Lifetime { issued: ticket.issued, expires: ticket.expires });
        behaviour::judge(trace, &Around { now, ticket, user_agent, key: self.secrets.table })
    }

    fn compared(&self, behaviour: Behaviour, visitor: &Visitor, now: Timestamp) -> Behaviour {
        match behaviour.shape {
            Some(shape) if self.novelty.seen(visitor.tenant, shape, key_of(&visitor.bindings), now) => {
                behaviour.repeated()
            }
            _ => behaviour,
        }
    }

    /// Is what was shown enough for a pass? Work alone is, for a hand that says nothing: marks of automation, or a recording that was
    /// left out, only make the work harder, so that no odd browser is locked out (DESIGN section 6).
    fn settle(&self, ticket: &Ticket, behaviour: Option<&Behaviour>) -> Result<(), Code> {
        if ticket.purpose != Purpose::Pass {
            return Ok(());
        }
        let human = behaviour.map(|behaviour| behaviour.human);
        let is_enough = match ticket.work.map(|work| work.kind) {
            None | Some(WorkKind::Hash) => human.is_some_and(|human| human >= DRIVEN_MAX),
            Some(WorkKind::Memory) => true,
        };
        let why = behaviour.map_or(Code::EmptyTrace, |behaviour| behaviour.reason.unwrap_or(Code::LowScore));
        if is_enough { Ok(()) } else { Err(why) }
    }

    fn refused(&self, unmet: Unmet) -> Unmet {
        self.outcomes.refused(unmet.code);
        unmet
    }

    /// A pass for `visitor`, who proved `kind`. `id` is random.
    pub fn pass(&self, visitor: &Visitor, kind: PassKind, id: u128, now: Timestamp) -> Pass {
        let settings = self.settings.load();
        let life_ms = match kind {
            PassKind::NoScript => settings.no_script_pass_ms,
            _ => settings.pass_ms,
        };
        Pass {
            tenant: visitor.tenant,
            site: visitor.site,
            id,
            issued: now,
            expires: now.plus_millis(life_ms),
            kind,
            epoch: settings.epoch,
            bindings: visitor.bindings,
        }
    }

    /// The value of `Set-Cookie` for `pass`.
    pub fn pass_cookie(&self, pass: &Pass, scheme: Scheme) -> String {
        let age = (pass.expires.secs() - pass.issued.secs()).max(0);
        set_cookie(pass::COOKIE_SECURE, pass::COOKIE, &pass.text(&self.secrets), age, scheme)
    }
}

/// Challenges a network may leave unanswered until it is not asked for the hard kind any more.
const HARD_PRESSURE_MAX: u32 = 64;
/// What one network (/24, /48) may ask for: an office of two hundred people, all at once and again.
const ASKS: BucketRate = BucketRate { per_minute: 240, burst: 480 };
/// Networks whose asking is remembered.
pub const ASKING_MAX: usize = 100_000;
/// Passes of one request that are looked at.
const PASSES_SHOWN_MAX: usize = 16;
/// From which score on an application is told that behaviour alone is enough.
pub(crate) const HUMAN_MIN: f64 = 0.5;
/// Below which score the cheap work, or none where the ladder has none, is not enough: a browser that says it is driven, or a hand
/// like a machine's. Nobody has to move: whoever waits for the page has 0.4.
const DRIVEN_MAX: f64 = 0.2;

/// What meeting a ticket proves.
fn kind_of(work: Option<work::WorkParams>) -> Kind {
    match work.map(|work| work.kind) {
        None => PassKind::Behaviour,
        Some(WorkKind::Hash) => PassKind::Work,
        Some(WorkKind::Memory) => PassKind::HardWork,
    }
}

/// One visitor, as far as repeated recordings are told apart.
fn key_of(bindings: &Bindings) -> u64 {
    let (network, agent) = (bindings.network.unwrap_or(0), u64::from(bindings.agent.unwrap_or(0)));
    network.rotate_left(17) ^ agent ^ u64::from(bindings.stack.unwrap_or(0)) << 32
}

/// The value of `Set-Cookie` for a cookie of ours: `secure` is its name on https (RFC 6265bis, section 4.1.3.2), `clear` on clear
/// HTTP. `age_secs` 0 removes it.
pub fn set_cookie(secure: &str, clear: &str, value: &str, age_secs: i64, scheme: Scheme) -> String {
    match scheme {
        Scheme::Https => {
            format!("{secure}={value}; Max-Age={age_secs}; Path=/; Secure; HttpOnly; SameSite=Lax")
        }
        Scheme::Http => format!("{clear}={value}; Max-Age={age_secs}; Path=/; HttpOnly; SameSite=Lax"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_asks_so_often_and_no_more() {
        let challenges = Challenges::new(&[7; 32], Claims::default(), Settings::default());
        let of = |network| Bindings { network, ..Bindings::default() };
        let asked = |network: Option<u64>, now| {
            (0..1_000)
                .filter(|_| challenges.may_ask(TenantId(1), &of(network), Timestamp::from_secs(now)))
                .count()
        };
        assert_eq!(asked(Some(1), 1_000), ASKS.burst as usize);
        assert_eq!(asked(Some(2), 1_000), ASKS.burst as usize, "another network has its own");
        assert_eq!(asked(Some(1), 1_060), ASKS.per_minute as usize);
        assert_eq!(asked(None, 1_000), 1_000, "who cannot be told apart is not counted together");
    }
}

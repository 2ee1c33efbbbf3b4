//! The order in which a decision is made, as one visible list.

use std::sync::Arc;

use palisade_detect::gather::Kind;
use palisade_detect::{Conduct, Observe};
use palisade_domain::{
    Action, Assessment, BlockReason, ClaimStatus, Decision, Enforcement, Fact, IdentityClass, Pace, Price,
    Rate, RequestFacts, SignalId, Timestamp,
};

use crate::expression::View;
use crate::limits::{self, LimitSettings, Purpose, steady};
use crate::lists::{ListEffect, ListEntry};
use crate::memory::Memory;
use crate::ruleset::{Candidates, EntryKind, Rule, RuleEffect, Ruleset};
use crate::trouble::EntrySettings;
use crate::{Around, Bands, Preset};

/// What decides beside the assessment, where nothing is remembered: the question "what would that policy have said".
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    /// The list entry that covers the client now.
    pub list: Option<&'a ListEntry>,
    /// True where the client asked for a trap URL that was keyed to it, not cross-site.
    pub keyed_trap_hit: bool,
}

/// A policy: a preset, its bands, the operator's own rules and limits, and whether it is enforced.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The preset.
    pub preset: Preset,
    /// The bands.
    pub bands: Bands,
    /// What is carried out.
    pub enforcement: Enforcement,
    /// The operator's own rules.
    pub rules: Arc<Ruleset>,
    /// How much is let pass.
    pub limits: LimitSettings,
    /// What is written into the lists, and for how long.
    pub entries: EntrySettings,
    /// The number by which rules call this policy's site, where it is another than its place among the sites: the file's
    /// order is the operator's, ours begins with the site of every host.
    pub site_number: Option<u32>,
    /// False where there are no challenges to give (an empty ladder, a log): a challenge is carried out as monitor there, and
    /// as throttle for more than [`LimitSettings::doubtful_pages`].
    pub challenges: bool,
}

/// Everything one decision looks at.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) assessment: &'a Assessment,
    /// `None` where only the assessment is known.
    pub(crate) facts: Option<&'a RequestFacts<'a>>,
    pub(crate) conduct: Option<&'a Conduct>,
    pub(crate) around: &'a Around,
    pub(crate) list: Option<&'a ListEntry>,
    pub(crate) keyed_trap_hit: bool,
    /// `None` where nothing is remembered: limits do not speak, rates are held against the last minute's pages.
    pub(crate) memory: Option<&'a Memory>,
    pub(crate) observe: Observe,
    pub(crate) view: Option<&'a View<'a>>,
    pub(crate) candidates: Option<&'a Candidates>,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Say {
    pub(crate) action: Action,
    /// The rule's own name.
    pub(crate) rule: &'static str,
    /// Which of the operator's own rules, from 1; those are carried out under `enforce = "hard"` too.
    pub(crate) number: Option<u16>,
    /// An entry to be written.
    pub(crate) entry: Option<EntryKind>,
    pub(crate) until: Option<Timestamp>,
}

/// What the first rule on dry run would have done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DryRun {
    /// Its action.
    pub action: Action,
    /// Which of the operator's own rules, from 1.
    pub rule_number: u16,
}

/// One rule of the order.
pub(crate) struct Step {
    /// The name under which it stands in decisions; of those that begin with it where it has several.
    pub(crate) name: &'static str,
    /// What it does, in a sentence.
    pub(crate) says: &'static str,
    ask: fn(&Case<'_>) -> Option<Say>,
}

const fn step(name: &'static str, says: &'static str, ask: fn(&Case<'_>) -> Option<Say>) -> Step {
    Step { name, says, ask }
}

/// First that speaks decides. DESIGN section 4, with attacks (section 11: refused from the first hour, whoever sends
/// them) before the class rules, so that an honest `curl` may fetch pages and may not send an injection.
pub(crate) const PRECEDENCE: [Step; 13] = [
    step("operator: allow", "what the operator allows passes, whatever else is known", operator_allow),
    step("operator: block", "what the operator blocks is refused", operator_block),
    step(
        OWN_RULE,
        "the operator's own rules, in the order of the file; the first that decides decides",
        own_rule,
    ),
    step(
        "identity: verified",
        "a program that proves who it is passes up to its class's rate",
        verified_identity,
    ),
    step("list", "entries of the lists allow, refuse, hold to a rate", list_entry),
    step("trap: keyed", "who asks for a trap that was shown to nobody else is refused", keyed_trap),
    step("identity: forged", "who says it is a crawler and provably is not is refused", forged_identity),
    step("attack", "payloads, scans and floods are refused, whoever sends them", attack),
    step("preflight", "a browser's question whether it may ask (CORS preflight) passes", preflight),
    step("limit", "what goes over a rate limit is throttled", limits::limit),
    step("limit: pages", "page after page and nothing else is throttled", limits::endless_pages),
    step(
        "identity",
        "programs that say so pass, are watched or refused, up to their class's rate",
        class_rule,
    ),
    step(BAND, "everybody else is judged by the score", band),
];

/// The step of the operator's own rules.
const OWN_RULE: &str = "rule";
/// The step of the score.
const BAND: &str = "band";

/// The name of the rule under which a pass lets pass.
pub const PASS: &str = "pass";

/// The name of the rule under which the picture of a link preview passes.
pub const PREVIEW: &str = "preview";

/// How slowly a tarpit of the operator's own rules answers.
const RULE_PACE: Pace = Pace(16);
/// What a request costs that a rule charges for: a tenth of a cent.
const RULE_PRICE: Price = Price(1_000);

impl Default for Policy {
    fn default() -> Self {
        Policy::preset(Preset::default())
    }
}

impl Policy {
    /// `preset` as it stands, enforced only for attacks.
    pub fn preset(preset: Preset) -> Self {
        Policy {
            preset,
            bands: preset.bands(),
            enforcement: Enforcement::Hard,
            rules: Arc::default(),
            limits: LimitSettings::default(),
            entries: EntrySettings::default(),
            site_number: None,
            challenges: false,
        }
    }

    /// What this policy says about an assessment, where nothing else is known: own rules and limits do not speak.
    pub fn decide(&self, assessment: &Assessment, circumstances: &Circumstances<'_>) -> Decision {
        let around = Around::default();
        let case =
            Case { keyed_trap_hit: circumstances.keyed_trap_hit, ..Case::bare(self, assessment, &around) };
        self.decision(&Case { list: circumstances.list, ..case }).0
    }

    /// The decision on `case`, and what was said.
    pub(crate) fn decision(&self, case: &Case<'_>) -> (Decision, Say) {
        let say = PRECEDENCE.iter().find_map(|step| (step.ask)(case));
        let say = say.unwrap_or_else(|| Say::new(Action::Allow, "band: allow"));
        let say = refused_anyway(case, say).unwrap_or(say);
        let say = pass(case, say).unwrap_or(say);
        let action = if self.preset == Preset::Observe { at_most_monitor(say.action) } else { say.action };
        let decision = Decision {
            action,
            enforced: self.enforced(
                action,
                say.number.is_some() || limits::is_set_by_operator(say.rule),
                case,
            ),
            rule: say.rule,
            rule_number: say.number,
            until: say.until,
        };
        (decision, say)
    }

    fn enforced(&self, action: Action, own: bool, case: &Case<'_>) -> Action {
        match (self.carried_out(action, own), case.memory, case.conduct) {
            (Action::Challenge, Some(_), Some(conduct)) if !self.challenges || is_never_challenged(case) => {
                self.instead_of_challenge(conduct, case)
            }
            (action, ..) => action,
        }
    }

    /// `own` is what the operator wrote: it is carried out under `enforce = "hard"` too.
    fn carried_out(&self, action: Action, own: bool) -> Action {
        if self.enforcement == Enforcement::All || own { action } else { self.hard(action) }
    }

    /// Nobody can be challenged, or not this one: let it pass, watched, up to a rate of pages.
    fn instead_of_challenge(&self, conduct: &Conduct, case: &Case<'_>) -> Action {
        // Without challenges pages count; where only this request cannot be asked, whatever it is counts, but questions.
        let counts = conduct.kind == Kind::Navigation || (self.challenges && preflight(case).is_none());
        let rate = self.limits.doubtful_pages;
        if !counts || is_within_doubt(case) {
            Action::Monitor
        } else {
            Action::Throttle(Rate(rate.per_minute))
        }
    }

    /// What is carried out of `action` under `enforce = "hard"`. The operator's own rules are carried out as they are.
    pub fn hard(&self, action: Action) -> Action {
        match action {
            Action::Block(reason) if is_hard(reason) => action,
            action => at_most_monitor(action),
        }
    }

    /// The order of this policy's rules: a name and a sentence each, for `config show` and the desk.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        PRECEDENCE.iter().map(|step| (step.name, self.sentence(step))).collect()
    }

    fn sentence(&self, step: &Step) -> String {
        let bands = &self.bands;
        match step.name {
            "rule" => format!("{} ({} here)", step.says, self.rules.len()),
            "identity" if self.preset == Preset::Strict => {
                format!(
                    "{}; writing (POST, PUT, PATCH, DELETE) by unproven tools and libraries is refused",
                    step.says
                )
            }
            "identity" if self.preset == Preset::AiCrawlersOut => {
                format!("{}; AI crawlers are refused", step.says)
            }
            BAND => format!(
                "{}: monitor from {}, challenge from {}, block from {}",
                step.says,
                bands.monitor().value(),
                bands.challenge().value(),
                bands.block().value()
            ),
            _ => step.says.to_owned(),
        }
    }
}

impl<'a> Case<'a> {
    /// A case of which only the assessment is known.
    pub(crate) fn bare(policy: &'a Policy, assessment: &'a Assessment, around: &'a Around) -> Self {
        Case {
            policy,
            assessment,
            facts: None,
            conduct: None,
            around,
            list: None,
            keyed_trap_hit: around.keyed_trap_hit,
            memory: None,
            observe: Observe::Peek,
            view: None,
            candidates: None,
        }
    }

    /// True where the address is not the client's: nothing is held against it.
    pub(crate) fn hidden(&self) -> bool {
        self.facts.is_some_and(|facts| facts.client_hidden)
    }

    /// The request's own time, for buckets.
    pub(crate) fn now_ms(&self) -> u64 {
        self.facts.map_or(0, |facts| u64::try_from(facts.time.millis()).unwrap_or(0))
    }

    pub(crate) fn path(&self) -> Option<&'a str> {
        self.view.and_then(View::path)
    }

    /// Page requests in the last minute that may be held against the client.
    fn pages_per_minute(&self) -> f32 {
        let everybody = self.hidden() && self.conduct.is_some_and(|conduct| conduct.keys.session.is_none());
        if everybody { 0.0 } else { self.assessment.pages_per_minute }
    }

    /// True where the request goes over `rate`, counted for `purpose` and the session or network; without memory, where
    /// the last minute's pages do. A client that is hidden behind a proxy has no count of its own.
    fn exceeds(&self, rate: Rate, purpose: Purpose, salt: u64) -> bool {
        let (Some(memory), Some(conduct)) = (self.memory, self.conduct) else {
            return self.pages_per_minute() > rate.0 as f32;
        };
        if self.hidden() && conduct.keys.session.is_none() {
            return false;
        }
        let whom = if purpose == Purpose::Entry { conduct.keys.network } else { conduct.keys.client };
        !memory.take(purpose, whom ^ salt, steady(rate), self.now_ms(), self.observe)
    }

    /// What the first rule on dry run before the deciding one would have done.
    pub(crate) fn dry_run(&self, say: &Say) -> Option<DryRun> {
        // The operator's lists stand above all rules.
        if say.rule.starts_with("operator") {
            return None;
        }
        let before = say.number.map_or(usize::MAX, |number| usize::from(number) - 1);
        let mut rules = self.candidates.map(|found| self.policy.rules.among(found))?;
        rules.find_map(|(at, rule)| {
            let tried = rule.dry_run && at < before && !matches!(rule.effect, RuleEffect::Weigh(_));
            let say = tried.then(|| self.own(at, rule)).flatten()?;
            Some(DryRun { action: say.action, rule_number: say.number? })
        })
    }

    /// What `rule`, number `at` from 0, says.
    fn own(&self, at: usize, rule: &Rule) -> Option<Say> {
        if !rule.condition.holds(self.view?) {
            return None;
        }
        let action = match rule.effect {
            RuleEffect::Weigh(_) => return None,
            RuleEffect::Throttle(rate) if !self.exceeds(rate, Purpose::Rule, rule.key) => return None,
            RuleEffect::Throttle(rate) => Action::Throttle(rate),
            RuleEffect::Allow => Action::Allow,
            RuleEffect::Monitor => Action::Monitor,
            RuleEffect::Challenge => Action::Challenge,
            RuleEffect::Charge => Action::Charge(RULE_PRICE),
            RuleEffect::Tarpit => Action::Tarpit(RULE_PACE),
            RuleEffect::Block => Action::Block(BlockReason::Rule),
        };
        let number = u16::try_from(at + 1).ok();
        Some(Say { number, entry: rule.entry, ..Say::new(action, "rule") })
    }
}

impl Say {
    pub(crate) fn new(action: Action, rule: &'static str) -> Self {
        Say { action, rule, number: None, entry: None, until: None }
    }

    pub(crate) fn throttle(per_minute: u32, rule: &'static str) -> Self {
        Say::new(Action::Throttle(Rate(per_minute)), rule)
    }
}

/// Refusals that are carried out from the first hour: attacks, the operator's own word, and what an operator who chose
/// a stricter preset asked for.
fn is_hard(reason: BlockReason) -> bool {
    match reason {
        BlockReason::List
        | BlockReason::Attack
        | BlockReason::Flood
        | BlockReason::Class
        | BlockReason::Rule => true,
        BlockReason::Trap | BlockReason::Forged | BlockReason::Score => false,
    }
}

fn at_most_monitor(action: Action) -> Action {
    if action.is_beyond_monitor() { Action::Monitor } else { action }
}

/// What stands behind the operator's own rules has its word where one of them challenges: a challenge asks who is there, and lifts
/// no refusal. Whoever would be refused after it is refused at once, and whoever is never asked passes nothing by. Only the bands
/// are left out where somebody can be asked: the challenge stands in their place.
fn refused_anyway(case: &Case<'_>, say: Say) -> Option<Say> {
    if say.action != Action::Challenge || say.number.is_none() {
        return None;
    }
    let unasked = is_never_challenged(case) || is_of_preview(case);
    let behind = PRECEDENCE.iter().skip_while(|step| step.name != OWN_RULE).skip(1);
    let then = behind.filter(|step| unasked || step.name != BAND).find_map(|step| (step.ask)(case))?;
    let carried_out = case.policy.carried_out(then.action, limits::is_set_by_operator(then.rule));
    (carried_out.is_beyond_monitor() && carried_out != Action::Challenge).then_some(then)
}

/// A pass turns *challenge* into *allow* and nothing else, for as many pages as it is good for. The same goes for a picture that a
/// challenged page has named in its tags, as often as for what is never challenged.
fn pass(case: &Case<'_>, say: Say) -> Option<Say> {
    let facts = case.facts.filter(|_| say.action == Action::Challenge)?;
    if facts.pass.is_known() && is_good_for(case) {
        return Some(Say::new(Action::Allow, PASS));
    }
    (is_of_preview(case) && is_within_doubt(case)).then(|| Say::new(Action::Allow, PREVIEW))
}

/// Is the pass good for one more request? What kind of request it is the client says: so pages have a budget, and everything
/// together has a wider one.
fn is_good_for(case: &Case<'_>) -> bool {
    let (Some(memory), Some(conduct)) = (case.memory, case.conduct) else { return true };
    let Some(session) = conduct.keys.session else { return false };
    let limits = &case.policy.limits;
    let take = |purpose, rate| memory.take(purpose, session, rate, case.now_ms(), case.observe);
    (conduct.kind != Kind::Navigation || take(Purpose::Pass, limits.pass_pages))
        && take(Purpose::PassRequests, limits.pass_requests)
}

/// Is it a picture that the challenge of its page has named?
fn is_of_preview(case: &Case<'_>) -> bool {
    case.facts.is_some_and(|facts| facts.preview)
}

/// Is it within the rate of those who cannot be challenged?
fn is_within_doubt(case: &Case<'_>) -> bool {
    let (Some(memory), Some(conduct)) = (case.memory, case.conduct) else { return true };
    let countable = !(case.hidden() && conduct.keys.session.is_none());
    let rate = case.policy.limits.doubtful_pages;
    !countable || memory.take(Purpose::Doubtful, conduct.keys.client, rate, case.now_ms(), case.observe)
}

/// Posts from another site (SAML, 3-D Secure, `form_post`) cannot be asked first, and programs that read feeds cannot answer:
/// they are held to a rate instead.
fn is_never_challenged(case: &Case<'_>) -> bool {
    let Some(facts) = case.facts else { return false };
    if preflight(case).is_some() {
        return true;
    }
    // A frame in another site's page gets no cookies of ours, so it could never show a pass; in a page of a neighbour's host it
    // could not show the challenge, which only its own host may frame.
    let foreign_frame = matches!(facts.header("sec-fetch-site").known(), Some("cross-site" | "same-site"))
        && matches!(facts.header("sec-fetch-dest").known(), Some("iframe" | "frame" | "embed" | "object"));
    let cross_site = facts.method == Fact::Known("POST")
        && match facts.header("sec-fetch-site").known() {
            Some(site) => site == "cross-site",
            None => is_of_another_origin(facts),
        };
    cross_site || foreign_frame || case.conduct.is_some_and(|conduct| conduct.kind == Kind::Machine)
}

/// Older browsers do not say `Sec-Fetch-Site`: their `Origin` names another host than the one they ask.
fn is_of_another_origin(facts: &RequestFacts<'_>) -> bool {
    let (Some(origin), Some(host)) = (facts.header("origin").known(), facts.host.known()) else {
        return false;
    };
    origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
}

fn operator_allow(case: &Case<'_>) -> Option<Say> {
    let entry = case.list.filter(|entry| entry.by_operator && entry.effect == ListEffect::Allow)?;
    Some(Say { until: entry.expires_at, ..Say::new(Action::Allow, "operator: allow") })
}

fn operator_block(case: &Case<'_>) -> Option<Say> {
    let entry = case.list.filter(|entry| entry.by_operator && entry.effect == ListEffect::Block)?;
    Some(Say { until: entry.expires_at, ..Say::new(Action::Block(BlockReason::List), "operator: block") })
}

fn own_rule(case: &Case<'_>) -> Option<Say> {
    let mut rules = case.policy.rules.among(case.candidates?);
    rules.find_map(|(at, rule)| if rule.dry_run { None } else { case.own(at, rule) })
}

fn verified_identity(case: &Case<'_>) -> Option<Say> {
    let identity = case.assessment.identity;
    let rule =
        case.policy.preset.classes().rule(identity.class).filter(|_| identity.is_verified_program())?;
    Some(Say::new(rule.action(true, case.pages_per_minute()), "identity: verified"))
}

fn list_entry(case: &Case<'_>) -> Option<Say> {
    let entry = case.list?;
    let say = match entry.effect {
        ListEffect::Allow => Say::new(Action::Allow, "list: allow"),
        ListEffect::Block => Say::new(Action::Block(BlockReason::List), "list: block"),
        ListEffect::Throttle(rate) if case.exceeds(rate, Purpose::Entry, u64::from(rate.0)) => {
            Say::new(Action::Throttle(rate), "list: throttle")
        }
        ListEffect::Throttle(_) | ListEffect::Flag => return None,
    };
    Some(Say { until: entry.expires_at, ..say })
}

fn keyed_trap(case: &Case<'_>) -> Option<Say> {
    case.keyed_trap_hit.then(|| Say::new(Action::Block(BlockReason::Trap), "trap: keyed"))
}

fn forged_identity(case: &Case<'_>) -> Option<Say> {
    let forged = case.assessment.identity.status == ClaimStatus::Forged;
    forged.then(|| Say::new(Action::Block(BlockReason::Forged), "identity: forged"))
}

/// Attack evidence that decides alone, in log-odds: above any sum of weak hints (an odd method, a stale path).
const ATTACK_DECIDES: f32 = 4.0;

/// Signal families that are attacks or scans by themselves.
const ATTACK_FAMILIES: [&str; 3] = ["payload", "path", "method"];

/// A client that says it is a scanner.
const SCANNER: SignalId = SignalId("ua.scanner");

/// A flood of page requests.
const FLOOD: SignalId = SignalId("rate.flood");

fn attack(case: &Case<'_>) -> Option<Say> {
    let assessment = case.assessment;
    if assessment.signal(FLOOD).is_some_and(|line| line.evidence >= ATTACK_DECIDES) {
        return Some(Say::new(Action::Block(BlockReason::Flood), "attack: flood"));
    }
    let evidence: f32 = assessment
        .explanation
        .iter()
        .filter(|line| ATTACK_FAMILIES.contains(&line.id.family()) || line.id == SCANNER)
        .map(|line| line.evidence)
        .sum();
    (evidence >= ATTACK_DECIDES).then(|| Say::new(Action::Block(BlockReason::Attack), "attack: request"))
}

/// Fetch standard, "CORS-preflight request": a browser asks for permission, without cookies and without looks.
fn preflight(case: &Case<'_>) -> Option<Say> {
    let facts = case.facts.filter(|facts| facts.method == Fact::Known("OPTIONS"))?;
    let asks = facts.header("origin").is_known() && facts.header("access-control-request-method").is_known();
    asks.then(|| Say::new(Action::Allow, "preflight"))
}

fn class_rule(case: &Case<'_>) -> Option<Say> {
    let class = case.assessment.identity.class;
    let rule = case.policy.preset.classes().rule(class)?;
    if case.policy.preset == Preset::Strict && writes(case, class) {
        return Some(Say::new(Action::Block(BlockReason::Class), "identity: writes"));
    }
    Some(Say::new(rule.action(false, case.pages_per_minute()), "identity: class"))
}

/// A tool or library that sends instead of reading. Fetching a git repository is reading, by POST.
fn writes(case: &Case<'_>, class: IdentityClass) -> bool {
    let sends = matches!(class, IdentityClass::Tool | IdentityClass::Library)
        && case
            .facts
            .and_then(|facts| facts.method.known())
            .is_some_and(|method| matches!(method, "POST" | "PUT" | "PATCH" | "DELETE"));
    sends && !case.path().is_some_and(|path| path.ends_with("/git-upload-pack"))
}

fn band(case: &Case<'_>) -> Option<Say> {
    let (action, rule) = case.policy.bands.action(case.assessment.score);
    let entries = &case.policy.entries.bands;
    let entry = match action {
        Action::Block(_) => entries.block,
        Action::Challenge => entries.challenge,
        Action::Monitor => entries.monitor,
        _ => None,
    };
    let flagged = case.list.filter(|entry| entry.effect == ListEffect::Flag);
    Some(match flagged {
        Some(flag) if action == Action::Allow => {
            Say { until: flag.expires_at, ..Say::new(Action::Monitor, "list: flag") }
        }
        _ => Say { entry, ..Say::new(action, rule) },
    })
}

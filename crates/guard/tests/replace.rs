//! Reloads under traffic: whatever happens between the question which site a host is and the verdict, a request is judged by
//! its own site's policy.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use common::{SEED, TENANT, at, guard, page};
use palisade_detect::{Engine, EngineSettings, Observe};
use palisade_domain::SiteId;
use palisade_guard::{Numbers, ReplaceError, Site, Sites};
use palisade_policy::{Judge, Policy, RuleEffect, RuleSource, Ruleset};

/// The hosts that come and go; each reload has one more that was not there for long.
const HOSTS: [&str; 5] = ["*", "a.test", "b.test", "c.test", "d.test"];

/// The number of the rule that decides on the site of `host`.
fn number_of(host: &str) -> u16 {
    (1..).zip(HOSTS).find(|(_, known)| *known == host).map_or(6, |(number, _)| number)
}

/// A policy in which the rule with the number of `host` decides about everything.
fn policy(host: &str) -> Policy {
    let number = usize::from(number_of(host));
    let mut rules = vec![RuleSource::new("method == \"TRACE\"", RuleEffect::Monitor); number - 1];
    rules.push(RuleSource::new("method == \"GET\"", RuleEffect::Block));
    let rules = Ruleset::compile(&rules).expect("they compile");
    Policy { rules: Arc::new(rules), ..Policy::default() }
}

fn site(host: &str) -> Site {
    Site { hosts: vec![host.to_owned()], tenant: TENANT, upstreams: vec![], seed_routes: false }
}

/// A judge and the sites for `hosts`, in this order in the file.
fn configured(old: &Judge, numbers: &mut Numbers, policies: &[Policy], hosts: &[String]) -> (Judge, Sites) {
    let wanted: Vec<Vec<String>> = hosts.iter().map(|host| vec![host.clone()]).collect();
    let live = numbers.follow(&wanted);
    let all: Vec<&str> = numbers.known().iter().map(|known| &*known.hosts[0]).collect();
    let retired: Vec<SiteId> =
        (0..).map(SiteId).take(all.len()).filter(|number| !live.contains(number)).collect();
    let policies = all.iter().map(|host| policies[usize::from(number_of(host)) - 1].clone()).collect();
    let sites = Sites::with_retired(all.iter().map(|host| site(host)).collect(), &retired);
    (old.clone().with_policies(policies), sites)
}

#[test]
fn a_request_is_judged_by_its_own_sites_policy_whatever_is_reloaded_meanwhile() {
    const RELOADS: usize = 300;
    // With those of HOSTS too few for a number to be given again: a thread may sleep for many of these reloads.
    const FRESH: usize = 40;
    let (guard, _backlog) = guard(0.0);
    let policies: Vec<Policy> = HOSTS.into_iter().chain(["a new one"]).map(policy).collect();
    let orders: [&[&str]; 5] = [
        &["*", "a.test", "b.test"],
        &["b.test", "a.test", "*"],
        &["c.test", "*", "b.test"],
        &["a.test", "d.test", "c.test", "*"],
        &["*"],
    ];
    let mut numbers = Numbers::default();
    let mut reload = |round: usize| {
        let fresh = if round == 0 { vec![] } else { vec![format!("{}.test", round % FRESH)] };
        let known = orders[round % orders.len()].iter().map(|host| (*host).to_owned());
        let hosts: Vec<String> = fresh.into_iter().chain(known).collect();
        let (judge, sites) = configured(&guard.judge(), &mut numbers, &policies, &hosts);
        guard.replace(judge, sites)
    };
    reload(0).expect("the first sites");
    let (over, round) = (AtomicBool::new(false), AtomicUsize::new(0));
    let asked = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..2_u32 {
            let (guard, over, round, asked) = (&guard, &over, &round, &asked);
            scope.spawn(move || {
                for n in 0_u32.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    // Every other request is for the site that is about to be added.
                    let next = format!("{}.test", (round.load(Ordering::Relaxed) + 1) % FRESH);
                    let known = HOSTS[(n / 2 + thread) as usize % HOSTS.len()];
                    let host = if n % 2 == 0 { &next } else { known };
                    let (_, site) = guard.site_of(host).expect("somebody answers every host");
                    if n % 16 == 1 {
                        // What waiting for a body does: anything may happen in between.
                        thread::yield_now();
                    }
                    let mut facts = page(n, at(i64::from(n / 100)));
                    facts.site = site;
                    let decision = guard.request(&facts, Observe::Peek, None).judged.verdict.decision;
                    // Where the host had no site of its own at that moment, it was everybody's.
                    let expect = if site == SiteId(0) { "*" } else { host };
                    assert_eq!(decision.rule_number, Some(number_of(expect)), "{host}, {site:?}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..2 {
            // The instant between both, looked for as often as a thread can.
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let known = guard.with_sites(|sites| sites.all().len());
                    assert!(guard.judge().sites() >= known, "a site without a policy");
                }
            });
        }
        let reloaded = (1..=RELOADS).try_for_each(|at| {
            reload(at)?;
            round.store(at, Ordering::Relaxed);
            Ok::<(), ReplaceError>(())
        });
        over.store(true, Ordering::Relaxed);
        reloaded.expect("the numbers are kept");
    });
    assert!(asked.load(Ordering::Relaxed) > 0);
}

#[test]
fn sites_under_other_numbers_are_refused_and_nothing_changes() {
    let (guard, _backlog) = guard(0.0);
    let judge = Judge::new(Engine::new(EngineSettings::new(SEED)), policy("*"));
    let refused = guard.replace(judge.clone(), Sites::new(vec![site("a.test"), site("*")]));
    assert_eq!(refused, Err(ReplaceError::Renumbered { site: SiteId(0) }));
    let refused = guard.replace(judge.clone(), Sites::new(vec![site("*"), site("a.test")]));
    assert_eq!(refused, Err(ReplaceError::Policies { sites: 2, policies: 1 }));
    assert_eq!(guard.site_of("a.test"), Some((TENANT, SiteId(0))), "the old sites");
    let both = judge.with_policies(vec![policy("*"), policy("a.test")]);
    assert_eq!(guard.replace(both, Sites::new(vec![site("*"), site("a.test")])), Ok(()));
    assert_eq!(guard.site_of("a.test"), Some((TENANT, SiteId(1))));
}

#[test]
fn what_is_usual_for_a_site_is_not_its_successors() {
    let (guard, _backlog) = guard(0.0);
    let judge = guard.judge().as_ref().clone().with_policies(vec![policy("*"), policy("a.test")]);
    let replace = |sites| guard.replace(judge.clone(), sites).expect("the numbers are kept");
    replace(Sites::new(vec![site("*"), site("a.test")]));
    for n in 0..600 {
        let mut facts = page(n, at(i64::from(n)));
        facts.site = SiteId(n % 2);
        guard.load.note(&facts);
    }
    let usual = || guard.load.reports(at(600)).iter().map(|report| report.usual > 0.0).collect::<Vec<_>>();
    replace(Sites::with_retired(vec![site("*"), site("a.test")], &[SiteId(1)]));
    assert_eq!(usual(), [true, true], "it may come back");
    replace(Sites::new(vec![site("*"), site("b.test")]));
    assert_eq!(usual(), [true, false]);
}

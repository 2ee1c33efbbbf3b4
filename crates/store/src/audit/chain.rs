//! The chain: a line's hash covers everything in it and the hash before it.

use palisade_domain::{TenantId, Timestamp};

use super::seal::{self, AuditRandom, DataKey, Sealed};
use super::{AuditHead, AuditId, AuditLine, AuditVerdict, BrokenLine, NewAuditLine, PersonalShown};
use crate::codec;

/// A line as it lies in the table: the chain covers exactly these texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawLine {
    pub(crate) id: i64,
    pub(crate) time: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) detail: String,
    pub(crate) sealed: String,
    pub(crate) hash: String,
}

/// Why a line is not sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Its number is not the next one.
    #[error("it is missing: the line found there has the number {found}")]
    Missing {
        /// The number found in its place.
        found: i64,
    },
    /// The log ends before it, and must not.
    #[error("it is missing: the log ends before it, though {lines} lines were written")]
    CutOff {
        /// Lines that were written.
        lines: i64,
    },
    /// Its hash does not belong to its content and the line before.
    #[error("its content is not what was written, or the line before it is another one")]
    Changed,
    /// Its hash is sound, but another one was put down for it earlier.
    #[error("another line of this number was on record earlier; the log was rewritten from here or before")]
    Rewritten,
}

/// The hash before the first line: every tenant begins elsewhere.
pub(crate) fn beginning(tenant: TenantId) -> [u8; 32] {
    codec::sha256(&[b"palisade audit log 1", &tenant.0.to_be_bytes()])
}

impl RawLine {
    /// `new` as line `id` behind `before`; `keys` holds number and key of the person of each of its facts.
    pub(crate) fn made(
        id: i64,
        new: &NewAuditLine,
        keys: &[(i64, DataKey)],
        random: &AuditRandom,
        before: &[u8; 32],
    ) -> RawLine {
        let facts = new.personal.iter().zip(keys).enumerate();
        let sealed: Vec<_> = facts
            .map(|(place, (fact, (subject, key)))| Sealed::new(*subject, key, fact, place, random))
            .collect();
        let mut line = RawLine {
            id,
            time: new.time.0,
            actor: new.actor.clone(),
            action: new.action.clone(),
            object: new.object.clone(),
            detail: new.detail.clone(),
            sealed: seal::to_column(&sealed),
            hash: String::new(),
        };
        line.hash = codec::hex(&line.hash_behind(before));
        line
    }

    /// What a line behind this one builds on. A stored hash that is none was tampered with, and the check names this
    /// line; what follows must be recorded all the same.
    pub(crate) fn link(stored: &str) -> [u8; 32] {
        codec::hash_from_hex(stored).unwrap_or_else(|| codec::sha256(&[stored.as_bytes()]))
    }

    /// The line as it is read, `key` finding the key of a person that was not erased. `None` where the sealed part is
    /// not what this writes.
    pub(crate) fn shown(&self, key: impl Fn(i64) -> Option<DataKey>) -> Option<AuditLine> {
        let sealed = seal::from_column(&self.sealed)?;
        let personal = sealed.iter().map(|fact| PersonalShown {
            field: fact.field.clone(),
            value: key(fact.subject).and_then(|key| fact.open(&key)),
        });
        Some(AuditLine {
            id: AuditId(self.id),
            time: Timestamp(self.time),
            actor: self.actor.clone(),
            action: self.action.clone(),
            object: self.object.clone(),
            detail: self.detail.clone(),
            personal: personal.collect(),
        })
    }

    /// The hash of this line behind `before`. Every text goes in with its length, so that no text can reach into the
    /// next.
    pub(crate) fn hash_behind(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256 + self.sealed.len());
        bytes.extend_from_slice(before);
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(&self.time.to_be_bytes());
        for text in [&self.actor, &self.action, &self.object, &self.detail, &self.sealed] {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        codec::sha256(&[&bytes])
    }
}

/// Walks along a chain, line by line.
pub(crate) struct Walk<'a> {
    head: AuditHead,
    known: &'a [AuditHead],
    broken: Option<BrokenLine>,
}

impl<'a> Walk<'a> {
    /// Before the first line of `tenant`'s log.
    pub(crate) fn new(tenant: TenantId, known: &'a [AuditHead]) -> Self {
        Walk { head: AuditHead { line: AuditId(0), hash: beginning(tenant) }, known, broken: None }
    }

    /// The number after which to read on.
    pub(crate) fn after(&self) -> i64 {
        self.head.line.0
    }

    /// Looks at the next line. False where the walk is over because it is not sound.
    pub(crate) fn step(&mut self, line: &RawLine) -> bool {
        let next = self.head.line.0.saturating_add(1);
        match self.check(line, next) {
            Ok(hash) => self.head = AuditHead { line: AuditId(next), hash },
            Err(why) => self.broken = Some(BrokenLine { line: next, why }),
        }
        self.broken.is_none()
    }

    fn check(&self, line: &RawLine, next: i64) -> Result<[u8; 32], Broken> {
        if line.id != next {
            return Err(Broken::Missing { found: line.id });
        }
        let hash = line.hash_behind(&self.head.hash);
        if codec::hash_from_hex(&line.hash).is_none_or(|stored| !codec::same(&stored, &hash)) {
            return Err(Broken::Changed);
        }
        let on_record = |head: &&AuditHead| head.line.0 == next && !codec::same(&head.hash, &hash);
        if self.known.iter().any(|head| on_record(&head)) {
            return Err(Broken::Rewritten);
        }
        Ok(hash)
    }

    /// The verdict after the last line; `written` is how many lines were given a number.
    pub(crate) fn end(mut self, written: i64) -> AuditVerdict {
        let known = self.known.iter().map(|head| head.line.0).max().unwrap_or(0);
        let lines = written.max(known);
        if self.broken.is_none() && lines > self.head.line.0 {
            let why = Broken::CutOff { lines };
            self.broken = Some(BrokenLine { line: self.head.line.0 + 1, why });
        }
        let sound = u64::try_from(self.head.line.0).unwrap_or(0);
        AuditVerdict { sound, head: self.head, broken: self.broken }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TENANT: TenantId = TenantId(3);

    fn chained(lines: &[(&str, &str)]) -> Vec<RawLine> {
        let mut before = beginning(TENANT);
        let mut chain = Vec::new();
        for (n, (actor, detail)) in lines.iter().enumerate() {
            let mut line = RawLine {
                id: n as i64 + 1,
                time: n as i64,
                actor: (*actor).into(),
                action: "list.add".into(),
                object: "entry:1".into(),
                detail: (*detail).into(),
                sealed: "[]".into(),
                hash: String::new(),
            };
            before = line.hash_behind(&before);
            line.hash = codec::hex(&before);
            chain.push(line);
        }
        chain
    }

    fn four() -> Vec<RawLine> {
        chained(&[("cli", "one"), ("cli", "two"), ("cli", "three"), ("cli", "four")])
    }

    fn verdict(lines: &[RawLine], known: &[AuditHead]) -> AuditVerdict {
        let mut walk = Walk::new(TENANT, known);
        let _ = lines.iter().all(|line| walk.step(line));
        walk.end(4)
    }

    fn broken(lines: &[RawLine]) -> Option<(i64, Broken)> {
        verdict(lines, &[]).broken.map(|broken| (broken.line, broken.why))
    }

    #[test]
    fn every_tampering_is_found_at_its_line() {
        let sound = verdict(&four(), &[]);
        assert_eq!((sound.sound, sound.broken), (4, None));
        let tampered = |change: &dyn Fn(&mut Vec<RawLine>)| {
            let mut lines = four();
            change(&mut lines);
            broken(&lines)
        };
        assert_eq!(tampered(&|lines| lines[2].detail.push('!')), Some((3, Broken::Changed)));
        assert_eq!(tampered(&|lines| drop(lines.remove(1))), Some((2, Broken::Missing { found: 3 })));
        assert_eq!(tampered(&|lines| drop(lines.pop())), Some((4, Broken::CutOff { lines: 4 })));
        assert_eq!(tampered(&|lines| lines.swap(1, 2)), Some((2, Broken::Missing { found: 3 })));
        let swapped = tampered(&|lines| {
            lines.swap(1, 2);
            (lines[1].id, lines[2].id) = (2, 3);
        });
        assert_eq!(swapped, Some((2, Broken::Changed)));
        let inserted = tampered(&|lines| {
            let copy = lines[0].clone();
            lines.insert(1, copy);
            (1..5).for_each(|n| lines[n].id = n as i64 + 1);
        });
        assert_eq!(inserted, Some((2, Broken::Changed)));
        assert_eq!(tampered(&|lines| lines.clear()), Some((1, Broken::CutOff { lines: 4 })));
    }

    #[test]
    fn a_log_that_was_rewritten_whole_misses_the_known_heads() {
        let known = verdict(&four(), &[]).head;
        assert_eq!(verdict(&four(), &[known]).broken, None);
        let other = chained(&[("cli", "one"), ("cli", "zwei"), ("cli", "three"), ("cli", "four")]);
        let found = verdict(&other, &[known]).broken.map(|broken| (broken.line, broken.why));
        assert_eq!(found, Some((4, Broken::Rewritten)));
        let beyond = AuditHead { line: AuditId(9), ..known };
        let found = verdict(&four(), &[beyond]).broken.map(|broken| (broken.line, broken.why));
        assert_eq!(found, Some((5, Broken::CutOff { lines: 9 })));
    }

    #[test]
    fn no_text_reaches_into_the_next() {
        let (one, other) = (chained(&[("ab", "")]), chained(&[("a", "b")]));
        assert_ne!(one[0].hash, other[0].hash);
        assert_ne!(beginning(TenantId(1)), beginning(TenantId(2)));
    }

    proptest! {
        #[test]
        fn any_flipped_byte_is_found(line in 0usize..4, column in 0usize..6, at in any::<prop::sample::Index>(), bit in 0u8..7) {
            let mut lines = four();
            let tampered = &mut lines[line];
            let text = match column {
                0 => &mut tampered.actor,
                1 => &mut tampered.action,
                2 => &mut tampered.object,
                3 => &mut tampered.detail,
                4 => &mut tampered.sealed,
                _ => &mut tampered.hash,
            };
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            *text = String::from_utf8(bytes).expect("seven bits stay text");
            prop_assert_eq!(broken(&lines), Some((line as i64 + 1, Broken::Changed)));
        }
    }
}

//! Which steps a version may take. Pure, and the same for every store.

use super::{ModelStatus, ModelVersion, ModelVersionId};

/// A step of a version's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelStep {
    /// A candidate begins to shadow; one that did so before is rejected.
    Shadow(ModelVersionId),
    /// A version becomes the live one; the one that was live is retired.
    Promote(ModelVersionId),
    /// A candidate, or one in the shadow, was not good enough.
    Reject(ModelVersionId),
    /// The live version of this subject is retired, and the one before it is live again: a stored one, or (where none was) what
    /// the configuration names.
    RollBack(String),
}

impl ModelStep {
    /// The word of the audit log.
    pub fn action(&self) -> &'static str {
        match self {
            ModelStep::Shadow(_) => "model.shadow",
            ModelStep::Promote(_) => "model.promote",
            ModelStep::Reject(_) => "model.reject",
            ModelStep::RollBack(_) => "model.rollback",
        }
    }
}

/// A step that may not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// There is no such version.
    #[error("there is no model version {}; `palisade models list` shows those there are", .0.0)]
    Unknown(ModelVersionId),
    /// It stands where the step does not begin.
    #[error("model version {} is {}, and cannot become {}; `palisade models show {}` says how it came there", id.0, from.name(), to.name(), id.0)]
    Status {
        /// Which version.
        id: ModelVersionId,
        /// Where it stands.
        from: ModelStatus,
        /// Where it was to go.
        to: ModelStatus,
    },
    /// No version is live.
    #[error("no stored model of {subject} is live, so there is nothing to return from")]
    NoneLive {
        /// What it would judge.
        subject: String,
    },
}

/// One change that a step makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) id: ModelVersionId,
    pub(crate) from: ModelStatus,
    pub(crate) to: ModelStatus,
    /// What it remembers as the version before it, from now on.
    pub(crate) before: Option<ModelVersionId>,
}

/// Everything that `step` changes.
pub(crate) fn moves(versions: &[ModelVersion], step: &ModelStep) -> Result<Vec<Move>, StepRefusal> {
    use ModelStatus::{Candidate, Live, Rejected, Retired, Shadow};
    let to = |version: &ModelVersion, to| Move {
        id: version.id,
        from: version.status,
        to,
        before: version.before,
    };
    let (id, target, allowed): (_, _, &[ModelStatus]) = match step {
        ModelStep::RollBack(subject) => return back(versions, subject),
        ModelStep::Shadow(id) => (*id, Shadow, &[Candidate]),
        ModelStep::Promote(id) => (*id, Live, &[Candidate, Shadow, Retired, Rejected]),
        ModelStep::Reject(id) => (*id, Rejected, &[Candidate, Shadow]),
    };
    let version = versions.iter().find(|version| version.id == id).ok_or(StepRefusal::Unknown(id))?;
    if !allowed.contains(&version.status) {
        return Err(StepRefusal::Status { id, from: version.status, to: target });
    }
    let other = |status| {
        let mut others = versions.iter().filter(move |other| other.id != id && other.status == status);
        others.find(|other| other.subject == version.subject)
    };
    let mut made = vec![to(version, target)];
    match target {
        Live => {
            let live = other(Live);
            made[0].before = live.map(|live| live.id);
            made.extend(live.map(|live| to(live, Retired)));
        }
        Shadow => made.extend(other(Shadow).map(|other| to(other, Rejected))),
        _ => {}
    }
    Ok(made)
}

fn back(versions: &[ModelVersion], subject: &str) -> Result<Vec<Move>, StepRefusal> {
    let live = super::model_with(versions, subject, ModelStatus::Live)
        .ok_or_else(|| StepRefusal::NoneLive { subject: subject.to_owned() })?;
    let mut made =
        vec![Move { id: live.id, from: live.status, to: ModelStatus::Retired, before: live.before }];
    if let Some(id) = live.before {
        let version = versions.iter().find(|version| version.id == id).ok_or(StepRefusal::Unknown(id))?;
        let (from, before) = (version.status, version.before);
        made.push(Move { id, from, to: ModelStatus::Live, before });
    }
    Ok(made)
}

/// The oldest version that nobody will miss, where one more would be too many.
pub(crate) fn droppable(versions: &[ModelVersion]) -> Option<ModelVersionId> {
    let needed =
        |id| versions.iter().any(|version| version.status == ModelStatus::Live && version.before == Some(id));
    let over = |status| matches!(status, ModelStatus::Retired | ModelStatus::Rejected);
    versions.iter().find(|version| over(version.status) && !needed(version.id)).map(|version| version.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{TenantId, Timestamp};
    use proptest::prelude::*;

    fn version(id: i64, status: ModelStatus, before: Option<i64>) -> ModelVersion {
        ModelVersion {
            id: ModelVersionId(id),
            tenant: TenantId(0),
            name: String::new(),
            kind: String::new(),
            subject: "traffic".to_owned(),
            sha256: String::new(),
            data_sha256: String::new(),
            created_at: Timestamp(0),
            metrics: String::new(),
            status,
            before: before.map(ModelVersionId),
            size: 0,
        }
    }

    fn apply(versions: &mut [ModelVersion], step: &ModelStep) -> Result<(), StepRefusal> {
        for change in moves(versions, step)? {
            let version = versions.iter_mut().find(|version| version.id == change.id).unwrap();
            assert_eq!(version.status, change.from);
            (version.status, version.before) = (change.to, change.before);
        }
        Ok(())
    }

    #[test]
    fn a_life() {
        use ModelStatus::{Candidate, Live, Rejected, Retired, Shadow};
        let mut all: Vec<_> = (1..=3).map(|id| version(id, Candidate, None)).collect();
        let status = |all: &[ModelVersion]| all.iter().map(|version| version.status).collect::<Vec<_>>();
        let step = |all: &mut Vec<ModelVersion>, step| apply(all, &step).unwrap();
        step(&mut all, ModelStep::Promote(ModelVersionId(1)));
        step(&mut all, ModelStep::Shadow(ModelVersionId(2)));
        step(&mut all, ModelStep::Shadow(ModelVersionId(3)));
        assert_eq!(status(&all), [Live, Rejected, Shadow]);
        step(&mut all, ModelStep::Promote(ModelVersionId(3)));
        assert_eq!(status(&all), [Retired, Rejected, Live]);
        assert_eq!(droppable(&all), Some(ModelVersionId(2)), "the first is what a roll-back returns to");
        step(&mut all, ModelStep::RollBack("traffic".into()));
        assert_eq!(status(&all), [Live, Rejected, Retired]);
        step(&mut all, ModelStep::RollBack("traffic".into()));
        assert_eq!(status(&all), [Retired, Rejected, Retired], "before the first there was none");
        let nothing = apply(&mut all, &ModelStep::RollBack("traffic".into()));
        assert_eq!(nothing, Err(StepRefusal::NoneLive { subject: "traffic".into() }));
    }

    #[test]
    fn steps_begin_where_they_may() {
        let all = [version(1, ModelStatus::Live, None), version(2, ModelStatus::Rejected, None)];
        let refused = |step| moves(&all, &step).expect_err("it is refused").to_string();
        assert!(
            refused(ModelStep::Shadow(ModelVersionId(2))).contains("is rejected, and cannot become shadow")
        );
        assert!(refused(ModelStep::Promote(ModelVersionId(1))).contains("cannot become live"));
        assert!(refused(ModelStep::Reject(ModelVersionId(9))).contains("no model version 9"));
        assert!(moves(&all, &ModelStep::Promote(ModelVersionId(2))).is_ok(), "people may overrule");
    }

    proptest! {
        #[test]
        fn never_two_are_live_or_in_the_shadow(steps in prop::collection::vec((0_u8..4, 1_i64..5), 0..40)) {
            let mut all: Vec<_> = (1..5).map(|id| version(id, ModelStatus::Candidate, None)).collect();
            for (kind, id) in steps {
                let id = ModelVersionId(id);
                let step = match kind {
                    0 => ModelStep::Shadow(id),
                    1 => ModelStep::Promote(id),
                    2 => ModelStep::Reject(id),
                    _ => ModelStep::RollBack("traffic".into()),
                };
                let _ = apply(&mut all, &step);
                for status in [ModelStatus::Live, ModelStatus::Shadow] {
                    prop_assert!(all.iter().filter(|version| version.status == status).count() <= 1);
                }
            }
        }
    }
}

//! How the domain's closed sets are written in a database. Words, not numbers: they survive reordering.

use palisade_domain::{Action, BlockReason, ClaimStatus, Pace, Price, Rate};

const BLOCK_REASONS: [BlockReason; 8] = [
    BlockReason::List,
    BlockReason::Attack,
    BlockReason::Trap,
    BlockReason::Forged,
    BlockReason::Flood,
    BlockReason::Class,
    BlockReason::Rule,
    BlockReason::Score,
];

/// An action with its parameter: `allow`, `throttle:30`, `block:attack`.
pub(crate) fn action_text(action: Action) -> String {
    let name = action.name();
    match action {
        Action::Allow | Action::Monitor | Action::Challenge => name.to_owned(),
        Action::Throttle(rate) => format!("{name}:{}", rate.0),
        Action::Charge(price) => format!("{name}:{}", price.0),
        Action::Tarpit(pace) => format!("{name}:{}", pace.0),
        Action::Block(reason) => format!("{name}:{}", reason.name()),
    }
}

/// Reads what [`action_text`] wrote; `None` for anything else.
pub(crate) fn parse_action(text: &str) -> Option<Action> {
    Some(match text.split_once(':') {
        None => match text {
            "allow" => Action::Allow,
            "monitor" => Action::Monitor,
            "challenge" => Action::Challenge,
            _ => return None,
        },
        Some(("throttle", rate)) => Action::Throttle(Rate(rate.parse().ok()?)),
        Some(("charge", price)) => Action::Charge(Price(price.parse().ok()?)),
        Some(("tarpit", pace)) => Action::Tarpit(Pace(pace.parse().ok()?)),
        Some(("block", reason)) => {
            Action::Block(BLOCK_REASONS.into_iter().find(|known| known.name() == reason)?)
        }
        Some(_) => return None,
    })
}

/// The status called `name`.
pub(crate) fn parse_status(name: &str) -> Option<ClaimStatus> {
    [ClaimStatus::Verified, ClaimStatus::Unverified, ClaimStatus::Forged]
        .into_iter()
        .find(|status| status.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_round_trip() {
        let blocks = BLOCK_REASONS.map(Action::Block);
        let others = [
            Action::Allow,
            Action::Monitor,
            Action::Throttle(Rate(30)),
            Action::Challenge,
            Action::Charge(Price(u64::MAX)),
            Action::Tarpit(Pace(1)),
        ];
        for action in blocks.into_iter().chain(others) {
            assert_eq!(parse_action(&action_text(action)), Some(action));
        }
    }

    #[test]
    fn other_words_are_refused() {
        for bad in ["", "ALLOW", "block", "block:x", "throttle", "throttle:-1", "allow:1"] {
            assert_eq!(parse_action(bad), None, "{bad}");
        }
        assert_eq!(parse_status("proven"), None);
    }
}

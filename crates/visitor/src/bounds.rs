//! Every bound of this crate, with its reason.

use palisade_limits::Bound;

use crate::{assets, challenge, route, theme};

/// What a stranger can grow here, and where it ends.
pub const BOUNDS: &[Bound] = &[
    bound(
        "visitor.body_bytes_max",
        route::BODY_BYTES_MAX as u64,
        "bytes of a body that is sent to a path of ours",
        "a recording with every event there can be takes less",
        "413 with the code too-large; nothing of it is read on",
    ),
    bound(
        "visitor.sealed_bytes_max",
        challenge::SEALED_BYTES_MAX as u64,
        "bytes of a form that rides in its challenge page",
        "forms that people fill in are shorter, and the page carries it twice over the wire",
        "the page comes without it, and the browser asks whether to send the form again",
    ),
    bound(
        "visitor.widgets_max",
        assets::WIDGETS_MAX as u64,
        "scripts with a site key, held ready",
        "one a tenant, of some 30 KiB",
        "more are made when they are asked for",
    ),
    bound(
        "visitor.theme_bytes_max",
        theme::CSS_BYTES_MAX as u64,
        "bytes of an operator's style sheet",
        "it is part of every challenge page, which stays within 15 KiB",
        "the setting is refused",
    ),
];

const fn bound(
    name: &'static str,
    value: u64,
    unit: &'static str,
    reason: &'static str,
    when_full: &'static str,
) -> Bound {
    Bound { name, value, unit, reason, when_full }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_says_why() {
        assert!(BOUNDS.iter().all(Bound::is_complete));
    }
}

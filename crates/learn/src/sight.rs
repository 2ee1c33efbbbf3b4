//! What can be seen from where: the views that a model of traffic may have.

use palisade_detect::detector::Need;
use palisade_domain::{Resolution, Vantage};

/// A view of a model: what it is called, what it judges, and what it can see.
pub(crate) struct Sight {
    pub(crate) name: &'static str,
    pub(crate) vantages: &'static [Vantage],
    pub(crate) needs: &'static [Need],
    /// The finest clock it has.
    pub(crate) resolution: Resolution,
}

/// The poorest first; whatever a richer vantage recorded can be seen as a poorer one would.
pub(crate) const SIGHTS: [Sight; 3] = [
    Sight {
        name: "log",
        vantages: &[Vantage::Log],
        needs: &[Need::UserAgent, Need::Method, Need::Target, Need::Version, Need::Referrer],
        resolution: Resolution::Milli,
    },
    Sight {
        name: "check",
        vantages: &[Vantage::Check],
        needs: &[
            Need::UserAgent,
            Need::Method,
            Need::Target,
            Need::Referrer,
            Need::Headers,
            Need::Body,
            Need::Fingerprint,
        ],
        resolution: Resolution::Milli,
    },
    Sight {
        name: "gateway",
        vantages: &[Vantage::ForwardAuth, Vantage::GatewayClear, Vantage::GatewayTls],
        needs: &[
            Need::UserAgent,
            Need::Method,
            Need::Target,
            Need::Version,
            Need::Headers,
            Need::HeaderOrder,
            Need::Body,
            Need::Referrer,
            Need::Scheme,
            Need::Fingerprint,
        ],
        resolution: Resolution::Micro,
    },
];

/// The place in [`SIGHTS`] of what sees as a vantage does.
pub(crate) fn rank_of(vantage: Vantage) -> usize {
    SIGHTS.iter().position(|sight| sight.vantages.contains(&vantage)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vantage_is_judged_by_one_view() {
        for vantage in Vantage::ALL {
            let judging = SIGHTS.iter().filter(|sight| sight.vantages.contains(&vantage)).count();
            assert_eq!(judging, 1, "{}", vantage.name());
            assert!(SIGHTS[rank_of(vantage)].vantages.contains(&vantage));
        }
    }
}

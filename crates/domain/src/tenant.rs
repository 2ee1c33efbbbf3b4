//! Whose data it is.

/// One customer of an installation. Part of every key and an argument of every store method, so that two tenants
/// with equal keys never meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(pub u32);

/// One web site; it belongs to exactly one tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub u32);

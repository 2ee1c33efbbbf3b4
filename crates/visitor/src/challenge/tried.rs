//! The cookie of tries: what tells a visitor without cookies from one who keeps them, and ends loops.

use palisade_challenge::challenges::{Challenges, set_cookie};
use palisade_challenge::ladder::{Try, cookie_name};

use crate::Reply;
use crate::visit::Visit;

/// The tries that `visit` shows.
pub(crate) fn shown(challenges: &Challenges, visit: &Visit<'_>) -> Option<Try> {
    let cookies = visit.header("cookie")?;
    Try::read(cookies, visit.scheme, &challenges.secrets, (visit.tenant, visit.site), visit.now)
}

/// Notes in `visit` what was tried before, and that something is asked once more.
pub(crate) fn again(challenges: &Challenges, visit: &mut Visit<'_>) -> Try {
    let tried = match shown(challenges, visit) {
        Some(tried) => tried.again(visit.now, challenges.settings().ladder.last_try()),
        None => Try::first(visit.tenant, visit.site, visit.random_id(), visit.now),
    };
    visit.occasion.tries = tried.count;
    visit.occasion.code = tried.code;
    tried
}

/// Sets the cookie.
pub(crate) fn put(reply: &mut Reply, tried: &Try, challenges: &Challenges, visit: &Visit<'_>) {
    let name = cookie_name(visit.scheme);
    let age_secs = i64::from(tried.left_secs(visit.now));
    let cookie = set_cookie(name, name, &tried.text(&challenges.secrets), age_secs, visit.scheme);
    reply.headers.push(("set-cookie", cookie));
}

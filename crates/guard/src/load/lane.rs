//! The last minute of one site, in slices of five seconds, and the level that follows from it.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use palisade_domain::{SiteId, Timestamp};
use palisade_policy::Level;

use super::usual::Usual;
use super::{CLIENTS_MIN, FACE_SHARE, FloodKind, LoadReport, REQUESTS_MIN, USUAL_FACTOR};

/// Length of a slice.
const SLICE_SECS: i64 = 5;
/// Slices of a minute.
const SLICES: usize = 12;
/// Bits in which the addresses of a slice are noted (linear counting): good to about 100,000.
const BITS: usize = 16_384;
/// Cells that count user agents, and as many for paths. One flood's face stands out among them whatever else is there.
const CELLS: usize = 256;
/// The level stays until the minute has been calmer than its limits for so long.
const STAY_SECS: i64 = 30;
/// How much calmer: what keeps a level up is this share of what raised it.
const STAY_SHARE: f32 = 0.7;
/// A clock that is this far back has been set; what was counted under the other one is worth nothing.
const CLOCK_BACK_SECS: i64 = 60;

/// What one request shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) client: u64,
    pub(super) user_agent: Option<u64>,
    pub(super) path: Option<u64>,
}

/// One site.
#[derive(Debug)]
pub(super) struct Lane {
    slices: [Slice; SLICES],
    user_agents: Tags,
    paths: Tags,
    /// The second that was evaluated last.
    second: AtomicI64,
    level: AtomicU8,
    /// Hashes of the flood's user agent and path; 0 is none.
    face_user_agent: AtomicU64,
    face_path: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Slice {
    requests: AtomicU32,
    clients: [AtomicU64; BITS / 64],
    user_agents: [AtomicU32; CELLS],
    paths: [AtomicU32; CELLS],
}

/// Which hash most of a cell's requests had: a vote (Boyer and Moore, 1981), tag and lead in one word.
#[derive(Debug)]
struct Tags([AtomicU64; CELLS]);

/// What only the evaluation touches.
#[derive(Debug, Default)]
struct State {
    started: bool,
    usual: Usual,
    /// Slices until the next minute is learnt from.
    slices_to_learn: usize,
    /// True where the level was raised at some time of the minute that is being learnt.
    was_raised: bool,
    /// The last second in which the level was called for.
    called_for: i64,
    requests: u32,
    clients: u32,
}

impl Default for Lane {
    fn default() -> Self {
        Lane {
            slices: std::array::from_fn(|_| Slice::default()),
            user_agents: Tags::default(),
            paths: Tags::default(),
            second: AtomicI64::new(i64::MIN),
            level: AtomicU8::new(Level::Calm as u8),
            face_user_agent: AtomicU64::new(0),
            face_path: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }
}

impl Default for Slice {
    fn default() -> Self {
        Slice {
            requests: AtomicU32::new(0),
            clients: [const { AtomicU64::new(0) }; BITS / 64],
            user_agents: [const { AtomicU32::new(0) }; CELLS],
            paths: [const { AtomicU32::new(0) }; CELLS],
        }
    }
}

impl Default for Tags {
    fn default() -> Self {
        Tags([const { AtomicU64::new(0) }; CELLS])
    }
}

impl Lane {
    pub(super) fn note(&self, seen: &Seen, time: Timestamp) -> (Level, bool) {
        self.turn(time.secs());
        let slice = &self.slices[slice_of(self.second.load(Ordering::Relaxed))];
        slice.requests.fetch_add(1, Ordering::Relaxed);
        let bit = seen.client as usize % BITS;
        slice.clients[bit / 64].fetch_or(1 << (bit % 64), Ordering::Relaxed);
        if let Some(hash) = seen.user_agent {
            slice.user_agents[hash as usize % CELLS].fetch_add(1, Ordering::Relaxed);
            self.user_agents.vote(hash);
        }
        if let Some(hash) = seen.path {
            slice.paths[hash as usize % CELLS].fetch_add(1, Ordering::Relaxed);
            self.paths.vote(hash);
        }
        self.judge(seen)
    }

    pub(super) fn look(&self, seen: &Seen, time: Timestamp) -> (Level, bool) {
        self.turn(time.secs());
        self.judge(seen)
    }

    pub(super) fn report(&self, site: SiteId, now: Timestamp) -> LoadReport {
        self.turn(now.secs());
        let level = self.level();
        let kind = match level {
            Level::Calm => None,
            Level::Busy => Some(FloodKind::Volumetric),
            Level::Flood => Some(FloodKind::HttpFlood),
        };
        let state = self.state();
        let (requests, clients) = (state.requests, state.clients);
        LoadReport { site, level, kind, requests, clients, usual: state.usual.per_minute() }
    }

    pub(super) fn usual(&self) -> Usual {
        self.state().usual
    }

    /// What is usual, known from before the first request.
    pub(super) fn recall(&self, usual: Usual) {
        self.state().usual = usual;
    }

    /// As if nobody had come yet: the next request begins anew.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        *state = State::default();
        self.level.store(Level::Calm as u8, Ordering::Relaxed);
        self.second.store(i64::MIN, Ordering::Relaxed);
    }

    fn judge(&self, seen: &Seen) -> (Level, bool) {
        let level = self.level();
        if level != Level::Flood {
            return (level, false);
        }
        let is_face = |face: &AtomicU64, hash: Option<u64>| match face.load(Ordering::Relaxed) {
            0 => None,
            face => Some(hash.map(tag) == Some(face)),
        };
        let faces = [is_face(&self.face_user_agent, seen.user_agent), is_face(&self.face_path, seen.path)];
        // Where the flood has both, a request must have both: the browser most people use is not the flood.
        let named = faces.iter().flatten().count() > 0;
        (level, named && faces.into_iter().flatten().all(|fits| fits))
    }

    fn level(&self) -> Level {
        match self.level.load(Ordering::Relaxed) {
            0 => Level::Calm,
            1 => Level::Busy,
            _ => Level::Flood,
        }
    }

    /// Moves on to `second`. Whoever comes first does the work; nobody waits for it.
    fn turn(&self, second: i64) {
        let last = self.second.load(Ordering::Relaxed);
        if second <= last && last.saturating_sub(second) < CLOCK_BACK_SECS {
            return;
        }
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // Another thread may have done it between the look and the lock.
        let last = self.second.load(Ordering::Relaxed);
        if second > last || last.saturating_sub(second) >= CLOCK_BACK_SECS {
            self.advance(&mut state, last, second);
            self.evaluate(&mut state, second);
        }
    }

    /// Clears the slices between `last` and `second`.
    fn advance(&self, state: &mut State, last: i64, second: i64) {
        let (from, to) = (last.div_euclid(SLICE_SECS), second.div_euclid(SLICE_SECS));
        let passed = if !state.started || to < from {
            SLICES as i64
        } else {
            (to.saturating_sub(from)).min(SLICES as i64)
        };
        if state.started && to >= from {
            self.learn(state, to.saturating_sub(from));
        } else {
            // The first request of all, or another clock: what was found out under the old one is over.
            *state = State { started: true, slices_to_learn: SLICES, usual: state.usual, ..State::default() };
            self.level.store(Level::Calm as u8, Ordering::Relaxed);
        }
        for slice in 0..passed {
            self.slices[(to - slice).rem_euclid(SLICES as i64) as usize].clear();
        }
        self.second.store(second, Ordering::Relaxed);
    }

    /// Learns what is usual from every whole minute that has passed, quiet ones without any request too.
    fn learn(&self, state: &mut State, slices_passed: i64) {
        let mut passed = usize::try_from(slices_passed).unwrap_or(0);
        // A day of silence says no more than an hour of it.
        passed = passed.min(SLICES * 60);
        while passed >= state.slices_to_learn {
            passed -= state.slices_to_learn;
            state.slices_to_learn = SLICES;
            let requests = self.slices.iter().map(|slice| slice.requests.load(Ordering::Relaxed)).sum();
            state.usual.learn(requests, self.clients(), !state.was_raised);
            state.was_raised = false;
            // What is left of the silence saw nothing.
            self.slices.iter().filter(|_| passed > 0).for_each(Slice::clear);
        }
        state.slices_to_learn -= passed;
    }

    fn evaluate(&self, state: &mut State, second: i64) {
        state.requests = self.slices.iter().map(|slice| slice.requests.load(Ordering::Relaxed)).sum();
        state.clients = self.clients();
        let before = self.level();
        let requests = (REQUESTS_MIN as f32).max(state.usual.per_minute() * USUAL_FACTOR);
        // One address that loops on a site many people visit is not distributed: what counts is who came on top.
        let clients = CLIENTS_MIN as f32 + state.usual.clients();
        let is_above =
            |share: f32| state.requests as f32 >= requests * share && state.clients as f32 >= clients * share;
        let face = |slices: fn(&Slice) -> &[AtomicU32; CELLS], tags: &Tags, share: f32| {
            self.dominant(slices, state.requests, FACE_SHARE * share).map_or(0, |cell| tags.winner(cell))
        };
        let faces = |share: f32| {
            [
                face(|slice| &slice.user_agents, &self.user_agents, share),
                face(|slice| &slice.paths, &self.paths, share),
            ]
        };
        let called_for = |share: f32| match (is_above(share), faces(share)) {
            (false, _) => (Level::Calm, [0, 0]),
            (true, [0, 0]) => (Level::Busy, [0, 0]),
            (true, faces) => (Level::Flood, faces),
        };
        let (now, seen) = called_for(1.0);
        let (kept, _) = called_for(STAY_SHARE);
        if now >= before || kept >= before {
            state.called_for = second;
        }
        let stays = before > now && second.saturating_sub(state.called_for) < STAY_SECS;
        if !stays {
            self.level.store(now as u8, Ordering::Relaxed);
        }
        // The face outlives the moment in which it fades, as the level does.
        if seen != [0, 0] || !stays {
            self.face_user_agent.store(seen[0], Ordering::Relaxed);
            self.face_path.store(seen[1], Ordering::Relaxed);
        }
        state.was_raised |= self.level() != Level::Calm;
        self.user_agents.fade();
        self.paths.fade();
    }

    /// Addresses of the minute, by linear counting (Whang, Vander-Zanden, Taylor, 1990).
    fn clients(&self) -> u32 {
        let word = |at: usize| {
            self.slices.iter().fold(0, |all, slice| all | slice.clients[at].load(Ordering::Relaxed))
        };
        let set: u32 = (0..BITS / 64).map(|at| word(at).count_ones()).sum();
        let clear = (BITS as f32 - set as f32).max(0.5);
        (BITS as f32 * (BITS as f32 / clear).ln()).round() as u32
    }

    /// The cell that holds more than `share` of the minute's requests.
    fn dominant(&self, cells: fn(&Slice) -> &[AtomicU32; CELLS], requests: u32, share: f32) -> Option<usize> {
        let count = |cell: usize| -> u32 {
            self.slices.iter().map(|slice| cells(slice)[cell].load(Ordering::Relaxed)).sum()
        };
        (0..CELLS).find(|cell| count(*cell) as f32 > requests as f32 * share && requests > 0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slice {
    fn clear(&self) {
        self.requests.store(0, Ordering::Relaxed);
        let words = self.clients.iter();
        words.for_each(|word| word.store(0, Ordering::Relaxed));
        self.user_agents.iter().chain(&self.paths).for_each(|cell| cell.store(0, Ordering::Relaxed));
    }
}

impl Tags {
    /// Counts a vote. Threads may lose one to each other: a majority of more than 80 % does not need every vote.
    fn vote(&self, hash: u64) {
        let cell = &self.0[hash as usize % CELLS];
        let held = cell.load(Ordering::Relaxed);
        let (candidate, lead) = (held & !LEAD, held & LEAD);
        let next = match (candidate == tag(hash), lead) {
            (true, LEAD) => return,
            (true, _) => held + 1,
            (false, 0) => tag(hash) | 1,
            (false, _) => held - 1,
        };
        cell.store(next, Ordering::Relaxed);
    }

    /// The tag that leads in `cell`.
    fn winner(&self, cell: usize) -> u64 {
        self.0[cell].load(Ordering::Relaxed) & !LEAD
    }

    /// Halves the leads, so that who led an hour ago does not lead for another.
    fn fade(&self) {
        for cell in &self.0 {
            let held = cell.load(Ordering::Relaxed);
            cell.store((held & !LEAD) | ((held & LEAD) / 2), Ordering::Relaxed);
        }
    }
}

/// The low bits of a tagged word: by how many votes its tag leads.
const LEAD: u64 = 0xffff;

/// What is kept of a hash: its upper 48 bits, and never 0.
fn tag(hash: u64) -> u64 {
    (hash & !LEAD) | (1 << 63)
}

fn slice_of(second: i64) -> usize {
    second.div_euclid(SLICE_SECS).rem_euclid(SLICES as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vote_finds_the_majority() {
        let tags = Tags::default();
        let (often, seldom) = (0xabcd_0000_0000_0100_u64, 0x1234_0000_0000_0100_u64);
        assert_eq!(often as usize % CELLS, seldom as usize % CELLS, "one cell");
        (0..1_000).for_each(|n| tags.vote(if n % 5 == 0 { seldom } else { often }));
        assert_eq!(tags.winner(0), tag(often));
    }

    #[test]
    fn addresses_are_counted_to_a_few_per_cent() {
        let lane = Lane::default();
        for n in 0..5_000_u64 {
            let client = crate::keyed::of_text(palisade_detect::HashSeed([1, 2]), &(n % 2_500).to_string());
            lane.note(&Seen { client, user_agent: None, path: None }, Timestamp::from_secs(100));
        }
        let report = lane.report(SiteId(0), Timestamp::from_secs(101));
        assert_eq!(report.requests, 5_000);
        assert!((2_400..2_600).contains(&report.clients), "{}", report.clients);
    }
}

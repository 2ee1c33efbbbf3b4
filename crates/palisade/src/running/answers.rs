//! Slow questions of the guard, answered from outside: names of addresses and keys of signers.

use std::sync::Arc;
use std::time::Duration;

use palisade_config::settings::{Dns, IntelSettings};
use palisade_crawl::signature::AgentUrl;
use palisade_domain::{ClientIp, Timestamp};
use palisade_guard::{Guard, Question};
use palisade_intel::{NameAnswer, NameSettings, Names, Outbound, keys};
use tokio::sync::{Semaphore, mpsc};

use crate::shell;

/// Questions under way at once; more wait in the guard's bounded queue.
const AT_ONCE_MAX: usize = 16;

/// Whoever knows the answers.
pub(super) struct Answers {
    guard: Arc<Guard>,
    names: Option<Names>,
    outbound: Option<Outbound>,
    room: Arc<Semaphore>,
}

impl Answers {
    /// As `settings` has it. A resolver that cannot be made is said and does without: claims stay unverified.
    pub(super) fn new(guard: Arc<Guard>, settings: &IntelSettings, outbound: Option<Outbound>) -> Self {
        let server = match settings.dns {
            Dns::Off => None,
            Dns::System => Some(None),
            Dns::Server(address) => Some(Some(address)),
        };
        let names = server.and_then(|server| {
            let made = Names::new(NameSettings { server, ..NameSettings::default() });
            made.map_err(|error| shell::complain(&format!("palisade: {error}"))).ok()
        });
        let outbound = outbound.filter(|_| settings.fetch_keys);
        Answers { guard, names, outbound, room: Arc::new(Semaphore::new(AT_ONCE_MAX)) }
    }

    /// Answers questions until `stop` ends.
    pub(super) async fn run(self, mut questions: mpsc::Receiver<Question>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return,
                question = questions.recv() => match question {
                    Some(Question::Name(ip)) => self.name(ip).await,
                    Some(Question::Keys(origin)) => self.keys(origin).await,
                    None => return,
                },
            }
        }
    }

    /// Fetches the keys of `origin` beside everything else. A failure leaves the keys that are held.
    async fn keys(&self, origin: String) {
        let (Some(outbound), Some(agent)) = (self.outbound.clone(), AgentUrl::of_identity(&origin)) else {
            return;
        };
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else { return };
        let guard = Arc::clone(&self.guard);
        tokio::spawn(async move {
            if let Ok(fetched) = keys::fetch(&outbound, &agent).await {
                guard.keys_answer(&origin, fetched.directory.keys().to_vec(), after(fetched.age));
            }
            drop(permit);
        });
    }

    /// Asks for the name of `ip` beside everything else.
    async fn name(&self, ip: ClientIp) {
        let Some(names) = self.names.clone() else { return };
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else { return };
        let guard = Arc::clone(&self.guard);
        tokio::spawn(async move {
            let answer = names.confirmed_name(ip.addr()).await;
            match answer {
                NameAnswer::Confirmed { name, ttl } => guard.name_answer(ip, Some(name.into()), after(ttl)),
                NameAnswer::Denied { ttl } => guard.name_answer(ip, None, after(ttl)),
                NameAnswer::Unknown => guard.names.forget_question(ip),
            }
            drop(permit);
        });
    }
}

/// So long from now.
fn after(span: Duration) -> Timestamp {
    shell::now().plus_millis(i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 2_000))
}

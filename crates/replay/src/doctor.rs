//! What is wrong with a log itself, so that nobody judges people by a proxy's address.

use std::collections::HashMap;

use palisade_domain::{ClientIp, RequestFacts};

/// Addresses counted while looking for one that hides all others.
const ADDRESSES_MAX: usize = 10_000;

/// Requests before a judgement.
const REQUESTS_MIN: u64 = 200;

/// Looks at every request of a log and says what its operator should know.
#[derive(Debug, Default)]
pub struct Doctor {
    requests: u64,
    addresses: HashMap<ClientIp, u64>,
    opaque: u64,
    private: u64,
    without_agent_column: u64,
    targets_unseen: u64,
}

impl Doctor {
    /// Looks at one request.
    pub fn look(&mut self, facts: &RequestFacts<'_>) {
        self.requests += 1;
        match facts.client.ip() {
            Some(ip) => {
                self.private += u64::from(ip.is_private());
                if self.addresses.len() < ADDRESSES_MAX || self.addresses.contains_key(&ip) {
                    *self.addresses.entry(ip).or_default() += 1;
                }
            }
            None => self.opaque += 1,
        }
        self.without_agent_column += u64::from(!facts.user_agent.is_seen());
        self.targets_unseen += u64::from(!facts.target.is_seen());
    }

    /// Findings in words, most important first.
    pub fn notes(&self) -> Vec<String> {
        self.notes_showing(|address| address.to_string())
    }

    /// The same, naming nobody's address.
    pub fn notes_anonymous(&self) -> Vec<String> {
        self.notes_showing(|_| "one address".to_owned())
    }

    fn notes_showing(&self, show: impl Fn(ClientIp) -> String) -> Vec<String> {
        if self.requests == 0 {
            return vec!["No request was found: is this an access log?".to_owned()];
        }
        [self.hidden_clients(show), self.no_agents(), self.names_only()].into_iter().flatten().collect()
    }

    fn hidden_clients(&self, show: impl Fn(ClientIp) -> String) -> Option<String> {
        let (&address, &most) = self.addresses.iter().max_by_key(|(ip, count)| (**count, **ip))?;
        if self.requests < REQUESTS_MIN {
            return None;
        }
        let all_private = self.private == self.requests;
        if most * 100 >= self.requests * 95 || (all_private && self.addresses.len() <= 4) {
            return Some(format!(
                "Your proxy hides your clients: {} % of all requests come from {}. Log the client's own \
                 address instead (nginx: set_real_ip_from and real_ip_header; Apache: mod_remoteip; Caddy: \
                 trusted_proxies) before you act on anything here.",
                most * 100 / self.requests,
                show(address)
            ));
        }
        all_private.then(|| {
            "All clients have private addresses. That is right for an internal site; otherwise a proxy hides them."
                .to_owned()
        })
    }

    fn no_agents(&self) -> Option<String> {
        (self.without_agent_column * 2 > self.requests).then(|| {
            "The log has no user agents: programs cannot be named and much stays unseen. Use the combined format."
                .to_owned()
        })
    }

    fn names_only(&self) -> Option<String> {
        (self.opaque == self.requests).then(|| {
            "Clients are names, not addresses: crawlers cannot be verified and networks not be seen."
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_domain::{ClientKey, Fact, Timestamp, Vantage};

    fn notes(clients: impl Iterator<Item = u32>, agent: Fact<&str>) -> Vec<String> {
        let mut doctor = Doctor::default();
        for client in clients {
            let ip = ClientIp::new(std::net::IpAddr::V4(client.into()));
            let mut facts = RequestFacts::bare(ClientKey::Ip(ip), Timestamp::default(), Vantage::Log);
            facts.user_agent = agent;
            doctor.look(&facts);
        }
        doctor.notes()
    }

    #[test]
    fn one_address_everywhere_is_a_proxy() {
        let found = notes((0..500).map(|_| 0xc000_0201), Fact::Known("x"));
        assert!(found[0].starts_with("Your proxy hides your clients: 100 %"), "{found:?}");
        assert!(found[0].contains("192.0.2.1"), "{found:?}");
    }

    #[test]
    fn a_healthy_log_is_left_alone() {
        assert!(notes((0..500).map(|n| 0x0800_0000 + n % 90), Fact::Known("x")).is_empty());
    }

    #[test]
    fn missing_agents_are_named_and_an_empty_log_too() {
        assert!(notes((0..500).map(|n| 0x0800_0000 + n), Fact::Unseen)[0].contains("no user agents"));
        assert!(notes([].into_iter(), Fact::Unseen)[0].contains("No request"));
    }
}

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::work::WorkKind;

fn secrets() -> Secrets {
    Secrets::derive(&[1; 32])
}

fn ticket() -> Ticket {
    Ticket {
        tenant: TenantId(3),
        site: SiteId(4),
        id: 0xfeed,
        issued: Timestamp::from_millis(1_000_000_500),
        expires: Timestamp::from_millis(1_000_600_500),
        purpose: Purpose::Pass,
        work: Some(WorkParams::HASH),
        tries: 1,
        score: 77,
        bindings: Bindings { network: Some(10), agent: None, stack: Some(30) },
    }
}

#[test]
fn a_ticket_is_redeemed_where_and_for_what_it_was_issued() {
    let ticket = Ticket::read(&ticket().text(&secrets()), &secrets()).unwrap();
    assert_eq!(ticket, self::ticket());
    let now = ticket.issued;
    let check = |tenant, site, purpose| ticket.check(TenantId(tenant), SiteId(site), purpose, now);
    assert_eq!(check(3, 4, Purpose::Pass), Ok(()));
    assert_eq!(check(4, 4, Purpose::Pass), Err(Code::ForeignTicket));
    assert_eq!(check(3, 3, Purpose::Pass), Err(Code::ForeignTicket));
    assert_eq!(check(3, 4, Purpose::Widget), Err(Code::ForeignTicket));
    assert_eq!(check(3, 4, Purpose::Check), Err(Code::ForeignTicket));
}

#[test]
fn a_ticket_has_a_beginning_and_an_end() {
    let ticket = ticket();
    let at = |now: Timestamp| ticket.check(ticket.tenant, ticket.site, ticket.purpose, now);
    assert_eq!(at(ticket.issued.plus_millis(-CLOCK_SKEW_MS)), Ok(()), "clocks differ by as much");
    assert_eq!(at(ticket.issued.plus_millis(-CLOCK_SKEW_MS - 1)), Err(Code::TicketFromTheFuture));
    assert_eq!(at(ticket.issued.plus_millis(-600_000)), Err(Code::TicketFromTheFuture), "ten minutes off");
    assert_eq!(at(ticket.expires.plus_millis(-1)), Ok(()));
    assert_eq!(at(ticket.expires), Err(Code::ExpiredTicket));
    assert_eq!(at(Timestamp(i64::MAX)), Err(Code::ExpiredTicket));
    assert_eq!(at(Timestamp(i64::MIN)), Err(Code::TicketFromTheFuture));
}

#[test]
fn changed_cut_or_spliced_it_is_no_ticket() {
    let text = ticket().text(&secrets());
    let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    let refused =
        |bytes: &[u8]| Ticket::read(&URL_SAFE_NO_PAD.encode(bytes), &secrets()) == Err(Code::InvalidTicket);
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(refused(&changed), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(refused(&bytes[..len]), "{len} bytes");
    }
    for len in 0..text.len() {
        assert_eq!(Ticket::read(&text[..len], &secrets()), Err(Code::InvalidTicket), "{len} characters");
    }
    let other = Ticket { id: 0xbeef, work: None, ..ticket() }.text(&secrets());
    let other = URL_SAFE_NO_PAD.decode(other).unwrap();
    for at in 1..other.len() {
        let spliced = [&bytes[..at], &other[at..]].concat();
        assert!(spliced == other || refused(&spliced), "{at}");
    }
}

#[test]
fn a_right_mac_over_wrong_fields_is_no_ticket() {
    let secrets = secrets();
    let whole = URL_SAFE_NO_PAD.decode(ticket().text(&secrets)).unwrap();
    let mut reader = Reader(&whole[..whole.len() - crate::canonical::MAC_BYTES]);
    let list: Vec<&[u8]> = std::iter::from_fn(|| reader.take()).collect();
    let of = |list: &[&[u8]]| {
        let mut fields = Fields::default();
        for field in list {
            fields.put(field);
        }
        Ticket::read(&fields.signed(&secrets.ticket, PURPOSE), &secrets)
    };
    assert_eq!(of(&list), Ok(ticket()));
    assert_eq!(of(&[&list[..], &[b""]].concat()), Err(Code::InvalidTicket));
    for at in 0..list.len() {
        assert_eq!(
            of(&[&list[..at], &list[at + 1..]].concat()),
            Err(Code::InvalidTicket),
            "without field {at}"
        );
        for odd in [&[0u8][..], &[0, 1, 0], &[255; 40]] {
            let mut changed = list.clone();
            changed[at] = odd;
            assert_eq!(of(&changed), Err(Code::InvalidTicket), "field {at}: {odd:?}");
        }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        (tenant, site, id) in any::<(u32, u32, u128)>(),
        (issued, life) in (0i64..1 << 48, 0i64..1 << 48),
        purpose in prop::sample::select(&Purpose::ALL[..]),
        work in prop::option::of((any::<bool>(), 1u8..=64, 4u8..=24)),
        (tries, score) in any::<(u8, u8)>(),
        (network, agent, stack) in any::<(Option<u64>, Option<u16>, Option<u32>)>(),
    ) {
        let kind = |hash| if hash { WorkKind::Hash } else { WorkKind::Memory };
        let ticket = Ticket {
            tenant: TenantId(tenant),
            site: SiteId(site),
            id,
            issued: Timestamp::from_millis(issued),
            expires: Timestamp::from_millis(issued + life),
            purpose,
            work: work.map(|(hash, puzzles, range_log2)| WorkParams { kind: kind(hash), puzzles, range_log2 }),
            tries,
            score,
            bindings: Bindings { network, agent, stack },
        };
        let text = ticket.text(&secrets());
        prop_assert!(text.len() <= 200, "a ticket of {} bytes", text.len());
        prop_assert_eq!(Ticket::read(&text, &secrets()), Ok(ticket));
        prop_assert_eq!(Ticket::read(&text, &Secrets::derive(&[2; 32])), Err(Code::InvalidTicket));
    }

    #[test]
    fn any_text_is_no_ticket(text in "\\PC{0,300}") {
        prop_assert_eq!(Ticket::read(&text, &secrets()), Err(Code::InvalidTicket));
    }
}

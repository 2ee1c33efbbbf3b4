//! A request as routes and parameters: what is between `&` and `=`, decoded once.

use palisade_detect::route;
use palisade_domain::request::split_target;

/// Parameters of a request that are looked at.
pub const PARAMETERS_MAX: usize = 128;

/// Bytes of a value that are looked at.
pub const VALUE_BYTES_MAX: usize = 2_048;

/// Bytes of a name that tell it from another.
const NAME_BYTES_MAX: usize = 64;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// Its name, decoded, cut to 64 bytes.
    pub name: Vec<u8>,
    /// Its value, decoded, cut to [`VALUE_BYTES_MAX`].
    pub value: Vec<u8>,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The template of its path.
    pub(super) route: u32,
    /// Those of the query, then those of the body; at most [`PARAMETERS_MAX`].
    pub(super) parameters: Vec<Parameter>,
}

impl Request {
    /// Of a target (path and query) and the body of a form, which may be empty. Any bytes are fine; what is beyond the bounds is not
    /// looked at.
    pub fn of(target: &str, form: &[u8]) -> Request {
        let (path, query) = split_target(target);
        let pairs = query.unwrap_or("").as_bytes().split(is_divider).chain(form.split(is_divider));
        let parameters =
            pairs.filter(|pair| !pair.is_empty()).take(PARAMETERS_MAX).map(Parameter::of).collect();
        Request { route: route::template(path).0, parameters }
    }

    /// A number for its contents: equal requests have equal ones (FNV-1a, 64 bits).
    pub fn digest(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut push = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.route.to_be_bytes().into_iter().for_each(&mut push);
        for parameter in &self.parameters {
            // Lengths before texts: no two lists of texts are the same then.
            for text in [&parameter.name, &parameter.value] {
                (text.len() as u32).to_be_bytes().iter().chain(text).for_each(|byte| push(*byte));
            }
        }
        hash ^ hash >> 32
    }

    /// Its parameters, in their order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

impl Parameter {
    fn of(pair: &[u8]) -> Parameter {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        Parameter { name: decoded(name, NAME_BYTES_MAX), value: decoded(value, VALUE_BYTES_MAX) }
    }
}

fn is_divider(byte: &u8) -> bool {
    *byte == b'&'
}

/// Percent signs and plus signs taken away, once; what is no such code stays as it is.
fn decoded(text: &[u8], bytes_max: usize) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| (*byte as char).to_digit(16));
    let mut out = Vec::with_capacity(text.len().min(bytes_max));
    let mut at = 0;
    while at < text.len() && out.len() < bytes_max {
        let code = if text[at] == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        match (code, text[at]) {
            (Some((high, low)), _) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (None, b'+') => out.push(b' '),
            (None, byte) => out.push(byte),
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(target: &str, form: &str) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let request = Request::of(target, form.as_bytes());
        request.parameters().iter().map(|one| (text(&one.name), text(&one.value))).collect()
    }

    #[test]
    fn query_and_form_are_taken_apart() {
        let expect = [("a", "1 2"), ("b", "x=y"), ("c", ""), ("d", "ä&")];
        let found = pairs("/p?a=1+2&b=x=y&&c", "d=%c3%A4%26");
        assert_eq!(found, expect.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(pairs("/p", ""), []);
        assert_eq!(pairs("/p?a=%zz%4", ""), [("a".to_owned(), "%zz%4".to_owned())]);
    }

    #[test]
    fn equal_requests_have_equal_digests_and_others_others() {
        let of = |target: &str| Request::of(target, b"").digest();
        assert_eq!(of("/shop/1?a=b%20c"), of("/shop/22?a=b+c"), "one template, one value");
        assert_ne!(of("/shop/1?a=bc"), of("/shop/1?ab=c"));
        assert_ne!(of("/shop?a=b"), of("/cart?a=b"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_bounds(target in ".{0,300}", form: Vec<u8>) {
            let request = Request::of(&target, &form);
            prop_assert!(request.parameters().len() <= PARAMETERS_MAX);
            prop_assert_eq!(request.digest(), Request::of(&target, &form).digest());
        }

        #[test]
        fn what_is_encoded_is_decoded(value in prop::collection::vec(any::<u8>(), 0..60)) {
            let encoded: String = value.iter().map(|byte| format!("%{byte:02X}")).collect();
            let request = Request::of(&format!("/x?v={encoded}"), b"");
            prop_assert_eq!(&request.parameters()[0].value, &value);
        }
    }

    #[test]
    fn huge_requests_are_cut() {
        let many = "a=1&".repeat(1_000);
        assert_eq!(Request::of("/x", many.as_bytes()).parameters().len(), PARAMETERS_MAX);
        let long = format!("{}={}", "n".repeat(500), "v".repeat(10_000));
        let request = Request::of("/x", long.as_bytes());
        let one = &request.parameters()[0];
        assert_eq!((one.name.len(), one.value.len()), (64, VALUE_BYTES_MAX));
    }
}
